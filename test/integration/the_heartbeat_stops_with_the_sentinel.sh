#!/bin/bash
# Pings say that the sentinel looks and that nothing critical goes on: a firing and a sentinel that does not look turn
# them into /fail with the reason, nobody's ping lies, and the token of the url is the file's.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
make_hog
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077; echo "$token" >"$dir/token")
heard=$dir/heard
: >"$heard"
python3 "$top/test/integration/receiver.py" "$dir/port" "$heard" &
wait_for 20 test -s "$dir/port"

# Two processes of one name: when the big one ends, the unit is still known.
name=wd-beats
cp "$hog" "$dir/$name"
chmod 755 "$dir" "$dir/$name"
"$dir/$name" 1 >/dev/null &

conf_with() { # EVERY
	write_conf <<-CONF
		[unit u]
		match = $name
		[rule big]
		when   = u.memory > 40M
		clear  = u.memory < 30M for 1s
		settle = 1s
		then   = alert critical
		[heartbeat]
		url    = http://127.0.0.1:$(cat "$dir/port")/ping/\${TOKEN}/host-1?rid=7
		secret = TOKEN=$dir/token
		every  = $1
	CONF
}

# heard REGEX: a line "METHOD PATH BODY" of what was heard since `forget`.
since=0
forget() { since=$(wc -l <"$heard"); }
lines() {
	tail -n +$((since + 1)) "$heard" |
		python3 -c 'import json, sys
for line in sys.stdin: r = json.loads(line); print(r["method"], r["path"], r["body"].replace("\n", " "))'
}
told() { lines | grep -qE -- "$1"; }
good="^GET /ping/$token/host-1\\?rid=7 \$"
bad="^POST /ping/$token/host-1/fail\\?rid=7 "
many_good() { [ "$(lines | grep -cE -- "$good")" -ge 3 ]; }

conf_with 1s
start_daemon
ok $? "the daemon starts with a heartbeat"
wait_for 20 told .
if told "${bad}it cannot see all"; then
	skip "pings come" "a source is blind here: $(lines | head -1)"
	stop_daemon
	plan_end
fi
check "pings come, with the file's token, and the question of the url is still its end" wait_for 20 many_good
check "nothing else comes" test -z "$(lines | grep -vE -- "$good")"

forget
"$dir/$name" 60 >/dev/null &
big=$!
check "a critical firing is /fail, with its rule and unit" wait_for 20 told "${bad}critical: rule big of u fires|${bad}critical: rule big fires"
forget
pause 2.5
check "and goes on to be, with no good ping between" test -z "$(lines | grep -E -- "$good")"
kill "$big"
forget
check "when it is resolved, pings come again" wait_for 30 many_good

sentinel=$(child_pid wd-sentinel)
kill -STOP "$sentinel"
stopped=$(date +%s%N)
check "a sentinel that does not look is /fail" wait_for 60 told "${bad}the sentinel has not looked for 1[0-9]"
# A ping is at most a second old news, and 10 s is how long it may not look.
took=$((($(date +%s%N) - stopped) / 1000000000))
ok $((took > 20)) "within some 12 s: $took s"
forget
pause 3
check "and no good ping comes any more" test -z "$(lines | grep -E -- "$good")"
check "though the failures do" told "$bad"
forget
kill -CONT "$sentinel"
check "when it looks again, pings come again" wait_for 20 many_good

# It is not killed for it: main and the workers wait.
check "it is the same sentinel" test "$(child_pid wd-sentinel)" = "$sentinel"

# A receiver that is away is told once, and what came is said.
conf_with 2s
sed -i "s|^url .*|url = http://127.0.0.1:1/ping/\${TOKEN}|" "$conf"
kill -HUP "$daemon"
check "a ping that does not arrive is told, without its secret" wait_for 20 logged 'heartbeat: a ping did not arrive.*: '
pause 3
check "once" test "$(count_logged 'a ping did not arrive')" -eq 1
conf_with 1s
forget
kill -HUP "$daemon"
check "a reload that gives it another url is followed at once" wait_for 20 many_good
check "and that they arrive again is said" wait_for 20 logged 'heartbeat: pings arrive again; not arrived: [1-9]'
check "no token is in the log" sh -c "! grep -q '$token' '$log'"

# The messenger's end is not the host's: another goes on.
forget
kill -KILL "$(child_pid wd-messenger)"
check "after the messenger's death pings come again" wait_for 30 many_good
check "and none of them says that something is wrong" test -z "$(lines | grep -E -- "$bad")"

# Nobody pings for a host whose watchdogd is stopped.
stop_daemon
ok $? "it ends with status 0"
forget
pause 2.5
check "and with it every ping" test -z "$(lines)"
plan_end
