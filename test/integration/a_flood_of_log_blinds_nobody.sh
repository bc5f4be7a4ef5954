#!/bin/bash
# 100 MB/s into a followed log for 12 s: the sentinel's looks are not late by it, and no match is lost.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
seconds=12 marks=24

if [ "$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)" -lt 1500 ] || [ "$(df -m --output=avail /dev/shm | tail -1)" -lt 1500 ]; then
	skip "a flood of log blinds nobody" "needs 1.5 GB in memory for the log"
	plan_end
fi
flood=$top/build/test/flood
mkdir -p "$top/build/test"
${CC:-gcc} -O2 -Wall -D_GNU_SOURCE -I"$top/watchdogd" -o "$flood" "$top/test/integration/flood.c" "$bin/libwatchdogd.a" || exit 1
: >"$dir/nodira-log"
sleep 1000 &
write_conf <<CONF
[unit nodira]
match = sleep 1000
log = $dir/nodira-log
log-match = the mark
            /error [0-9]+ of/i

[rule mark]
on = log-match nodira
limit = 24 per 1h
then = alert info

[rule all]
on = log-match nodira
after = $marks per 1h
then = alert info

[rule busy]
when = host.available > 1%
then = run /bin/sleep 20
CONF
start_daemon
ok $? "the daemon starts"
# While a step is under way the sentinel looks every 100 ms.
wait_for 5 logged 'rule=busy .*run /bin/sleep'
sleep 0.5
scribe=$(child_pid wd-scribe)
cpu_ms() { awk '{print int($1 / 1000000)}' "/proc/$1/schedstat"; }
before=$(cpu_ms "$scribe")
"$flood" looks "$dir/run/state" $seconds 100 >"$dir/looks" &
looks=$!
"$flood" write "$dir/nodira-log" 96 $seconds $marks >"$dir/wrote"
wrote=$?
flooded=$(date +%s%N)
wait $looks
read -r late own count <"$dir/looks"
echo "# $(cat "$dir/wrote"): the latest look was $late ms late, of $count (this test's own sleeps: $own ms)"
ok $wrote "so much can be written here"
ok $((count < seconds * 5)) "the sentinel looks about every 100 ms meanwhile"
if [ "$own" -gt 50 ]; then
	skip "no look is late by more than 50 ms" "the host itself stalled for $own ms"
else
	ok $((late > 50)) "no look is late by more than 50 ms"
fi
check "each of the $marks marks is counted" wait_for 60 logged "rule=all unit=nodira .*the mark $marks\\."
echo "# the last was told $((($(date +%s%N) - flooded) / 1000000)) ms after the flood; wd-scribe used $(($(cpu_ms "$scribe") - before)) ms, $(awk '/^VmHWM/ {print $2}' "/proc/$scribe/status") KiB; $(grep -c 'grows faster' "$log") times it said that it is behind"
check "the first was told" logged 'rule=mark unit=nodira its log says: 0+[0-9]* the mark 1\.'
check "none is told twice" test "$(count_logged "rule=all unit=nodira $marks within")" -eq 1
check "the scribe was not started again" test "$(child_pid wd-scribe)" = "$scribe"
stop_daemon
ok $? "it ends with status 0"
plan_end
