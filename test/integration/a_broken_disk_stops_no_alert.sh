#!/bin/bash
# The state directory on a disk that is full, read-only, or hung: alerts arrive as ever, the next one says what is
# wrong, the ledger stays small, and when the disk is well again what waits is kept there.
# shellcheck source=test/integration/lib.sh disable=SC2317
# A mount namespace of its own: whatever becomes of this script, its mounts go with it.
if [ -z "${WD_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
	WD_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
frozen=
thaw() {
	[ -z "$frozen" ] || fsfreeze -u "$dir/state"
	frozen=
}
trap 'thaw; stop_daemon; umount -l "$dir/state" "$dir/state" 2>/dev/null; cleanup' EXIT
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
	# One that takes all, one run by another process, and one that nobody answers: what waits for it is what the spool is for.
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
		[channel cut]
		plugin = webhook
		format = json
		url    = http://127.0.0.1:1/
		units  = u2
		         u3
		         u4
		fold   = 0s
	CONF
} | write_conf

# die NUMBER...: a process of each of those units; their pids in $victims.
die() {
	local i
	victims=()
	for i; do
		"$dir/wd-disk-$i" 300 &
		victims+=($!)
	done
	pause 1.2 # they are seen
	kill -TERM "${victims[@]}"
	wait "${victims[@]}" 2>/dev/null
}
# Of each alert of a death that arrived, once for each id: "PID TEXT".
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
		        print(pid.group(1), alert["text"].replace("\n", " "))
	PY
}
arrived() { # PID...: each of them
	local pid all
	all=$(texts | cut -d' ' -f1)
	for pid; do grep -qx "$pid" <<<"$all" || return 1; done
}
say() { # REGEX PID...: one of their alerts does
	local regex=$1 pid all
	shift
	all=$(texts)
	for pid; do grep "^$pid " <<<"$all" | grep -qE -- "$regex" && return; done
	return 1
}
waits() { # PID: its alert is in the spool
	python3 - "$dir/state/spool.db" "$1" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
		text = "\n".join(str(row) for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
		                 for row in db.execute("SELECT * FROM \"%s\"" % table))
		sys.exit("(pid %s)" % sys.argv[2] not in text)
	PY
}
listed() { ctl spool | grep -q "cut"; }
told() { grep -q '^u1 death' "$dir/told.out"; }

# --- full ---

dd if=/dev/zero of="$dir/state/filler" bs=1k count=1000 2>/dev/null
start_daemon
started=$?
ok $started "with a full disk the daemon starts"
[ $started -eq 0 ] || plan_end
check "that nothing can be kept is in the log" wait_for 30 logged 'cannot keep alerts on the disk: .*No space left'
die 1
full=("${victims[@]}")
check "an alert arrives at the webhook" wait_for 20 arrived "${full[@]}"
check "and at the command" wait_for 20 told
die 2
full+=("${victims[@]}")
check "the next one does too, though another channel takes nothing" wait_for 20 arrived "${full[@]}"
check "and says what is wrong with the disk" say 'spool.*No space left on device' "${full[@]}"
check "watchdogctl spool says that nothing is kept" sh -c "'$bin/watchdogctl' -s '$dir/run/control' spool 2>&1 | grep -q 'nothing was written to it yet'"
die 3
check "a third one arrives" wait_for 20 arrived "${victims[@]}"
silent() { ! say "$@"; }
check "and does not say it again" silent 'No space left' "${victims[@]}"
rm "$dir/state/filler"
check "with room again, alerts are kept again" wait_for 60 logged 'alerts are kept on the disk again, after'
check "those that wait too, from the full time" wait_for 30 waits "${full[1]}"
check "and the last" wait_for 30 waits "${victims[0]}"
check "they are listed" wait_for 20 listed

stop_daemon
ok $? "it ends with status 0"

# --- read-only, from the start ---

check "(the disk is made read-only)" mount -o remount,ro "$dir/state"
: >"$log"
start_daemon
ok $? "with a read-only disk the daemon starts"
check "that nothing can be kept is in the log" wait_for 30 logged 'cannot keep alerts on the disk: .*([Rr]ead-only|readonly)'
die 4 5
check "alerts arrive" wait_for 20 arrived "${victims[@]}"
check "and say what is wrong" say 'spool.*([Rr]ead-only|readonly)' "${victims[@]}"
check "what waited before is still there to be read" wait_for 20 listed
mount -o remount,rw "$dir/state"
check "when it can be written, alerts are kept again" wait_for 60 logged 'alerts are kept on the disk again, after'
check "that of the read-only time too" wait_for 30 waits "${victims[0]}"
check "those of before are not gone" waits "${full[1]}"
stop_daemon
ok $? "it ends with status 0"

# --- hung ---

# A frozen file system holds up a write as a disk does that does not answer: not even SIGKILL ends who waits for it.
hang() {
	scribe=$(child_pid wd-scribe)
	if [ -n "$disk" ]; then
		fsfreeze -f "$dir/state" && frozen=1
	else
		kill -STOP "$scribe"
	fi
}
disk=
truncate -s 16M "$dir/image"
if [ -z "${NO_LOOP:-}" ] && mkfs.ext4 -q "$dir/image" 2>>"$dir/stderr" && mount -o loop "$dir/image" "$dir/state" 2>>"$dir/stderr"; then
	disk=1
	echo "# hung is a file system that is frozen"
else
	rm -rf "$dir/state/"*
	mount -o remount,size=16m "$dir/state"
	echo "# hung is a scribe that is stopped: no loop device here"
fi
: >"$log"
start_daemon
ok $? "the daemon starts on a disk that is well"
die 2
before=${victims[0]}
check "what waits is kept" wait_for 30 waits "$before"
hang
die 3
hung=("${victims[@]}")
check "when it hangs, an alert arrives all the same" wait_for 20 arrived "${hung[@]}"
for _ in $(seq 15); do
	die 1 3 4 5 6 7 8 9 10
	hung+=("${victims[@]}")
done
check "and many, more than the ledger has room for (${#hung[@]})" wait_for 60 arrived "${hung[@]}"
check "a scribe that hangs is told to main within its limit" wait_for 90 logged "wd-scribe .pid $scribe. hangs: it is killed"
die 6
check "the next alert arrives" wait_for 20 arrived "${victims[@]}"
check "and says so" say 'wd-scribe hangs' "${victims[@]}"
thaw
again() { [ -n "$(child_pid wd-scribe)" ] && [ "$(child_pid wd-scribe)" != "$scribe" ]; }
check "another scribe comes once the disk is well" wait_for 60 again
die 4
check "an alert arrives" wait_for 20 arrived "${victims[@]}"
check "and is kept" wait_for 60 waits "${victims[0]}"
check "as is what hung" wait_for 60 waits "${hung[0]}"
check "and what was there before" waits "$before"
stop_daemon
ok $? "it ends with status 0"
plan_end
