#!/bin/bash
# kill -9 of the sentinel, the actor and main at any point; an actor that hangs: a step goes on to its proof,
# nothing is done twice, and what is stopped or frozen is not forgotten.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
make_cgroup /wdt-slow
make_cgroup /wdt-ice
in_cgroup /wdt-slow "$hog" 40 deaf &
in_cgroup /wdt-ice "$hog" 40 &
cat >"$dir/once" <<'SH'
#!/bin/sh
echo ran >>"$(dirname "$0")/once.out"
exec sleep 25
SH
chmod +x "$dir/once"
write_conf <<CONF
[unit slow]
cgroup = /wdt-slow
stop-timeout = 4s

[unit ice]
cgroup = /wdt-ice

[rule slow]
when = slow.memory > 20M
then = alert warning
       stop slow

[rule ice]
when = ice.memory > 20M
then = freeze ice

[rule once]
when = host.available > 1%
then = run $dir/once
CONF
start_daemon
ok $? "the daemon starts"
wait_for 10 logged 'rule=slow unit=slow stop slow'
check "a command is under way" wait_for 5 test -s "$dir/once.out"
check "a unit is frozen" wait_for 5 logged 'unit=ice froze ice'
kill -KILL "$(child_pid wd-sentinel)"
check "main starts the sentinel again" wait_for 5 logged 'wd-sentinel .*SIGKILL.*started again'
check "the step begun before is taken to its proof" wait_for 15 logged 'unit=slow stopped slow'
check "its alert was not sent again" test "$(count_logged 'warning rule=slow unit=slow slow\.memory|warning rule=slow slow\.memory')" -le 2
kill -KILL "$(child_pid wd-actor)"
check "main starts the actor again" wait_for 5 logged 'wd-actor .*SIGKILL.*started again'
check "what the actor had begun is told as not known" wait_for 5 logged 'rule=once .*not known whether it ran'
sleep 5
check "a command runs at most once" test "$(wc -l <"$dir/once.out")" -eq 1
check "the frozen unit is still known as ours" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -E 'ice +.*frozen'"

# All at once, then a new start: it remembers.
kill -KILL "$daemon" "$(child_pid wd-sentinel)" "$(child_pid wd-actor)"
wait "$daemon" 2>/dev/null
mv "$log" "$log.before"; : >"$log"
start_daemon
check "after a kill -9 of everything the next start knows what was stopped" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -E 'slow +.*stopped'"
stop_daemon
ok $? "it ends with status 0"
frozen=$(cat /sys/fs/cgroup/freezer/wdt-ice/freezer.state /sys/fs/cgroup/unified/wdt-ice/cgroup.events 2>/dev/null)
ok "$(echo "$frozen" | grep -cE '^FROZEN|^frozen 1')" "SIGTERM thaws what is frozen"
plan_end
