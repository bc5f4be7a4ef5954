#!/bin/bash
# Thousands of processes a second come and go beside the watched ones: each death of those is told, in time, and
# what the kernel could not hand over is counted and said.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
seconds=${STORM_SECONDS:-60} rate=${STORM_RATE:-5000}
storm=$top/build/test/storm
mkdir -p "$top/build/test"
[ "$storm" -nt "$top/test/integration/storm.c" ] || ${CC:-gcc} -O1 -Wall -D_GNU_SOURCE -o "$storm" "$top/test/integration/storm.c"
make_cgroup /wdt-storm
cat >"$dir/claude" <<'SH'
#!/bin/sh
while :; do sleep 3600; done
SH
chmod 755 "$dir/claude"
write_conf <<CONF
[unit bot]
cgroup = /wdt-storm
process = claude
grace = 1h

[rule died]
on = death
then = alert critical
limit = 24 per 1m
CONF
start_daemon
ok $? "the daemon starts"
sentinel=$(child_pid wd-sentinel)
ticks() { sed 's/.*) //' "/proc/$sentinel/stat" | awk '{print $12 + $13}'; }

"$storm" "$rate" "$seconds" >"$dir/storm.out" &
storm_pid=$!
began=$(ticks) deaths=0 told=0 late=
until=$(($(date +%s) + seconds - 3))
while [ "$(date +%s)" -lt "$until" ]; do
	in_cgroup /wdt-storm "$dir/claude" &
	pid=$!
	sleep 2
	at=$(date +%s%N)
	kill -KILL $pid
	wait $pid 2>/dev/null
	deaths=$((deaths + 1))
	if wait_for 2 logged "critical rule=died unit=bot .*\(pid $pid\) .*SIGKILL"; then
		told=$((told + 1))
		late="$late $((($(date +%s%N) - at) / 1000000))"
	fi
	cgroup_empty /wdt-storm
	sleep 1
done
wait $storm_pid
used=$(($(ticks) - began))
came=$(cat "$dir/storm.out")
echo "# $came processes in $seconds s; $told of $deaths deaths told, after (ms):$late"
echo "# the sentinel used $used ticks of 10 ms in $seconds s"
lost=$(sed -n 's/.*events were lost \([0-9]*\) time.*/\1/p' "$log" | tail -n 1)
echo "# events of the proc connector were lost ${lost:-0} times"
ok $((came < seconds * rate / 2)) "the storm was one: $((came / seconds)) processes a second"
ok $((deaths < 5 || told != deaths)) "no death is missed ($told of $deaths)"
check "one death is told once" [ "$(count_logged 'critical rule=died unit=bot')" -eq "$deaths" ]
ok $((used > seconds * 100 / 5)) "the sentinel takes less than a fifth of a core meanwhile"
check "it still looks" wait_for 3 sh -c "'$bin/watchdogctl' -s '$dir/run/control' status >/dev/null"
plan_end
