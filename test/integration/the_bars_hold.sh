#!/bin/bash
# Sizes of all processes on the example config, and what a quiet time costs: resident, locked, no page
# fault, the same descriptors; and over an incident no page that is not there yet.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
quiet=${QUIET_SECONDS:-20}
sed "s,^state .*,state = $dir/state,; s,^control .*,control = $dir/run/control," "$top/conf/claudir.conf" >"$conf"

kb() { awk -v k="$2:" '$1 == k {print $2}' "/proc/$1/$3"; } # PID KEY FILE
# The fields of /proc/PID/stat after the name: minflt is the 8th of them, majflt the 10th.
fault() { sed 's/.*) //' "/proc/$sentinel/stat" | awk -v f="$1" '{print $(f == "minor" ? 8 : 10)}'; }
fds() { find "/proc/$1/fd" -type l | wc -l; }

start_daemon
ok $? "the daemon starts with the example config"
sleep 3
sentinel=$(child_pid wd-sentinel)
rss=$(kb "$sentinel" VmRSS status) anon=$(kb "$sentinel" RssAnon status) locked=$(kb "$sentinel" VmLck status)
ok $((rss > 2048)) "VmRSS at most 2048 kB ($rss)"
ok $((anon > 400)) "RssAnon at most 400 kB ($anon)"
if [ "$(id -u)" = 0 ]; then
	ok $((locked <= 0)) "memory is locked ($locked kB)"
else
	skip "memory is locked" "not root"
fi
# Of all processes, in $pss.
sum_pss() {
	local p one
	pss=0
	for p in $daemon $(ps -o pid= --ppid "$daemon"); do
		one=$(kb "$p" Pss smaps_rollup)
		echo "# $(cat "/proc/$p/comm"): PSS $one kB"
		pss=$((pss + one))
	done
}
sum_pss
ok $((pss > 16384)) "PSS of all processes, messenger and scribe included, at most 16384 kB ($pss)"

# A host that others work on is not always quiet: when it stalled or something was killed, or processes of
# others ended (each end is an event, and nothing counts them), once more. What wakes it by itself does so each time.
host_moves() { awk '/^some/ {print $NF}' /proc/pressure/memory; awk '$1 == "oom_kill" {print $2}' /proc/vmstat; }
pause 1
for _ in 1 2 3; do
	before=$(fault minor) major=$(fault major) open=$(fds "$sentinel") moves=$(host_moves)
	pause 2 # the forks of these lines
	read_key /proc/stat processes
	forks=$value
	read_key "/proc/$sentinel/status" voluntary_ctxt_switches:
	woken=$value
	pause "$quiet"
	read_key "/proc/$sentinel/status" voluntary_ctxt_switches:
	woken=$((value - woken))
	read_key /proc/stat processes
	forks=$((value - forks))
	[ "$moves" != "$(host_moves)" ] || [ $((woken > quiet + 2 + 3 * forks)) -eq 1 ] || break
done
if [ "$moves" = "$(host_moves)" ]; then
	# A process of another's is a fork, an exec and an exit.
	ok $((woken > quiet + 2 + 3 * forks)) "at most one wake-up a second ($woken in $quiet s; others forked $forks times)"
	ok $((woken > 10 * quiet)) "and not many, however much others fork"
else
	skip "at most one wake-up a second ($woken in $quiet s)" "the host was not quiet"
fi
ok $(($(fault minor) - before > 0)) "no page fault in a quiet time ($(($(fault minor) - before)))"
ok $(($(fds "$sentinel") != open)) "as many descriptors as before ($open)"
ok $((open > 200)) "and not many"
ok $(($(fault major) - major > 0)) "and none from a disk"
stop_daemon
ok $? "it ends"

# An incident: all paths of the sentinel, on pages that were there before.
make_hog
make_cgroup /wdt-bars
write_conf <<CONF
[unit xtts]
cgroup = /wdt-bars
stop-timeout = 1s

[rule big]
when = xtts.anon > 40M
then = alert warning
       freeze xtts
       thaw xtts
       stop xtts

[channel hook]
plugin = exec
command = /bin/true
CONF
: >"$log"
in_cgroup /wdt-bars "$hog" 1 &
start_daemon
sentinel=$(child_pid wd-sentinel)
sleep 3
sum_pss
ok $((pss > 6144)) "and at most 6144 kB without a messenger ($pss)"
before=$(fault minor) major=$(fault major)
in_cgroup /wdt-bars "$hog" 60 deaf &
check "the incident: a unit is stopped" wait_for 30 logged 'unit=xtts stopped xtts'
sleep 1
after=$(fault minor)
ok $((after - before > 8)) "at most 8 pages are touched late ($((after - before)))"
ok $(($(fault major) - major > 0)) "and none is read from a disk"
plan_end
