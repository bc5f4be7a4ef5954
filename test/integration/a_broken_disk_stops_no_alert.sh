#!/bin/bash
# The state directory on a disk that is full, read-only, or hung: alerts arrive as ever, the next one says what is
# wrong, the ledger stays small, and when the disk is well again what waits is kept there.
# shellcheck source=test/integration/lib.sh disable=SC2317
# A mount namespace of its own: whatever becomes of this script, its mounts go with it.
if [ -z "${WD_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
	WD_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
mkdir "$dir/state"
if [ -z "${WD_OWN_MOUNTS:-}" ] || ! mount -t tmpfs -o size=200k,mode=755 disk "$dir/state" 2>/dev/null; then
	skip "a broken disk stops no alert" "nothing can be mounted here"
	plan_end
fi
chmod 755 "$dir"
units=10
for i in $(seq $units); do cp "$(command -v sleep)" "$dir/wd-disk-$i"; done
python3 "$top/test/integration/receiver.py" "$dir/port" "$dir/taken" &
wait_for 20 test -s "$dir/port"
cat >"$dir/command" <<'SH'
#!/bin/sh
echo "$WATCHDOGD_UNIT $WATCHDOGD_EVENT" >>"$(dirname "$0")/told.out"
SH
chmod 755 "$dir/command"
: >"$dir/taken"
: >"$dir/told.out"
chmod 666 "$dir/told.out"
{
	for i in $(seq $units); do
		printf '[unit u%s]\nmatch = wd-disk-%s\nprocess = wd-disk-%s\n[rule r%s]\non = death u%s\nlimit = 24 per 1s\nthen = alert critical\n' \
			"$i" "$i" "$i" "$i" "$i"
	done
	cat <<-CONF
		[channel hook]
		plugin = webhook
		format = json
		url    = http://127.0.0.1:$(cat "$dir/port")/alerts
		fold   = 0s
		[channel told]
		plugin  = exec
		command = $dir/command
		units   = u1
		fold    = 0s
	CONF
} | write_conf

# die NUMBER [COUNT]: so many processes of that unit; their pids in $victims.
die() {
	local i
	victims=()
	for i in $(seq "${2:-1}"); do
		"$dir/wd-disk-$1" 300 &
		victims+=($!)
	done
	pause 1.2 # they are seen
	kill -TERM "${victims[@]}"
	wait "${victims[@]}" 2>/dev/null
}
# texts: of each alert of a death that arrived, once an id: "PID TEXT"
texts() {
	python3 - "$dir/taken" <<-'PY'
		import json, re, sys
		seen = set()
		for line in open(sys.argv[1], encoding="utf-8"):
		    request = json.loads(line)
		    alert = json.loads(request["body"])
		    pid = re.search(r"wd-disk-\d+ \(pid (\d+)\)", alert["text"])
		    if alert["told"] == "alert" and pid and request["key"] not in seen:
		        seen.add(request["key"])
		        print(pid.group(1), json.dumps(alert))
	PY
}
arrived() { # PID...: each of them
	local pid all
	all=$(texts | cut -d' ' -f1)
	for pid; do grep -qx "$pid" <<<"$all" || return 1; done
}
says() { # PID REGEX: its alert
	texts | grep "^$1 " | grep -qE -- "$2"
}
spooled() { # PID: its alert is in the database
	python3 - "$dir/state/spool.db" "$1" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
		text = "\n".join(str(row) for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
		                 for row in db.execute("SELECT * FROM \"%s\"" % table))
		sys.exit("(pid %s)" % sys.argv[2] not in text)
	PY
}

# --- full ---

dd if=/dev/zero of="$dir/state/filler" bs=1k count=1000 2>/dev/null
start_daemon -v
ok $? "with a full disk the daemon starts"
check "that nothing can be kept is told in the log" wait_for 30 logged 'cannot keep alerts on the disk'
die 1
check "an alert arrives at the webhook" wait_for 20 arrived "${victims[@]}"
told() { grep -q '^u1 death' "$dir/told.out"; }
check "and at the command" wait_for 20 told
check "the log says that the spool cannot be written" wait_for 20 logged 'the spool cannot be written: '
die 2
check "the next one too" wait_for 20 arrived "${victims[@]}"
sleep 1
texts
ctl status | tail -5
ctl spool
rm "$dir/state/filler"
check "room again" wait_for 60 logged 'alerts are kept on the disk again'
die 3
wait_for 20 arrived "${victims[@]}"
texts
check spooled wait_for 20 spooled "${victims[@]}"

# hung
kill -STOP "$(child_pid wd-scribe)"
die 4
wait_for 20 arrived "${victims[@]}"
check hangs wait_for 60 logged 'wd-scribe.*hangs'
die 5
wait_for 20 arrived "${victims[@]}"
texts
stop_daemon
failures=1
plan_end
