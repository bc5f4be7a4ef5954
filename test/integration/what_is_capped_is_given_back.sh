#!/bin/bash
# cap, reclaim and snapshot by whole daemons over a made-up cgroup v2: what is asked is written there, and what was before
# is written back, over a kill -9, at a reload and at the end.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
root=$dir/root
box=$root/sys/fs/cgroup/box
mkdir -p "$root/proc/pressure" "$root/proc/sys/kernel/random" "$root/proc/7" "$box"
echo 11111111-2222-3333-4444-555555555555 >"$root/proc/sys/kernel/random/boot_id"
echo "cpuset cpu io memory pids" >"$root/sys/fs/cgroup/cgroup.controllers"
echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=0
full avg10=0.00 avg60=0.00 avg300=0.00 total=0" >"$root/proc/pressure/memory"
meminfo() { # AVAILABLE_KB
	printf 'MemTotal:        8000000 kB\nMemAvailable:   %8d kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n' "$1" >"$root/proc/meminfo"
}
echo 2000000000 >"$box/memory.current"
printf 'anon 100000000\nfile 1900000000\nshmem 0\n' >"$box/memory.stat"
printf 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n' >"$box/memory.events"
printf 'populated 1\nfrozen 0\n' >"$box/cgroup.events"
echo 424242 >"$box/cgroup.procs"
echo max >"$box/memory.max"
: >"$box/memory.reclaim"
# A process for the snapshot, which hides a line in its name.
echo "100 5000 0 0 0 0 0" >"$root/proc/7/statm"
printf '7 (cl\naude) S 1 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 3 0 777 1 5000\n' >"$root/proc/7/stat"
printf 'Name:\tcl\\naude\nState:\tS (sleeping)\nPid:\t7\nPPid:\t1\nUid:\t1000\t1000\t1000\t1000\nVmRSS:\t20000 kB\nRssAnon:\t19000 kB\nThreads:\t3\n' >"$root/proc/7/status"

high_is() { [ "$(head -n 1 "$box/memory.high")" = "$1" ]; }
begin() { # OPTION...: a daemon of which nothing was known before, and memory gets short
	echo max >"$box/memory.high"
	meminfo 4000000
	: >"$log"
	rm -rf "$dir/run"
	start_daemon --root "$root" "$@"
	meminfo 700000
}
units='[unit box]
cgroup = /box
'
rules='[rule critical]
when = host.available < 12%
settle = 500ms
then = snapshot
       alert critical
       cap box 1G
       reclaim box 40M'
write_conf <<<"$units$rules"

begin --dry-run
check "a dry run says that it would take a snapshot" wait_for 8 logged 'rule=critical dry run: would snapshot: host\.available'
check "and cap" wait_for 5 logged 'rule=critical unit=box dry run: would cap box 1G: host\.available'
check "and reclaim" wait_for 5 logged 'rule=critical unit=box dry run: would reclaim box 40M: host\.available'
check "and does neither" high_is max
stop_daemon

# Who is told: a channel's command runs as nobody.
chmod 755 "$dir"
mkdir -m 777 "$dir/got"
printf '#!/bin/sh\ncat >>%s/messages\n' "$dir/got" >"$dir/take"
chmod 755 "$dir/take"
write_conf <<<"$units$rules
[channel person]
plugin = exec
fold = 0s
command = $dir/take"
begin
check "memory.high is written" wait_for 8 high_is 1073741824
check "the cap is told as done" wait_for 8 logged 'rule=critical unit=box capped box at 1\.00 GiB in .*: memory\.high is 1\.00 GiB'
check "a process is written down" wait_for 5 logged 'info snapshot 1 of 1: Pid=7 PPid=1 Uid=1000 VmRSS=20000 kB RssAnon=19000 kB Threads=3 State=S \(sleeping\) Name=cl'
check "the snapshot is told in short" wait_for 5 logged 'rule=critical took a snapshot in .*: cl.*aude 7 20M'
check "to whoever got the alert too, in its thread" wait_for 8 grep -q '"text":"took a snapshot in [^"]*aude 7 20M.*"told":"result"' "$dir/got/messages"
check "memory.reclaim is written, the last bit of it last" wait_for 8 grep -qx 8388608 "$box/memory.reclaim"
check "what it gave is told" wait_for 5 logged 'rule=critical unit=box reclaimed from box in .*: it gave back 0 KiB of 40 MiB'
ctl status >"$dir/status"
check "status says at how much it is capped" grep -qx '    capped at 1\.0 GiB' "$dir/status"
ctl status --json >"$dir/json"
check "so does its JSON" grep -q '"mark":"capped","cap_bytes":1073741824' "$dir/json"
old=$(child_pid wd-sentinel)
is_new() { local pid; pid=$(child_pid wd-sentinel) && [ -n "$pid" ] && [ "$pid" != "$old" ] && ctl status | grep -q "sentinel $pid,"; }
kill -KILL "$old"
check "after a kill -9 the next sentinel watches" wait_for 8 is_new
check "the cap is left as it is" high_is 1073741824
stop_daemon
ok $? "it ends with status 0"
check "at SIGTERM what was before is back" high_is max
check "and that is said" logged 'unit=box uncapped: watchdogd lets go of it'

write_conf <<<"$units${rules/then =/clear = host.available > 20%
restore = host.available > 30% for 1s
then =}
[channel person]
plugin = exec
fold = 0s
command = $dir/take"
begin
check "with a \`restore\` it is capped" wait_for 8 logged 'unit=box capped box'
check "and status says why it is not given back" wait_for 5 sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -A1 '^box (capped' | grep -q 'rule critical fires'"
meminfo 4000000
check "when there is room it has what it had before" wait_for 15 high_is max
check "which is told" wait_for 5 logged 'rule=critical unit=box uncapped box, after .*: restore of critical: host\.available 50\.0 %'
check "as the end of the thread, after an all-clear that names no command" wait_for 8 grep -qE '"text":"resolved, after [^"]*; box is still capped at 1\.00 GiB\.".*"told":"resolved"' "$dir/got/messages"
check "to people too" wait_for 8 grep -q '"text":"uncapped box, after .*"told":"resolved"' "$dir/got/messages"
given() { ctl status | grep -q '^box .* -$' && ! ctl status | grep -q 'NOT GIVEN BACK'; }
check "and status knows of nothing that waits" wait_for 5 given
stop_daemon

write_conf <<<"$units$rules"
begin
check "it is capped anew" wait_for 8 high_is 1073741824
wait_for 8 logged 'unit=box capped box'
write_conf <<<"${rules%%then*}then = alert critical"
check "a config without the unit is taken" ctl reload
check "and the unit is uncapped" wait_for 8 high_is max
stop_daemon

sed -i 's/memory //' "$root/sys/fs/cgroup/cgroup.controllers"
rm "$box/memory.reclaim"
write_conf <<<"$units$rules"
begin
rm "$box/memory.high"
check "where the host has no such controller, that is said at the start" logged 'this host has no memory controller of cgroup v2, which "cap" needs'
check "and the step is skipped" wait_for 8 logged 'unit=box cap box 1G skipped: its cgroup has no memory\.high'
check "so is reclaim" wait_for 8 logged 'unit=box reclaim box 40M skipped: its cgroup has no memory\.reclaim'
sleep 1.5
check "once a firing" test "$(count_logged 'cap box 1G skipped')" -eq 1
stop_daemon
plan_end
