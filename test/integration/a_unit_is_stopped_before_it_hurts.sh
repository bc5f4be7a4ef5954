#!/bin/bash
# The thinnest whole path on the live kernel: a reading, a rule, a step, its proof, the log.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog

make_cgroup /wdt-xtts
make_cgroup /wdt-deaf
in_cgroup /wdt-xtts "$hog" 60 &
in_cgroup /wdt-deaf "$hog" 60 deaf &
cp "$hog" "$dir/wdtmatch"
"$dir/wdtmatch" 60 >/dev/null 2>&1 &
sleep 0.5
write_conf <<CONF
[unit xtts]
cgroup = /wdt-xtts

[unit deaf]
cgroup = /wdt-deaf
stop-timeout = 1s

[unit byname]
match = wdtmatch

[rule big]
when = xtts.memory > 40M for 1s
then = alert warning
       stop xtts

[rule deaf]
when = deaf.anon > 40M
then = stop deaf

[rule name]
when = byname.memory > 40M
then = kill byname
CONF
check "the daemon says that it watches" start_daemon
check "the alert names rule, reading and bound" wait_for 15 logged 'warning rule=big .*xtts\.memory .*> 40'
check "stopping a cgroup unit is proved" wait_for 15 logged 'rule=big unit=xtts stopped xtts in'
check "its process is gone" test -z "$(cat /sys/fs/cgroup/memory/wdt-xtts/cgroup.procs)"
check "who ignores SIGTERM is killed after its stop-timeout" wait_for 15 logged 'rule=deaf unit=deaf stopped deaf in .*stop-timeout'
check "a unit found by name is killed through pidfds" wait_for 15 logged 'rule=name unit=byname killed byname in'
check "and is gone" test -z "$(pgrep -x wdtmatch)"
check "each alert of a firing is sent once" test "$(count_logged 'rule=big .*xtts.memory .*> 40')" -le 2
check "status shows the stopped unit and its mark" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -E 'xtts +.*stopped'"
check "without a channel, too, the disk has it for a restart of the host" wait_for 5 grep -q xtts "$dir/state/spool.db" "$dir/state/spool.db-wal"
begun=$(date +%s%N)
stop_daemon
ok $? "SIGTERM ends it with status 0"
check "within 5 s" test $((($(date +%s%N) - begun) / 1000000)) -lt 5000
plan_end
