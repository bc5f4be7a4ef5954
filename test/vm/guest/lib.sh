# What scenarios are made of. Sourced in the guest. Each process that is started costs 10 to 50 ms here, more when
# memory is short: the shell's own words are used where they will do.
# shellcheck shell=sh

results=/opt/vm/results
slice=/sys/fs/cgroup/bots.slice

uptime_s() { read -r now_s rest_of_line </proc/uptime; : "$rest_of_line"; echo "${now_s%%.*}"; }
say() { echo "RESULT at=$(uptime_s) $*"; }

# One line of what was seen, for the checker on the host.
fact() { echo "$1=$2" >>$results/facts; echo "RESULT $1=$2"; }

# wait_until SECONDS COMMAND...: true as soon as the command is, false when the time is over.
wait_until() {
	deadline_s=$(($(uptime_s) + $1)); shift
	until "$@"; do
		[ "$(uptime_s)" -lt "$deadline_s" ] || return 1
		sleep 0.5
	done
}

exists() { [ -e "$1" ]; }

# The pid of a unit's claude, 0 when it has none.
claude_of() {
	while read -r pid; do
		read -r comm <"/proc/$pid/comm" || continue
		[ "$comm" = claude ] && { echo "$pid"; return; }
	done 2>/dev/null <"$slice/$1.service/cgroup.procs"
	echo 0
}

vmstat_of() { while read -r key value; do [ "$key" = "$1" ] && echo "$value"; done </proc/vmstat; }
unit_property() { systemctl show -P "$2" "$1"; }

start_swap() { [ ! -b /dev/vdd ] || swapon /dev/vdd; }
start_sampler() { systemctl start sampler; }

start_loads() {
	systemctl start nodira mirzo xtts_server
	for name in nodira mirzo xtts; do
		wait_until 120 exists /run/vm/$name.full || say "load $name did not fill"
	done
	say "loads have filled"
}

# Without a daemon (the baseline) there is none to start.
start_daemon() {
	[ -x /opt/watchdogd/watchdogd ] || return 0
	while read -r key value unit_kb; do
		[ "$key" = MemTotal: ] && fact memtotal_kb "$value"
	done </proc/meminfo
	: "$unit_kb"
	systemctl start watchdogd && fact daemon_started 1
	say "daemon: $(systemctl is-active watchdogd)"
}

# What is true of each unit; once before and once after.
note_units() {
	for bot in nodira mirzo; do
		fact "${bot}_claude_$1" "$(claude_of $bot)"
		fact "${bot}_state_$1" "$(unit_property $bot ActiveState)"
		fact "${bot}_invocation_$1" "$(unit_property $bot InvocationID)"
	done
	fact "xtts_state_$1" "$(systemctl is-active xtts_server)"
	fact "kernel_kills_$1" "$(vmstat_of oom_kill)"
	fact "uptime_$1" "$(uptime_s)"
}

# ramp_begins NAME: of the load that goes by this name.
ramp_begins() { : >"/run/vm/$1.ramp"; say "ramp of $1 begins"; }

# load_eases NAME: of the load that has climbed.
load_eases() { : >"/run/vm/$1.ease"; say "load of $1 eases"; }

# The ramp is over when its top is reached or when its climber is gone.
ramp_is_over() { [ -e /run/vm/mirzo.peak ] || [ "$(claude_of mirzo)" != "$1" ]; }

# The course of the incident: the loads fill, the daemon watches (where there is one), mirzo climbs to its peak or dies on
# the way; then there is time to act.
let_mirzo_climb() {
	start_swap
	start_sampler
	start_loads
	start_daemon
	sleep 3
	note_units before
	climber=$(claude_of mirzo)
	ramp_begins mirzo
	wait_until 300 ramp_is_over "$climber"
	say "ramp over"
	sleep "$LINGER"
	note_units after
}

# The loads end first, at once: with memory short nothing else could be written.
end_loads() {
	[ ! -e $slice/cgroup.kill ] || echo 1 >$slice/cgroup.kill
	systemctl stop nodira mirzo xtts_server leak limited 2>/dev/null
}

collect() {
	# Of a daemon that never started nothing is noted: each check of it then fails.
	if grep -q '^daemon_started=' $results/facts; then
		fact daemon_state "$(systemctl is-active watchdogd)"
		fact daemon_restarts "$(unit_property watchdogd NRestarts)"
		systemctl stop watchdogd
		fact daemon_result "$(unit_property watchdogd Result)"
	fi
	systemctl kill -s USR1 sampler
	end_loads
	systemctl stop sampler
	journalctl -q -o short-monotonic >$results/journal
	# Its own lines only, not what systemd says about it.
	journalctl -q -o cat _SYSTEMD_UNIT=watchdogd.service >$results/watchdogd.log
	dmesg >$results/dmesg
	tar -C $results -cf /dev/vdc .
}
