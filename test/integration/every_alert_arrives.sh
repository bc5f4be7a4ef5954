#!/bin/bash
# kill -9 of the messenger, of the scribe, of the sentinel, and of all processes at once, at random points over 200
# alerts: every alert that the log names arrives, and none twice under another id. RUNS rounds (4 here; 20 by
# `RUNS=20 test/integration/every_alert_arrives.sh`), SEED begins them.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-4}
seed=${SEED:-$(($(date +%s) % 100000))}
units=10

if [ "$(id -u)" != 0 ]; then
	skip "every alert arrives" "not root"
	plan_end
fi
name_of() { echo "wd-dies-$1"; }
for i in $(seq $units); do cp "$(command -v sleep)" "$dir/$(name_of "$i")"; done

python3 "$top/test/integration/receiver.py" "$dir/port" "$dir/taken" 5 "$seed" &
wait_for 10 test -s "$dir/port"
{
	for i in $(seq $units); do
		printf '[unit u%s]\nmatch = %s\nprocess = %s\n[rule r%s]\non = death u%s\nlimit = 24 per 1s\nthen = alert critical\n' \
			"$i" "$(name_of "$i")" "$(name_of "$i")" "$i" "$i"
	done
	cat <<-CONF
		[channel hook]
		plugin = webhook
		format = json
		url    = http://127.0.0.1:$(cat "$dir/port")/alerts
		fold   = 0s
	CONF
} | write_conf

# Two hundred deaths: of each unit in turn, some five a second.
let_die() {
	local i
	for _ in $(seq 20); do
		for i in $(seq $units); do
			"$dir/$(name_of "$i")" 300 &
			echo $! >>"$dir/victims"
		done
		pause 0.6 # they are seen
		while read -r i; do
			kill -TERM "$i" 2>/dev/null
			pause 0.02
		done <"$dir/victims"
		: >"$dir/victims"
	done 2>/dev/null
}

# Kill one of them or all, at points that the seed chooses, until the deaths are over.
let_kill() { # PID of what dies
	local who pid
	while kill -0 "$1" 2>/dev/null; do
		pause "0.$((RANDOM % 9 + 1))"
		pause "$((RANDOM % 3))"
		who=$((RANDOM % 5))
		case $who in
		0) pid=$(child_pid wd-messenger) ;;
		1) pid=$(child_pid wd-scribe) ;;
		2 | 3) pid=$(child_pid wd-sentinel) ;;
		*) pid="$daemon $(pgrep -P "$daemon" | tr '\n' ' ')" ;;
		esac
		# shellcheck disable=SC2086 # a list
		kill -KILL $pid 2>/dev/null
		[ $who != 4 ] || { wait "$daemon" 2>/dev/null; begin_again; }
	done
}

begin_again() {
	"$bin/watchdogd" -c "$conf" >/dev/null 2>>"$log" &
	daemon=$!
}

# What the log names: its alerts are those with a rule, a unit and the pid of who died.
named() { grep -oE 'critical rule=r[0-9]+ unit=u[0-9]+ u[0-9]+: wd-dies-[0-9]+ \(pid [0-9]+\)' "$log" | sed -E 's/.*unit=(u[0-9]+) .*\(pid ([0-9]+)\)/\1 \2/' | sort -u; }
arrived() {
	python3 - "$dir/taken" <<-'PY'
		import json, re, sys
		for line in open(sys.argv[1], encoding="utf-8"):
		    request = json.loads(line)
		    if request["status"] != 200:
		        continue
		    alert = json.loads(request["body"])
		    pid = re.search(r"wd-dies-\d+ \(pid (\d+)\)", alert["text"])
		    if alert["told"] == "alert" and pid:
		        print(alert["unit"], pid.group(1), request["key"])
	PY
}
missing() { comm -23 <(named) <(arrived | cut -d' ' -f1,2 | sort -u); }
all_arrived() { [ -z "$(missing)" ]; }

begun=$(date +%s)
start_daemon
ok $? "the daemon starts with a webhook"
for round in $(seq "$runs"); do
	RANDOM=$((seed + round))
	: >"$log"
	: >"$dir/taken"
	let_die &
	let_kill $!
	wait_for 60 all_arrived
	left=$?
	total=$(named | wc -l)
	ids=$(arrived | sort -u | wc -l)
	pairs=$(arrived | cut -d' ' -f1,2 | sort -u | wc -l)
	ok $((left != 0)) "round $round, seed $((seed + round)): all $total alerts that the log names arrive"
	[ "$left" = 0 ] || missing | sed 's/^/# missing: /'
	all=$((${all:-0} + total))
	echo "# $total of 200 deaths; $(grep -c SIGKILL "$log") kills of ours"
	ok $((ids > pairs)) "none under two ids ($ids ids for $pairs deaths)"
done
# Who dies while a sentinel that was killed often waits for its next start is not seen: up to 10 s each time.
ok $((all < runs * 30)) "they are many ($all of $((runs * 200)) deaths)"
echo "# $runs rounds in $(($(date +%s) - begun)) s"
stop_daemon
plan_end
