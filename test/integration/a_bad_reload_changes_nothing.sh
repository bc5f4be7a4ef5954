#!/bin/bash
# Bad config: every error named, exit 2; a reload that does not parse changes nothing; a good one keeps what
# did not change.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
write_conf <<CONF
[rule tight]
when = host.availble < 10%
then = alrt warning
CONF
"$bin/watchdogd" -c "$conf" 2>"$dir/err"
ok $(($? != 2)) "a bad config ends it with status 2"
check "the log names file, line and the right reading" grep -q "$conf:6: .*host.available" "$dir/err"
check "and the next error too" grep -q "$conf:7: .*alert" "$dir/err"
"$bin/watchdogctl" check "$conf" >"$dir/out" 2>"$dir/err"
ok $(($? != 2)) "check exits 2"
check "check prints FILE:LINE: on standard error" grep -q "^$conf:6: " "$dir/err"

write_conf <<CONF
[rule always]
when = host.available > 1%
then = alert info
CONF
start_daemon
ok $? "a good one is taken"
wait_for 5 logged 'info rule=always'
check "reload of the same file goes through" ctl reload
sleep 1.5
check "a rule whose text did not change goes on with its firing" test "$(count_logged 'info rule=always .*host.available')" -eq 1
cp "$conf" "$dir/good"
printf '[rule always]\nwhen = nonsense\n' >>"$conf"
ctl reload >"$dir/out" 2>&1
ok $(($? == 0)) "reload of a bad file is refused"
check "with its errors" grep -qE "$conf:[0-9]+: " "$dir/out"
check "the old config stays in force" wait_for 3 sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -q always"
kill -HUP "$daemon"
check "SIGHUP says the same in the log" wait_for 3 logged 'reload refused'
check "the daemon lives" kill -0 "$daemon"
sed 's/alert info/alert warning/' "$dir/good" >"$conf"
kill -HUP "$daemon"
check "a changed rule begins anew" wait_for 5 logged 'warning rule=always .*host.available'
setpriv --reuid=nobody --regid=nogroup --clear-groups "$bin/watchdogctl" -s "$dir/run/control" reload >"$dir/out" 2>&1
ok $(($? == 0)) "who is neither root nor a reader cannot command"
# A unit that leaves the config on the way of its restart would be down, and nobody would know.
"$hog" 5 deaf >/dev/null 2>&1 &
{
	cat "$dir/good"
	printf '[unit deaf]\nmatch = hog deaf\nstart = /bin/true\n\n[rule deaf]\nwhen = deaf.memory > 4K\nthen = restart deaf\n'
} >"$conf"
ctl reload >/dev/null
check "a restart begins" wait_for 10 logged 'rule=deaf .*restart deaf: '
cp "$dir/good" "$conf"
ctl reload >"$dir/out" 2>&1
check "a reload without its unit says that it is not started again" grep -q 'deaf was to be started again, and is not' "$dir/out"
check "and so does the log" logged 'restart of deaf ends before its start: the unit left the config'
stop_daemon
ok $? "and it ends with status 0"
plan_end
