#!/bin/bash
# What is protected, what no unit names, watchdogd itself and PID 1 live on, whatever the rules say.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
for name in own kept small outside; do make_cgroup "/wdt-$name"; done
in_cgroup /wdt-kept "$hog" 60 &
kept=$!
in_cgroup /wdt-small "$hog" 20 &
small=$!
in_cgroup /wdt-outside "$hog" 80 &
outside=$!
sleep 0.5
write_conf <<CONF
[unit kept]
cgroup = /wdt-kept
group = all
protect = yes
start = /bin/true

[unit small]
cgroup = /wdt-small
group = all

[unit own]
cgroup = /wdt-own

[rule shed]
when = kept.anon > 40M
then = kill kept
       signal kept HUP
       freeze kept
       restart kept
       stop largest of all
       stop largest of all

[rule self]
when = own.anon > 60M
then = freeze own
       signal own TERM
       kill own
CONF
# shellcheck disable=SC2317 # check and wait_for call them
gone() { ! kill -0 "$1" 2>/dev/null; }
# shellcheck disable=SC2317
all_there() { # PID...
	local pid
	for pid in "$@"; do kill -0 "$pid" || return 1; done
}
start_daemon
ok $? "the daemon starts"
check "the largest that may be stopped is stopped" wait_for 15 gone "$small"
check "and all that is left is said to be protected" wait_for 15 logged 'rule=shed .*stop largest of all skipped: .*kept is protected'
for verb in kill signal freeze restart; do
	check "no $verb of what is protected" logged "$verb kept skipped: it is protected"
done
check "what is protected lives, and what no unit names" all_there "$kept" "$outside"

# In a unit of its own, with one that is to go.
ours="$daemon $(ps -o pid= --ppid "$daemon" | xargs)"
for pid in $ours; do
	for h in /sys/fs/cgroup/memory /sys/fs/cgroup/unified /sys/fs/cgroup/freezer /sys/fs/cgroup; do
		[ ! -d "$h/wdt-own" ] || echo "$pid" >"$h/wdt-own/cgroup.procs" 2>/dev/null
	done
done
in_cgroup /wdt-own "$hog" 80 deaf &
hog_pid=$!
check "what shares a cgroup with watchdogd is killed" wait_for 20 gone "$hog_pid"
# shellcheck disable=SC2086 # a list
check "watchdogd is not, nor one of its processes" all_there $ours
check "it was not frozen either, and looks on" ctl status
check "that its own cgroup was not frozen is said" logged 'rule=self unit=own freeze not done'
stop_daemon
ok $? "it ends with status 0"

# PID 1 of a namespace, which does not ignore what it is sent.
cat >"$dir/init.sh" <<INIT
trap 'echo hit >>"$dir/hit"' HUP TERM
"$dir/wdtinit" -c 'echo \$\$ >"$dir/victim"; while :; do sleep 1; done' &
victim=\$!
"$bin/watchdogd" -c "$conf" >/dev/null 2>>"$dir/log-init" &
daemon=\$!
while kill -0 \$victim 2>/dev/null; do sleep 0.1; done
sleep 1
kill -0 \$daemon && "$bin/watchdogctl" -s "$dir/run/control" status >"$dir/status" 2>&1 && echo lives >"$dir/lives"
INIT
write_conf <<CONF
[unit init]
match = wdtinit

[rule all]
when = init.anon > 100K
then = signal init HUP
       kill init
settle = 0s
CONF
cp "$(command -v bash)" "$dir/wdtinit"
rm -rf "$dir/run"
if unshare -pf --mount-proc true 2>/dev/null; then
	unshare -pf --mount-proc "$dir/wdtinit" "$dir/init.sh" 2>"$dir/init-err" &
	check "in a namespace, a process of PID 1's name is killed, and watchdogd lives" wait_for 25 test -s "$dir/lives"
	ok "$([ ! -e "$dir/hit" ]; echo $?)" "PID 1 got no signal"
	check "the rule acted all the same" logged 'SIGHUP to [1-9]' "$dir/log-init"
else
	skip "PID 1 of a namespace" "no right to make a namespace"
fi
plan_end
