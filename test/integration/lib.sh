# Sourced by each integration test: a whole daemon on the live kernel, in a directory of its own.
# TAP on standard output; the daemon's log of a failed test on standard error.
# shellcheck shell=bash
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${WD_BIN:-$top/build}
dir=$(mktemp -d /dev/shm/watchdogd-test.XXXXXX)
log=$dir/log
conf=$dir/conf
daemon=
tests=0 failures=0
cgroups=()

cleanup() {
	local job
	# A subshell that is killed before it has let go of our trap runs it too.
	[ "$BASHPID" = $$ ] || return
	stop_daemon >/dev/null 2>&1
	for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null; done
	local cg
	for cg in "${cgroups[@]}"; do
		cgroup_empty "$cg"
		rmdir "/sys/fs/cgroup/memory$cg" "/sys/fs/cgroup/unified$cg" "/sys/fs/cgroup/freezer$cg" "/sys/fs/cgroup$cg" 2>/dev/null
	done
	[ "$failures" -eq 0 ] || tail -n 60 "$log"* >&2
	rm -rf "$dir"
}
trap cleanup EXIT

# ok STATUS SENTENCE
ok() {
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $2"
	fi
}

# check SENTENCE COMMAND...: the command succeeds.
check() {
	local sentence=$1
	shift
	"$@" >/dev/null 2>>"$dir/stderr"
	ok $? "$sentence"
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

plan_end() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local until=$(($(date +%s%N) + $1 * 1000000000))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$until" ] || return 1
		sleep 0.05
	done
}

logged() { # REGEX [FILE]: a line of the log
	grep -qE -- "$1" "${2:-$log}"
}

count_logged() {
	grep -cE -- "$1" "$log"
}

# Let time pass without a fork of ours: each is an event that the sentinel is told of.
pause() { # SECONDS
	[ -p "$dir/never" ] || mkfifo "$dir/never"
	read -rt "$1" _ <>"$dir/never"
	return 0
}

# read_key FILE KEY: the number behind it in $value, without a fork.
# shellcheck disable=SC2034 # who sources this reads it
read_key() {
	local key rest
	value=0
	while read -r key value rest; do [ "$key" = "$2" ] && return; done <"$1"
	return 1
}

# write_conf < the rules and units: [watchdogd] goes before.
write_conf() {
	{
		printf '[watchdogd]\nstate = %s/state\ncontrol = %s/run/control\n\n' "$dir" "$dir"
		cat
	} >"$conf"
}

# start_daemon [OPTION...]: with $conf; ready when it says so.
start_daemon() {
	"$bin/watchdogd" -c "$conf" "$@" >/dev/null 2>>"$log" &
	daemon=$!
	wait_for 10 logged 'watching: '
}

# stop_daemon: its exit status.
stop_daemon() {
	[ -n "$daemon" ] || return 0
	kill -TERM "$daemon" 2>/dev/null
	# No child of the guard's: one that outlived it would end in another test's quiet time.
	(trap - EXIT; pause 20; kill -KILL "$daemon") >/dev/null 2>&1 &
	local guard=$!
	wait "$daemon"
	local status=$?
	kill "$guard" 2>/dev/null
	daemon=
	return $status
}

ctl() {
	"$bin/watchdogctl" -s "$dir/run/control" "$@"
}

child_pid() { # NAME: the pid of a child of the daemon
	ps -o pid= -o comm= --ppid "$daemon" | awk -v n="$1" '$2 == n {print $1}'
}

# A cgroup for a unit, in every hierarchy that this host has.
make_cgroup() { # PATH
	local h
	cgroups+=("$1")
	for h in /sys/fs/cgroup/memory /sys/fs/cgroup/unified /sys/fs/cgroup/freezer; do
		[ -d "$h" ] && mkdir -p "$h$1"
	done
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || mkdir -p "/sys/fs/cgroup$1"
	return 0
}

cgroup_empty() {
	local h p
	for h in /sys/fs/cgroup/memory /sys/fs/cgroup/unified /sys/fs/cgroup; do
		echo THAWED >"/sys/fs/cgroup/freezer$1/freezer.state" 2>/dev/null
		echo 0 >"$h$1/cgroup.freeze" 2>/dev/null
		while read -r p; do kill -KILL "$p" 2>/dev/null; done <"$h$1/cgroup.procs"
	done 2>/dev/null
	sleep 0.2
}

# in_cgroup PATH COMMAND...: run it there (exec; call it with &).
in_cgroup() {
	local cg=$1 h
	shift
	for h in /sys/fs/cgroup/memory /sys/fs/cgroup/unified /sys/fs/cgroup/freezer /sys/fs/cgroup; do
		[ -d "$h$cg" ] && echo "$BASHPID" >"$h$cg/cgroup.procs" 2>/dev/null
	done
	exec "$@" >/dev/null 2>&1
}

limit_cgroup() { # PATH BYTES
	echo "$2" >"/sys/fs/cgroup/memory$1/memory.limit_in_bytes" 2>/dev/null ||
		echo "$2" >"/sys/fs/cgroup$1/memory.max"
}

# A program that holds MiB of memory for an hour, and dies of SIGTERM (or not: "deaf").
hog=$top/build/test/hog
make_hog() {
	[ -x "$hog" ] && [ "$hog" -nt "$top/test/integration/hog.c" ] && return
	mkdir -p "$top/build/test"
	${CC:-gcc} -O1 -Wall -o "$hog" "$top/test/integration/hog.c"
}
