#!/bin/bash
# More kernel OOM kills than the kernel's rate limit lets headers through for, then more records than its
# buffer holds: each kill is put down to its unit, and what was overrun is said.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
if ! dmesg >/dev/null 2>&1; then
	skip "a storm of kills" "/dev/kmsg cannot be read here"
	plan_end
fi
make_cgroup /wdt-storm
limit_cgroup /wdt-storm $((20 << 20))
write_conf <<CONF
[unit storm]
cgroup = /wdt-storm

[unit calm]
match = wdt-no-such-program

[rule oom]
on = oom-kill
limit = 24 per 1m
then = alert critical
CONF
start_daemon
ok $? "the daemon starts"
pids=
for _ in $(seq 20); do
	in_cgroup /wdt-storm "$hog" 40 &
	pids="$pids $!"
	wait $! 2>/dev/null
done
sleep 2
missed=
for pid in $pids; do
	logged "rule=oom unit=storm .*pid ${pid}[^0-9]" || missed="$missed $pid"
done
ok "$([ -z "$missed" ] && echo 0 || echo 1)" "20 kills within seconds are told, each for its unit${missed:+, but not$missed}"
check "status counts them" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status --json | grep -q '\"oom_kills\": *20'"

old=$(cat /proc/sys/kernel/printk_devkmsg 2>/dev/null)
if echo on >/proc/sys/kernel/printk_devkmsg 2>/dev/null; then
	kill -STOP "$(child_pid wd-sentinel)"
	python3 -c "
with open('/dev/kmsg', 'w') as k:
    for i in range(30000):
        k.write('<7>watchdogd test filler %d %s' % (i, 'x' * 200)); k.flush()"
	kill -CONT "$(child_pid wd-sentinel)"
	check "records that were overwritten before we read them are said to be lost" \
		wait_for 10 logged '[0-9]+ records .*(lost|overwritten|overrun)'
	in_cgroup /wdt-storm "$hog" 40 &
	pid=$!
	wait $pid 2>/dev/null
	check "and the next kill is told again" wait_for 5 logged "rule=oom unit=storm .*pid ${pid}[^0-9]"
	echo "$old" >/proc/sys/kernel/printk_devkmsg
else
	skip "an overrun is said" "kernel.printk_devkmsg cannot be set"
fi
stop_daemon
ok $? "it ends with status 0"
plan_end
