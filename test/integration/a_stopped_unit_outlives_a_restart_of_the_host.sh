#!/bin/bash
# A restart of the host takes the ledger with /run: what the daemon had stopped is still known as stopped by it, until
# the unit runs again, and who got an alert that was open hears how it ended. Then the same with a disk that could not
# be written for a time.
# shellcheck source=test/integration/lib.sh disable=SC2317
# A mount namespace of its own: whatever becomes of this script, its mounts go with it.
if [ -z "${WD_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
	WD_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
boot_file=/proc/sys/kernel/random/boot_id
trap 'stop_daemon; umount -l "$dir/state" "$boot_file" 2>/dev/null; cleanup' EXIT
boots=0
boot() { # as the kernel gives them: another each time
	boots=$((boots + 1))
	printf '%08d-1111-2222-3333-444444444444\n' "$boots" >"$dir/boot_id"
}
boot
mkdir "$dir/state"
if [ -z "${WD_OWN_MOUNTS:-}" ] || ! mount --bind "$dir/boot_id" "$boot_file" 2>/dev/null ||
	! mount -t tmpfs -o size=4m,mode=755 disk "$dir/state" 2>/dev/null; then
	skip "a stopped unit outlives a restart of the host" "nothing can be mounted here"
	plan_end
fi
chmod 755 "$dir"
make_hog
make_cgroup /wdt-xtts
: >"$dir/told.out"
chmod 666 "$dir/told.out"
cat >"$dir/told" <<'SH'
#!/bin/sh
echo "$WATCHDOGD_RULE $WATCHDOGD_TEXT" >>"$(dirname "$0")/told.out"
SH
chmod 755 "$dir/told"
config() { # RULE...: further ones
	write_conf <<-CONF
		[unit xtts]
		cgroup = /wdt-xtts
		[rule big]
		when = xtts.memory > 40M
		then = alert warning
		       stop xtts
		[rule low]
		when  = host.available > 1%
		clear = host.available < 1%
		then  = alert critical
		[channel told]
		plugin  = exec
		command = $dir/told
		fold    = 0s
	CONF
}
config
# What the disk has of that kind: KIND and NAME, a line each.
on_disk() { # KIND NAME
	python3 - "$dir/state/spool.db" "$1" "$2" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
		sys.exit(not db.execute("SELECT 1 FROM lasting WHERE kind = ? AND unit || rule = ?",
		                        (int(sys.argv[2]), sys.argv[3])).fetchall())
	PY
}
life() { python3 -c "
import sqlite3
print(sqlite3.connect('file:$dir/state/spool.db?mode=ro', uri=True).execute('SELECT life FROM ledger').fetchone()[0])"; }
not_on_disk() { test -s "$dir/state/spool.db" && ! on_disk "$@"; }
kill_all() {
	local children
	[ -n "$daemon" ] || return 0
	read -ra children <<<"$(ps -o pid= --ppid "$daemon" | tr '\n' ' ')"
	kill -STOP "$daemon" # wd-scribe, were main gone first, would end in order
	kill -KILL "${children[@]}" "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=
	cat "$log" >>"$log.before"
	: >"$log"
}
# reboot: what runs is not stopped in order, and what is in memory is gone.
reboot() {
	kill_all
	cgroup_empty /wdt-xtts
	rm -rf "$dir/run"
	boot
}
mark_is() { # WORD: of status, "None" for none
	ctl status --json | python3 -c "
import json, sys
sys.exit(str(json.load(sys.stdin)['units'][0]['mark']) != '$1')"
}
is_marked() { mark_is stopped; }
is_not_marked() { mark_is None; }
told() { grep -qE -- "$1" "$dir/told.out"; }

# --- stopped, then the host is restarted ---

in_cgroup /wdt-xtts "$hog" 60 &
start_daemon
ok $? "the daemon starts"
check "a unit is stopped" wait_for 15 logged 'rule=big unit=xtts stopped xtts'
check "the disk has that at once" wait_for 5 on_disk 0 xtts
check "and that an alert is open" wait_for 5 on_disk 2 low
reboot
start_daemon
ok $? "after a restart of the host the daemon starts"
check "it says that the unit is stopped by it" wait_for 10 logged 'unit=xtts it is stopped by us still, since .*, before the host was restarted'
check "status shows so" wait_for 5 is_marked
check "the alert that was open ends, and says why" wait_for 10 told '^low the host was restarted at [0-2][0-9]:[0-5][0-9] UTC'
check "a new one begins" wait_for 10 sh -c "grep -c '^low .*host.available' '$dir/told.out' | grep -qx 2"
check "that of the restart is told once" test "$(grep -c '^low the host was restarted' "$dir/told.out")" = 1

# --- killed at once, and the ledger is there: nothing comes twice ---

kill_all
start_daemon
ok $? "after a kill -9 of everything it starts again"
check "the unit is marked as before" wait_for 5 is_marked
pause 1
check "nothing is taken from the disk again" sh -c "! grep -q 'before the host was restarted' '$log'"
check "and nothing told again" test "$(grep -c '^low the host was restarted' "$dir/told.out")" = 1

# --- once more, and systemd (here a person) starts the unit ---

reboot
start_daemon
check "over another restart it is marked still" wait_for 10 is_marked
in_cgroup /wdt-xtts "$hog" 10 &
check "when it is seen to run the mark ends, and that is said" wait_for 10 logged 'unit=xtts it runs again, and not by our doing: it is stopped by us no more'
check "on the disk too" wait_for 5 not_on_disk 0 xtts
cgroup_empty /wdt-xtts
scribe=$(child_pid wd-scribe)
kill -KILL "$scribe"
again() { [ -n "$(child_pid wd-scribe)" ] && [ "$(child_pid wd-scribe)" != "$scribe" ]; }
check "a scribe that is killed comes again" wait_for 10 again
pause 1
check "and does not bring the mark back" is_not_marked
reboot
start_daemon
check "nor does a restart of the host" wait_for 5 is_not_marked
pause 0.5
check "nothing is said of it" sh -c "! grep -q 'by us' '$log'"

# --- a disk that cannot be written costs this alone ---

stop_daemon
ok $? "it ends with status 0"
: >"$log"
mount -o remount,ro "$dir/state"
in_cgroup /wdt-xtts "$hog" 60 &
start_daemon
ok $? "with a read-only disk the daemon starts"
check "the unit is stopped" wait_for 15 logged 'rule=big unit=xtts stopped xtts'
check "what a restart of the host would forget is said" wait_for 15 logged 'cannot keep alerts on the disk: .*a restart of the host would forget which units are stopped'
mount -o remount,rw "$dir/state"
check "when it can be written the disk has it" wait_for 15 on_disk 0 xtts

# --- one that cannot be written after a restart of the host is read all the same ---

reboot
dd if=/dev/zero of="$dir/state/filler" bs=1k count=8000 2>/dev/null
start_daemon
check "from a full disk it is read" wait_for 15 is_marked
stop_daemon
ok $? "it ends with status 0"
reboot
dd if=/dev/zero of="$dir/state/filler" bs=1k count=8000 2>/dev/null # also what the spool's index had
start_daemon
check "from a full disk on which there is no index either" wait_for 15 is_marked
check "that nothing can be kept there is told" wait_for 5 logged 'cannot keep alerts on the disk: .*No space left on device'
rm "$dir/state/filler"
check "with room it is kept again" wait_for 15 logged 'alerts are kept on the disk again'
stop_daemon
reboot
mount -o remount,ro "$dir/state"
start_daemon
check "from a read-only disk it is read" wait_for 15 is_marked
check "that nothing can be kept there is told" wait_for 5 logged 'cannot keep alerts on the disk: .*Read-only file system'
mount -o remount,rw "$dir/state"
stop_daemon

# --- a dry run, which knows of nothing, leaves the disk as it is ---

start_daemon
check "(a disk with room)" wait_for 15 is_marked
stop_daemon
kept=$(life)
: >"$log"
start_daemon --dry-run
ok $? "a dry run starts"
check "and does not know what is stopped" is_not_marked
pause 1.5
stop_daemon
ok $? "it ends with status 0"
check "the disk has it still" on_disk 0 xtts
check "as the daemon wrote it" test -n "$kept" -a "$kept" = "$(life)"

# --- and `restore` gives it back after one ---

cat >"$dir/start" <<SH
#!/bin/sh
exec "$hog" 30 >/dev/null 2>&1 &
SH
chmod 755 "$dir/start"
restore() { # PERCENT
	write_conf <<-CONF
		[unit xtts]
		cgroup = /wdt-xtts
		start  = $dir/start
		grace  = 1s
		[rule big]
		when    = xtts.memory > 40M
		clear   = host.available > 1% for 1s
		then    = stop xtts
		restore = host.available > $1%
	CONF
}
rm -f "$dir"/state/*
restore 99.9
: >"$log"
in_cgroup /wdt-xtts "$hog" 60 &
start_daemon
check "the unit is stopped" wait_for 15 logged 'unit=xtts stopped xtts'
check "the disk has it" wait_for 5 on_disk 0 xtts
check "and what it used" wait_for 5 on_disk 1 xtts
reboot
restore 1
start_daemon
check "after a restart of the host it is given back" wait_for 30 logged 'unit=xtts started xtts again'
check "for what it used before" logged 'at its peak it takes 6[0-9] MiB'
check "and is no longer on the disk" wait_for 5 not_on_disk 0 xtts
stop_daemon
ok $? "it ends with status 0"
plan_end
