#!/bin/bash
# What ends again and again is started again, each process in its own time; what comes in a burst is not
# lost: alerts beyond what a channel takes at once, a SIGHUP during a reload; a dry run leaves nothing behind.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
cat >"$dir/told" <<'SH'
#!/bin/sh
sleep 0.2
echo "$WATCHDOGD_RULE" >>"$(dirname "$0")/told.out"
SH
: >"$dir/told.out"
chmod 755 "$dir" "$dir/told"
chmod 666 "$dir/told.out"
{
	printf '[channel told]\nplugin = exec\ncommand = %s/told\n' "$dir"
	for i in $(seq 24); do
		printf '[rule r%s]\nwhen = host.available > 1%%\nthen = alert warning\n' "$i"
	done
} | write_conf

start_daemon
ok $? "the daemon starts"
all_told() { [ "$(sort -u "$dir/told.out" | wc -l)" -eq 24 ]; }
check "24 alerts of one instant reach a channel that takes one at a time" wait_for 60 all_told
check "none of them twice" test "$(wc -l <"$dir/told.out")" -eq 24

sentinel=$(child_pid wd-sentinel)
kill -STOP "$sentinel"
sed -i 's/^\[rule r1\]/[rule first]/' "$conf"
kill -HUP "$daemon"
sleep 0.3
sed -i 's/^\[rule first\]/[rule second]/' "$conf"
kill -HUP "$daemon"
sleep 0.3
kill -CONT "$sentinel"
check "a SIGHUP during a reload is followed by another reload" wait_for 5 logged 'rule=second '

kill_again() { # NAME
	local pid
	pid=$(child_pid "$1") && [ -n "$pid" ] && kill -KILL "$pid"
}
new_pid() { # NAME OLD
	local pid
	pid=$(child_pid "$1") && [ -n "$pid" ] && [ "$pid" != "$2" ]
}
for i in 1 2 3 4; do
	wait_for 6 kill_again wd-actor
	sleep 0.1
done
kill_again wd-sentinel
wait_for 2 new_pid wd-sentinel "$sentinel"
sentinel=$(child_pid wd-sentinel)
kill_again wd-sentinel
check "the back-off of one process is not waited for by another" wait_for 2 new_pid wd-sentinel "$sentinel"
check "who keeps ending is started again too" wait_for 8 new_pid wd-actor 0
stop_daemon
ok $? "and it ends with status 0"

cp "$dir/run/ledger" "$dir/before"
sed -i 's/> 1%/> 2%/' "$conf"
: >"$log"
start_daemon --dry-run
check "a dry run tells what it sees" wait_for 5 logged 'warning rule=r24 '
stop_daemon
check "and leaves the ledger as it was" cmp "$dir/before" "$dir/run/ledger"
plan_end
