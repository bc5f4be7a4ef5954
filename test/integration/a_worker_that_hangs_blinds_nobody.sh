#!/bin/bash
# SIGSTOP to the actor, to the scribe; standard error that nobody reads: the sentinel looks on.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
make_cgroup /wdt-xtts
write_conf <<CONF
[unit xtts]
cgroup = /wdt-xtts

[rule hook]
when = host.available > 1%
then = run /bin/true

[rule big]
when = xtts.memory > 30M
then = stop xtts
CONF
start_daemon
ok $? "the daemon starts"
wait_for 10 logged 'rule=hook .*ran'
kill -STOP "$(child_pid wd-actor)"
in_cgroup /wdt-xtts "$hog" 50 &
check "with the actor stopped, the sentinel stops a unit by itself" wait_for 10 logged 'unit=xtts stopped xtts'
kill -CONT "$(child_pid wd-actor)"
stop_daemon
ok $? "it ends with status 0"

# A pipe that nobody reads. With a new ledger: to the firing above, the start of xtts is a person's.
rm -rf "$dir/run"
mkfifo "$dir/fifo"
exec 7<>"$dir/fifo"
python3 -c "
import fcntl, sys
fcntl.fcntl(7, 1031, 4096)"
log=$dir/fifo
"$bin/watchdogd" -v -c "$conf" 2>&7 &
daemon=$!
wait_for 10 ctl status # before that SIGHUP would end it
in_cgroup /wdt-xtts "$hog" 50 &
for _ in $(seq 1 200); do kill -HUP "$daemon" 2>/dev/null; sleep 0.02; done
check "with standard error full, a unit is stopped all the same" wait_for 10 test -z "$(cat /sys/fs/cgroup/memory/wdt-xtts/cgroup.procs 2>/dev/null)"
check "and status is fresh" ctl status
log=$dir/log
stop_daemon
ok $? "and it ends with status 0"

# A log that nobody reads is not silent.
sleep 1001 &
while :; do echo "a line" >>"$dir/bot-log"; sleep 0.3; done &
writer=$!
write_conf <<CONF
[unit bot]
match = sleep 1001
log = $dir/bot-log
log-silence = 2s

[rule mute]
on = silence bot
then = alert critical
CONF
log=$dir/log-scribe
start_daemon
ok $? "with a log to read, the daemon starts"
scribe=$(child_pid wd-scribe)
kill -STOP "$scribe"
check "a scribe that does not answer is killed" wait_for 50 logged "wd-scribe .pid $scribe. hangs: it is killed"
# shellcheck disable=SC2317 # wait_for calls it
started_again() { [ -n "$(child_pid wd-scribe)" ]; }
check "and started again" wait_for 10 started_again
pause 4
ok $(($(count_logged 'rule=mute') != 0)) "the log that it did not read was never called silent"
kill "$writer"
check "a log that ends is" wait_for 10 logged 'rule=mute .*no new line'
stop_daemon
ok $? "and it ends with status 0 once more"
plan_end
