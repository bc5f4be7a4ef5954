#!/bin/bash
# What Prometheus is given is what it takes: its own tools check the metrics and the rules, a real Prometheus scrapes
# the endpoint and answers from it, and the dashboard asks in words that it understands.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
touch "$log"
cd "$top" || exit 1
rules=conf/prometheus/watchdogd.rules.yml
board=conf/prometheus/grafana-watchdogd.json

command -v python3 >/dev/null || { skip "Prometheus takes the metrics and the rules" "no python3 here"; plan_end; }
promtool=$(test/get-program prometheus promtool 2>"$dir/why") || {
	skip "Prometheus takes the metrics and the rules" "$(cat "$dir/why")"
	plan_end
}
prometheus=$(test/get-program prometheus prometheus) || exit 1

# --- the rules and the dashboard ---

check "promtool takes the rules" "$promtool" check rules "$rules"
check "promtool takes the example config" "$promtool" check config conf/prometheus/prometheus.yml
check "each alert fires on its trouble, in its time, and on no other" "$promtool" test rules test/data/prometheus/watchdogd.test.yml
alerts=$(sed -n 's/^ *- alert: //p' "$rules" | sort)
untested=
for alert in $alerts; do
	grep -q "alertname=\"$alert\"" test/data/prometheus/watchdogd.test.yml || untested="$untested $alert"
done
ok $((${#untested} > 0)) "and each has its test${untested:+, but for$untested}"

# Each expression as a recording rule, with the dashboard's variables filled in.
queries() {
	python3 - "$board" <<-'END'
		import json, re, sys
		board = json.load(open(sys.argv[1]))
		assert board["schemaVersion"] >= 30 and board["title"] and board["uid"]
		names = {v["name"] for v in board["templating"]["list"]}
		ids = [p["id"] for p in board["panels"]]
		assert len(ids) == len(set(ids))
		asked = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
		asked += [a["expr"] for a in board["annotations"]["list"] if "expr" in a]
		print("groups: [{name: dashboard, rules: [")
		for i, expr in enumerate(asked):
		    expr = expr.replace("$__rate_interval", "5m")
		    assert set(re.findall(r"\$(\w+)", expr)) <= names, expr
		    print("{record: 'r%d', expr: %s}," % (i, json.dumps(re.sub(r"\$\w+", ".*", expr))))
		print("]}]")
		for p in board["panels"]:
		    g = p["gridPos"]
		    assert g["x"] + g["w"] <= 24, p["title"]
		    assert p["type"] == "row" or p["datasource"]["uid"] == "${datasource}", p["title"]
	END
}
queries >"$dir/queries.yml" 2>"$dir/queries.err"
ok $? "the dashboard is whole"
check "and Prometheus understands what it asks" "$promtool" check rules "$dir/queries.yml"

# --- the textfile ---

mkdir -p build/test
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Iwatchdogd -o "$dir/scraped" test/integration/scraped.c test/unit/make_page.c \
	"$bin/libwatchdogd.a" -ldl 2>"$dir/stderr"
ok $? "a worker with a made-up page is built"
"$dir/scraped" "$bin/plugins/textfile.so" "" "$dir/watchdogd.prom" 2>>"$log" &
check "the textfile is written" wait_for 20 test -s "$dir/watchdogd.prom"
out=$("$promtool" check metrics <"$dir/watchdogd.prom" 2>&1)
ok $? "promtool takes it${out:+: $out}"
ok ${#out} "and finds nothing to say"

# --- the endpoint ---

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
endpoint=127.0.0.1:$(free_port)
server=127.0.0.1:$(free_port)
"$dir/scraped" "$bin/plugins/prometheus.so" "$endpoint" "" 2>>"$log" &
check "the endpoint is there" wait_for 20 logged "the metrics are at http://$endpoint/metrics"
cat >"$dir/prometheus.yml" <<-END
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: [$top/$rules, $dir/queries.yml]
	scrape_configs:
	  - job_name: watchdogd
	    static_configs: [{targets: ["$endpoint"]}]
END
"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="$server" \
	--log.level=warn >"$dir/prometheus.log" 2>&1 &

# shellcheck disable=SC2317 # called by wait_for
# ask QUERY: what Prometheus answers, a line "VALUE LABELS" a series.
ask() {
	python3 - "$server" "$1" <<-'END'
		import json, sys, urllib.parse, urllib.request
		url = "http://%s/api/v1/query?query=%s" % (sys.argv[1], urllib.parse.quote(sys.argv[2]))
		for row in json.load(urllib.request.urlopen(url, timeout=10))["data"]["result"]:
		    print(row["value"][1], json.dumps(row["metric"], sort_keys=True))
	END
}
# shellcheck disable=SC2317
answers() { # QUERY REGEX: a line of the answer
	ask "$1" | grep -qE -- "$2"
}
check "Prometheus scrapes it" wait_for 60 answers 'up{job="watchdogd"}' '^1 '
check "and knows a unit's memory" answers 'watchdogd_unit_anon_bytes{unit="nodira"}' '^4294967296 '
check "and how a counter grows" wait_for 60 answers 'increase(watchdogd_looks_total[1m]) > 0' '^[0-9.]+ '
check "and the type and unit of OpenMetrics" sh -c "python3 -c '
import json, urllib.request
data = json.load(urllib.request.urlopen(\"http://$server/api/v1/metadata\", timeout=10))[\"data\"]
assert data[\"watchdogd_unit_anon_bytes\"][0][\"type\"] == \"gauge\"
assert data[\"watchdogd_unit_anon_bytes\"][0][\"unit\"] == \"bytes\"
assert [v[0][\"type\"] for k, v in data.items() if k.startswith(\"watchdogd_alerts\")] == [\"counter\"]
'"
check "a hostile name is one label's value" answers 'watchdogd_unit_status{status="unseen"} == 1' \
	'"unit": "a\\"b\\\\c\\nd\\ufffd\\ufffd\[31m\\ufffd\\u00e9\} 1 2\\ufffd"'
check "and the rules fire on it" wait_for 60 answers 'ALERTS{alertname="WatchdogdOomKill"} or ALERTS{alertname="WatchdogdSourceBlind"}' '^1 .*WatchdogdSourceBlind'
python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())' \
	"http://$server/metrics" | grep '^prometheus_rule_evaluation_failures_total' >"$dir/failures"
# shellcheck disable=SC2016 # awk.s
check "no rule and no question of the dashboard fails" awk '$NF != 0 {bad = 1} END {exit bad || NR < 5}' "$dir/failures"
ok "$(grep -cE 'level=(warn|error)' "$dir/prometheus.log")" "Prometheus has nothing to complain of"
grep -E 'level=(warn|error)' "$dir/prometheus.log" >&2
plan_end
