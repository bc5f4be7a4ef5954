#!/bin/bash
# A real memcg OOM kill, read from the real /dev/kmsg: attributed, told once, its steps taken; and what is
# not the kernel's is not believed.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
if ! dmesg >/dev/null 2>&1; then
	skip "a kernel OOM kill is told" "/dev/kmsg cannot be read here"
	plan_end
fi
make_cgroup /wdt-bot
make_cgroup /wdt-other
limit_cgroup /wdt-bot $((30 << 20))
limit_cgroup /wdt-other $((30 << 20))
cat >"$dir/told" <<'SH'
#!/bin/sh
exec >>"$(dirname "$0")/told.out" 2>&1
echo "rule=$WATCHDOGD_RULE unit=$WATCHDOGD_UNIT event=$WATCHDOGD_EVENT adj=$(cat /proc/self/oom_score_adj) uid=$(id -u)"
cat
echo
SH
chmod 755 "$dir" "$dir/told"
touch "$dir/told.out"
chmod 666 "$dir/told.out"
write_conf <<CONF
[unit bot]
cgroup = /wdt-bot

[rule oom]
on = oom-kill
then = alert critical
       run $dir/told

[rule count]
when = bot.events.oom_kill > 0
then = alert warning

[channel hook]
plugin = exec
command = $dir/told
severity = critical
CONF
# One kill from before: the first start ever makes one line of it, and no alert.
in_cgroup /wdt-other "$hog" 60 &
wait $! 2>/dev/null
start_daemon
ok $? "the daemon starts"
sleep 1
check "kills from before the first start are no alert" sh -c "! grep -q 'rule=oom' '$log'"

in_cgroup /wdt-bot "$hog" 60 &
victim=$!
wait $victim 2>/dev/null
ok $(($? != 137)) "the kernel kills the hog (SIGKILL)"
check "the kill is told within 2 s, for its unit" wait_for 2 logged "critical rule=oom unit=bot .*hog.*$victim"
check "with the limit that was hit" logged 'rule=oom unit=bot .*/wdt-bot'
check "memory.events or oom_control tells the same unit" wait_for 5 logged 'warning rule=count .*bot\.events\.oom_kill'
user=$(id -u watchdogd 2>/dev/null || id -u nobody)
check "the channel's command ran without privileges" wait_for 5 grep -q "rule=oom unit=bot event=oom-kill adj=0 uid=$user" "$dir/told.out"
[ "$user" = "$(id -u watchdogd 2>/dev/null)" ] || check "that nobody stands in for the user watchdogd is said" logged 'no user watchdogd: nobody'

check "the step's command ran as root" wait_for 5 grep -q "rule=oom unit=bot event=oom-kill adj=0 uid=0" "$dir/told.out"
check "its standard input was JSON" python3 - "$dir/told.out" <<'PY'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1]) if l.startswith("{")]
for event in events:
    assert event["rule"] == "oom" and event["unit"] == "bot" and event["event"] == "oom-kill", event
assert sorted(event["verb"] for event in events if event.get("told", "alert") == "alert") == ["alert", "run"], events
PY
check "one kill is one alert" test "$(count_logged "critical rule=oom unit=bot .*pid $victim")" -eq 1

in_cgroup /wdt-other "$hog" 60 &
victim=$!
wait $victim 2>/dev/null
check "a kill elsewhere belongs to no watched unit" wait_for 3 logged "critical rule=oom .*$victim"
check "and is not put on one" sh -c "! grep -E 'unit=bot .*pid $victim' '$log'"

echo "<3>Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB" >/dev/kmsg
sleep 1
check "a line that a program wrote into /dev/kmsg is not believed" sh -c "! grep 'pid 1[ ,)]' '$log'"

# What happened while nobody watched is told as such, and nothing is done about it.
stop_daemon
ran=$(grep -c uid=0 "$dir/told.out")
in_cgroup /wdt-bot "$hog" 60 &
victim=$!
wait $victim 2>/dev/null
start_daemon
check "a kill from while watchdogd was not running is told as such" wait_for 3 logged "rule=oom unit=bot .*$victim.*not running|rule=oom unit=bot .*not running.*$victim"
sleep 1
check "and no step is taken for it" test "$(grep -c uid=0 "$dir/told.out")" -eq "$ran"
plan_end
