#!/bin/bash
# The metrics of a daemon at work, as a scraper gets them: true before and after a death, through both doors, for
# Prometheus' own tools, over a reload that moves the door and the death of who serves them.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
if ! command -v python3 >/dev/null; then
	skip "the metrics are scraped" "no python3"
	plan_end
fi
promtool=$("$top/test/get-program" prometheus promtool 2>"$dir/why")
prometheus=$("$top/test/get-program" prometheus prometheus 2>"$dir/why")
no_prometheus=$(cat "$dir/why")
make_hog
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
name=wd-metered
cp "$hog" "$dir/$name"
# The scribe is not root: the directory of the textfile is for it to write.
mkdir "$dir/textfile"
chmod 755 "$dir" "$dir/$name"
chmod 1777 "$dir/textfile"
python3 "$top/test/integration/receiver.py" "$dir/port" "$dir/taken" &
wait_for 20 test -s "$dir/port"

conf_with() { # ADDRESS
	write_conf <<-CONF
		[unit u]
		match   = $name
		process = $name
		[rule died]
		on   = death u
		then = alert critical
		[rule big]
		when  = u.memory > 80M
		clear = u.memory < 70M for 1s
		then  = alert warning
		[channel hook]
		plugin = webhook
		format = json
		url    = http://127.0.0.1:$(cat "$dir/port")/alerts
		fold   = 0s
		[channel cut]
		plugin   = webhook
		format   = json
		severity = critical
		url      = http://127.0.0.1:1/
		[prometheus]
		listen   = $1
		textfile = $dir/textfile/watchdogd.prom
	CONF
}

# fetch ADDRESS [ACCEPT]: the type and the text.
fetch() {
	python3 - "$1" "${2:-application/openmetrics-text; version=1.0.0}" <<-'END'
		import sys, urllib.request
		request = urllib.request.Request("http://%s/metrics" % sys.argv[1], headers={"Accept": sys.argv[2]})
		with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as got:
		    print(got.headers["Content-Type"])
		    sys.stdout.write(got.read().decode("utf-8"))
	END
}
# says REGEX...: each is a whole sample now, labels in the order of the page.
says() {
	local text regex
	text=$(fetch "$address") || return 1
	for regex; do
		grep -qxE -- "watchdogd_$regex" <<<"$text" || return 1
	done
}
# sample NAME: of a sample, named whole.
sample() { fetch "$address" | awk -v name="watchdogd_$1" 'index($0, name " ") == 1 {print $NF}'; }

address=127.0.0.1:$(free_port)
conf_with "$address"
"$dir/$name" 20 >/dev/null &
start_daemon
ok $? "the daemon starts with metrics"
check "they are served" wait_for 20 says 'sentinel_up 1'

# --- the form ---

fetch "$address" >"$dir/open"
check "as OpenMetrics" grep -qx 'application/openmetrics-text; version=1.0.0; charset=utf-8' <(head -1 "$dir/open")
check "whole" test "$(tail -1 "$dir/open")" = "# EOF"
# Each sample after the type of its family, each family once and in one piece, no sample twice, every name ours.
cat >"$dir/form.py" <<'END'
import re, sys
ended, family, kinds, seen = False, None, {}, set()
for line in sys.stdin.read().split("\n")[1:-1]:
    assert not ended, "after the end"
    if line == "# EOF":
        ended = True
    elif line.startswith("# "):
        word, name = line.split(" ")[1:3]
        assert name.startswith("watchdogd_") and word in ("TYPE", "UNIT", "HELP"), line
        if name != family:
            assert name not in kinds, "in two pieces: " + name
            family = name
            kinds[name] = None
        if word == "TYPE":
            kinds[name] = line.split(" ")[3]
        if word == "UNIT":
            assert name.endswith("_" + line.split(" ")[3]), line
    else:
        sample = re.fullmatch(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.]+)', line)
        assert sample, line
        suffix = {"counter": "_total", "info": "_info"}.get(kinds[family], "")
        assert sample[1] == family + suffix, line
        assert line.rsplit(" ", 1)[0] not in seen, "twice: " + line
        seen.add(line.rsplit(" ", 1)[0])
assert ended and len(seen) > 60, len(seen)
END
check "in the form of the specification" python3 "$dir/form.py" <"$dir/open"
fetch "$address" text/plain >"$dir/classic"
check "or in the older text, to who takes that alone" grep -q '^text/plain; version=0.0.4' <(head -1 "$dir/classic")
if [ -n "$promtool" ]; then
	out=$(tail -n +2 "$dir/classic" | "$promtool" check metrics 2>&1)
	ok $? "promtool takes it${out:+: $out}"
	ok ${#out} "and finds nothing to say"
else
	skip "promtool takes it" "$no_prometheus"
	skip "and finds nothing to say" "$no_prometheus"
fi

# --- the truth ---

read_key /proc/meminfo MemTotal:
total=$((value * 1024))
check "the host's memory is its memory" says "host_memory_total_bytes $total"
check "a unit has what its process holds" wait_for 20 says 'unit_anon_bytes\{unit="u"\} 2[0-9]{7}'
check "its one process is there, and alive" says 'unit_watched_processes\{unit="u"\} 1' \
	'unit_alive_state\{unit="u",state="alive"\} 1' 'unit_alive_state\{unit="u",state="dead"\} 0'
check "nobody has died" says 'unit_deaths_total\{unit="u",cause="signal"\} 0' 'unit_deaths_total\{unit="u",cause="oom"\} 0'
check "no rule fires" says 'rule_firing\{rule="died",unit="u",severity="critical"\} 0' \
	'rule_firing\{rule="big",severity="warning"\} 0'
check "nothing was alerted or sent" says 'alerts_total\{severity="critical"\} 0' 'channel_alerts_total\{channel="hook",outcome="taken"\} 0'
ticks() { [ "$(sample looks_total)" -gt "$looks" ]; }
looks=$(sample looks_total)
check "the sentinel's looks go on" wait_for 20 ticks
five() {
	local p
	for p in watchdogd wd-sentinel wd-actor wd-scribe wd-messenger; do
		says "process_cpu_seconds_total\\{process=\"$p\"\\} [0-9.]+" \
			"process_resident_memory_bytes\\{process=\"$p\"\\} [1-9][0-9]{5,}" || return 1
	done
}
check "each of the five processes has its cost" wait_for 20 five
rss=$(sample 'process_resident_memory_bytes{process="wd-sentinel"}')
kernel=$(($(awk '/^VmRSS:/ {print $2}' "/proc/$(child_pid wd-sentinel)/status") * 1024))
ok $((rss < kernel / 2 || rss > kernel * 2)) "the sentinel's is what the kernel says: $rss, $kernel"

# --- a rule that fires ---

"$dir/$name" 90 >/dev/null &
big=$!
check "a rule that fires is 1, and counted" wait_for 20 says 'rule_firing\{rule="big",severity="warning"\} 1' \
	'rule_firings_total\{rule="big"\} 1'
check "its alert is counted, and the channel's" wait_for 20 says 'alerts_total\{severity="warning"\} 1' \
	'channel_alerts_total\{channel="hook",outcome="taken"\} 1' 'channel_attempts_total\{channel="hook"\} 1' \
	'channel_waiting_alerts\{channel="hook"\} 0'

# --- a death ---

kill -KILL "$big"
check "a death is counted with its cause" wait_for 20 says 'unit_deaths_total\{unit="u",cause="signal"\} 1' \
	'unit_deaths_total\{unit="u",cause="oom"\} 0' 'unit_deaths_total\{unit="u",cause="exit"\} 0'
check "and has its time" says "unit_last_death_timestamp_seconds\\{unit=\"u\"\\} $(date +%s | cut -c1-7)[0-9]{3}(\\.[0-9]+)?"
check "its alert as critical" wait_for 20 says 'alerts_total\{severity="critical"\} 1'
check "the rule that fired is over" wait_for 30 says 'rule_firing\{rule="big",severity="warning"\} 0' \
	'rule_firings_total\{rule="big"\} 1'
taken() { [ "$(sample 'channel_alerts_total{channel="hook",outcome="taken"}')" -eq "$(wc -l <"$dir/taken")" ] && [ "$(wc -l <"$dir/taken")" -ge 3 ]; }
check "what the channel took is what its server got" wait_for 30 taken
check "a channel that nobody answers is failing, and its alert waits" wait_for 30 says 'channel_failing\{channel="cut"\} 1' \
	'channel_waiting_alerts\{channel="cut"\} 1' 'channel_failing_since_timestamp_seconds\{channel="cut"\} [0-9.]+'
check "the other is not" says 'channel_failing\{channel="hook"\} 0'

# --- the textfile ---

file=$dir/textfile/watchdogd.prom
check "the textfile is there" test -s "$file"
died_there() { grep -q 'watchdogd_unit_deaths_total{unit="u",cause="signal"} 1' "$file"; }
check "and brings the same, within its 15 s" wait_for 40 died_there
check "its owner is who the scribe is" test "$(stat -c %u "$file")" = "$(awk '/^Uid:/ {print $2}' "/proc/$(child_pid wd-scribe)/status")"
check "every user may read it" test "$(stat -c %a "$file")" = 644
check "no half of it lies beside it" test "$(ls -A "$dir/textfile")" = watchdogd.prom
if [ -n "$promtool" ]; then
	out=$("$promtool" check metrics <"$file" 2>&1)
	ok $((${#out} > 0)) "promtool takes it too${out:+: $out}"
else
	skip "promtool takes it too" "$no_prometheus"
fi

# --- who serves it ends; a reload moves it ---

kill -KILL "$(child_pid wd-messenger)"
check "after the messenger's death they are served again" wait_for 30 says 'sentinel_up 1' 'unit_deaths_total\{unit="u",cause="signal"\} 1'
old=$address
address=127.0.0.1:$(free_port)
conf_with "$address"
generation=$(fetch "$old" | awk '$1 == "watchdogd_config_generation" {print $2}')
kill -HUP "$daemon"
check "a reload moves them" wait_for 30 says "config_generation $((generation + 1))"
check "nobody is at the old address" sh -c "! python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", ${old#*:}), 5)'"

# An address that another has: told, tried again, and the rest goes on.
python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(3600)' >"$dir/taken-port" &
squatter=$!
wait_for 20 test -s "$dir/taken-port"
address=127.0.0.1:$(cat "$dir/taken-port")
conf_with "$address"
kill -HUP "$daemon"
check "an address that another has is told" wait_for 20 logged "cannot serve the metrics at $address: .*tried again"
kill "$squatter"
check "and taken when it is free" wait_for 30 says 'sentinel_up 1'

# --- a sentinel that does not look ---

kill -STOP "$(child_pid wd-sentinel)"
check "a sentinel that does not look is down" wait_for 60 says 'sentinel_up 0'
kill -CONT "$(child_pid wd-sentinel)"
check "and up when it looks again" wait_for 20 says 'sentinel_up 1'

# --- a real Prometheus ---

if [ -n "$prometheus" ]; then
	server=127.0.0.1:$(free_port)
	cat >"$dir/prometheus.yml" <<-END
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: [$top/conf/prometheus/watchdogd.rules.yml]
		scrape_configs:
		  - job_name: watchdogd
		    static_configs: [{targets: ["$address"]}]
	END
	"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="$server" \
		--log.level=warn >"$dir/prometheus.log" 2>&1 &
	answers() { # QUERY REGEX
		python3 - "$server" "$1" <<-'END' | grep -qE -- "$2"
			import json, sys, urllib.parse, urllib.request
			url = "http://%s/api/v1/query?query=%s" % (sys.argv[1], urllib.parse.quote(sys.argv[2]))
			for row in json.load(urllib.request.urlopen(url, timeout=10))["data"]["result"]:
			    print(row["value"][1], json.dumps(row["metric"], sort_keys=True))
		END
	}
	check "Prometheus scrapes it" wait_for 60 answers 'up{job="watchdogd"}' '^1 '
	check "and knows of the death" wait_for 20 answers 'watchdogd_unit_deaths_total{unit="u",cause="signal"}' '^1 '
	check "and that a channel fails" wait_for 20 answers 'watchdogd_channel_failing == 1' '"channel": "cut"'
else
	for sentence in "Prometheus scrapes it" "and knows of the death" "and that a channel fails"; do
		skip "$sentence" "$no_prometheus"
	done
fi

stop_daemon
ok $? "the daemon ends with status 0"
check "and takes its textfile along: nobody reads old figures as new" test -z "$(ls -A "$dir/textfile")"
plan_end
