#!/bin/bash
# --root: the whole ladder over made-up files; nothing real is signalled, no bus is asked. --dry-run: nothing
# is done at all, and it is said.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
root=$dir/root
cg=$root/sys/fs/cgroup
mkdir -p "$root/proc/pressure" "$root/proc/sys/kernel/random" "$cg/system.slice/xtts.service" "$cg/system.slice/nodira.service"
echo 11111111-2222-3333-4444-555555555555 >"$root/proc/sys/kernel/random/boot_id"
echo "cpuset cpu io memory pids" >"$cg/cgroup.controllers"
echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=0
full avg10=0.00 avg60=0.00 avg300=0.00 total=0" >"$root/proc/pressure/memory"
meminfo() { # AVAILABLE_KB: written in place, as the kernel's file is one
	printf 'MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:   %8d kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n' "$1" >"$root/proc/meminfo"
}
unit() { # NAME ANON_BYTES PROCS
	local d=$cg/system.slice/$1.service
	echo "$2" >"$d/memory.current"
	echo max >"$d/memory.max"
	echo 0 >"$d/memory.swap.current"
	printf 'anon %s\nfile 0\nshmem 0\n' "$2" >"$d/memory.stat"
	printf 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n' >"$d/memory.events"
	printf 'populated %d\nfrozen 0\n' "$([ -n "$3" ] && echo 1 || echo 0)" >"$d/cgroup.events"
	echo "$3" >"$d/cgroup.procs"
	: >"$d/cgroup.kill"
	echo 0 >"$d/cgroup.freeze"
}
meminfo 4000000
unit xtts 2000000000 424242
unit nodira 3000000000 424243
write_conf <<CONF
[unit nodira]
systemd = nodira.service
priority = 20

[unit xtts]
systemd = xtts.service
priority = 1
stop-timeout = 1s

[rule tight]
when = host.used > 80% for 1s
clear = host.used < 75% for 1s
then = alert warning

[rule critical]
when = host.available < 12%
clear = host.available > 15% for 1s
settle = 1s
then = alert critical
       stop xtts
CONF
start_daemon --root "$root" --dry-run
ok $? "the daemon watches a made-up host"
meminfo 700000
check "the alert at 80 % of it" wait_for 8 logged 'warning rule=tight .*host\.used 91'
check "a dry run says what it would do" wait_for 5 logged 'rule=critical unit=xtts dry run: would stop xtts'
sleep 3
check "once a firing" test "$(count_logged 'would stop xtts')" -eq 1
check "and does nothing" test ! -s "$cg/system.slice/xtts.service/cgroup.kill"
stop_daemon
: >"$log"
rm -rf "$dir/run"
start_daemon --root "$root"
check "for real: after its stop-timeout cgroup.kill is written" wait_for 10 grep -q 1 "$cg/system.slice/xtts.service/cgroup.kill"
unit xtts 0 ""
meminfo 2500000
check "the unit is seen to be gone" wait_for 8 logged 'rule=critical unit=xtts stopped xtts'
check "the all-clear of the alert comes" wait_for 8 logged 'rule=tight .*resolved'
check "and names what is still stopped" wait_for 8 logged 'rule=critical .*resolved.*xtts is still stopped'
check "the other unit was not touched" test ! -s "$cg/system.slice/nodira.service/cgroup.kill"
ctl status --json >"$dir/json"
check "status --json is JSON" python3 -c "
import json
s = json.load(open('$dir/json'))
assert 'units' in json.dumps(s)"
ctl budget --json >"$dir/json"
check "a unit that was stopped has its peak in the budget" python3 -c "
import json
b = json.load(open('$dir/json'))
peaks = {u['unit']: u['peak_bytes'] for u in b['units']}
mib = lambda n: (n + 2**20 - 1) // 2**20 * 2**20  # the ledger keeps whole ones
assert peaks == {'xtts': mib(2000000000), 'nodira': mib(3000000000)}, peaks
assert b['peaks_bytes'] == sum(peaks.values()) and b['fits'], b"
stop_daemon
ok $? "it ends with status 0"
plan_end
