#!/bin/bash
# A real Alertmanager takes the alerts of format alertmanager, keeps them beyond its resolve_timeout, and resolves them
# with the all-clear, under whatever severity they came.
# shellcheck disable=SC2317 # called through check
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/vendors/server.sh
. "$(dirname "$0")/../vendors/server.sh"

alertmanager=$("$top/test/get-program" prometheus-alertmanager prometheus-alertmanager 2>"$dir/why") || {
	skip "alerts reach a real Alertmanager" "$(cat "$dir/why")"
	plan_end
}

# Its template lies in /usr/share, where one that is only unpacked has it in a mount namespace of its own.
in_place() { # WORDS...
	case $alertmanager in
	"$top"/build/*)
		ln -sfn "${alertmanager%/bin/*}/share" "$dir/share"
		# shellcheck disable=SC2016,SC2046 # of that shell; no word at all for root
		exec unshare $([ "$(id -u)" = 0 ] || echo -r) -m sh -c \
			'mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share && exec "$@"' "$dir/share" "$@"
		;;
	*) exec "$@" ;;
	esac
}
(in_place true) 2>"$dir/why" || {
	skip "alerts reach a real Alertmanager" "it is not installed, and $(tail -n 1 "$dir/why")"
	plan_end
}

# A port that is free now.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

api() { # the alerts that it has, as JSON
	python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())' \
		"http://127.0.0.1:$alert_port/api/v2/$1"
}

# has EXPRESSION: true of the alerts (a) that it has, in Python.
has() {
	api alerts | python3 -c 'import json, sys; a = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))' "$1"
}

# noted EXPRESSION: true of the alerts (a) that it has notified of, as labels' severity and status.
noted() {
	python3 -c '
import json, sys
a = {(x["labels"]["severity"], x["status"]) for line in open(sys.argv[1]) for x in json.loads(line)["body"]["alerts"]}
sys.exit(not eval(sys.argv[2]))' "$dir/hook/noted" "$1"
}

# tell TOLD SEVERITY TEXT: by the channel.
tell() {
	number=$((${number:-0} + 1))
	cat >"$dir/fields" <<-END
		name=am
		format=alertmanager
		template=$top/conf/formats/alertmanager.tmpl
		url=http://127.0.0.1:$alert_port/api/v2/alerts
		id=id-$number
		thread=id-1
		told=$1
		severity=$2
		rule=oom
		unit=nodira
		host=host-1
		at=$(date +%s%3N)
		subject=[$2] nodira: $3
		text=$3
		send
	END
	"$send" "$bin/plugins/webhook.so" "$dir/fields" >"$dir/sent" 2>&1 && grep -q '^sent 1 taken' "$dir/sent"
}

make_webhook_send || exit 1
start_vendors hook || exit 1
alert_port=$(free_port)
cat >"$dir/alertmanager.yml" <<END
global: {resolve_timeout: 1s}
route: {receiver: hook, group_by: [severity], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:$port/note", send_resolved: true}]}]
END
in_place "$alertmanager" --config.file="$dir/alertmanager.yml" --storage.path="$dir/am" --cluster.listen-address= \
	--web.listen-address="127.0.0.1:$alert_port" >"$log" 2>&1 &
wait_for 60 api status || { tail "$log" >&2; exit 1; }

check "an alert is taken" tell alert critical 'claude killed%0d%0a"}],"labels":{"a":"b"}'
is="a[0]['labels'] == {'alertname': 'oom', 'severity': 'critical', 'unit': 'nodira', 'rule': 'oom', 'instance': 'host-1', 'job': 'watchdogd'}"
check "it has it, by its labels" wait_for 20 has "len(a) == 1 and $is"
check "its text is as it was sent" has "a[0]['annotations']['description'] == 'claude killed\\r\\n\"}],\"labels\":{\"a\":\"b\"}'"
check "its receiver is notified" wait_for 60 noted "('critical', 'firing') in a"
check "a result adds no alert" tell result info "restarted after 23 s"
check "the same again, in a firing that got worse, is another alert" tell alert warning "getting tight"
check "it has both" wait_for 20 has "len(a) == 2"
pause 4
check "silence does not resolve them, its resolve_timeout notwithstanding" has "len(a) == 2"
check "the all-clear, as info, is taken" tell resolved info "resolved, after 4 min"
check "both are resolved: it has none" wait_for 30 has "len(a) == 0"
check "its receiver is told so of both" wait_for 60 noted "{('critical', 'resolved'), ('warning', 'resolved')} <= a"
check "and of nothing that never was" noted "not [x for x in a if x[0] == 'info']"
plan_end
