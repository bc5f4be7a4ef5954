#!/bin/bash
# Run by an ordinary user, with no directory prepared, it finds a place of its own, watches what that user may, and
# says once what it may not. Its tools find it. Directories are made with those above them.
# shellcheck disable=SC2317 # called through check
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
uid=61234
own=/tmp/watchdogd-$uid
session=$dir/session
mkdir "$dir/bin" && cp -r "$bin"/watchdogd "$bin"/wd-* "$bin"/watchdogctl "$bin"/plugins "$dir/bin/"
mkdir -m 700 "$session" && chown $uid:$uid "$session"
chmod 755 "$dir"
cd /

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	skip "an ordinary user's daemon" "needs root and setpriv"
	plan_end
fi
if [ -e /run/watchdogd ]; then
	skip "an ordinary user's daemon" "/run/watchdogd is there"
	plan_end
fi

as_user() { # [NAME=VALUE...] COMMAND...
	exec setpriv --reuid=$uid --regid=$uid --clear-groups env -i PATH="$PATH" "$@"
}
start_user() { # [NAME=VALUE...]: its daemon, by the built-in config
	: >"$log"
	as_user "$@" "$dir/bin/watchdogd" 2>>"$log" &
	daemon=$!
	wait_for 10 logged 'watching: '
}
user_ctl() { # [NAME=VALUE...] -- VERB
	local env=()
	while [ "$1" != -- ]; do env+=("$1") && shift; done
	shift
	(as_user "${env[@]}" "$dir/bin/watchdogctl" "$@")
}

rm -rf "$own"
start_user
ok $? "it starts with nothing prepared"
check "it says where its control socket is" logged "control socket $own/control"
check "the directory is that user's alone" test "$(stat -c '%u %a' "$own")" = "$uid 700"
names() { pgrep -l -P "$daemon" | cut -d' ' -f2 | sort | tr '\n' ' '; }
check "without a channel or a log there is neither scribe nor messenger" test "$(names)" = "wd-actor wd-sentinel "
check "watchdogctl finds it without -s" user_ctl -- status
check "and may command it" user_ctl -- reload
check "nothing of it is critical" test "$(count_logged ' critical ')" -eq 0
check "what it may not read is said once" test "$(count_logged '/dev/kmsg')" -eq 1
check "that its memory is not locked is said once" test "$(count_logged 'cannot lock')" -le 1
stop_daemon
ok $? "it ends with status 0"
rm -rf "$own"

start_user XDG_RUNTIME_DIR="$session" HOME="$session"
ok $? "it starts in a session"
check "the socket is in XDG_RUNTIME_DIR" logged "control socket $session/watchdogd/control"
check "and watchdogctl finds it there" user_ctl XDG_RUNTIME_DIR="$session" -- status
check "the state directory is made below HOME" test "$(stat -c %a "$session/.local/state/watchdogd")" = 750
check "nothing is made in /tmp" test ! -e "$own"
stop_daemon

start_user XDG_RUNTIME_DIR=/run
ok $? "a session of another user is not taken"
check "but the place in /tmp" logged "control socket $own/control"
stop_daemon
rm -rf "$own"

# What that user may act on, and what not.
sleep 61235 &
roots=$!
(as_user sleep 61236) &
users=$!
printf '[unit mine]\nmatch = sleep 61236\n[unit roots]\nmatch = sleep 61235\n' >"$conf"
for unit in mine roots; do
	printf '[rule %s]\nwhen = host.available > 1%%\nthen = alert info\n       stop %s\n' $unit $unit
done >>"$conf"
chmod 644 "$conf"
: >"$log"
as_user "$dir/bin/watchdogd" -c "$conf" 2>>"$log" &
daemon=$!
check "it says where its control socket is, with a config too" wait_for 10 logged "control socket $own/control"
check "it stops what is its user's" wait_for 10 logged 'stopped mine'
check "another user's it cannot, and says so at once" \
	wait_for 5 logged 'critical rule=roots unit=roots stop not done: roots after .*: Operation not permitted'
sleep 2
check "without a word of a mark that it never was" test "$(count_logged 'by us no more')" -eq 0
check "and that one lives" kill -0 $roots
stop_daemon
kill $roots $users 2>/dev/null
rm -rf "$own"

# Who was first in /tmp: a link to what the user owns, a directory that others may write, another's.
mkdir "$session/elsewhere" && chown $uid "$session/elsewhere"
refused() { # SENTENCE
	: >"$log"
	(as_user timeout 10 "$dir/bin/watchdogd") 2>>"$log"
	ok $(($? != 1)) "$1: it ends with status 1"
	check "$1: and says why" logged "critical .*$own.*not this user's alone"
	rm -rf "$own"
}
ln -s "$session/elsewhere" "$own"
refused "a link"
check "a link: nothing was made behind it" test -z "$(ls -A "$session/elsewhere")"
mkdir "$own" && chown $uid "$own" && chmod 777 "$own"
refused "a directory that others may write"
mkdir -m 755 "$own"
refused "another user's directory"
check "root's watchdogctl looks at no user's daemon" sh -c "'$bin/watchdogctl' status 2>&1 | grep -q /run/watchdogd/"

# Directories, with those above them.
printf '[watchdogd]\nstate = %s/a/b/state\ncontrol = %s/c/d/control\n' "$dir" "$dir" >"$conf"
: >"$log"
start_daemon
ok $? "directories that are missing are made"
check "that of the socket" test "$(stat -c %a "$dir/c/d")" = 750
check "that of the state" test "$(stat -c %a "$dir/a/b/state")" = 750
stop_daemon
printf '[watchdogd]\nstate = %s/file/state\ncontrol = %s/c/d/control\n' "$dir" "$dir" >"$conf"
: >"$log"
: >"$dir/file"
start_daemon
ok $? "a state directory that cannot be made does not keep it from watching"
check "and is said" logged "cannot make the state directory $dir/file/state: Not a directory"
stop_daemon
RUNTIME_DIRECTORY=$dir/r/one:$dir/r/two STATE_DIRECTORY=$dir/s "$bin/watchdogd" -c /dev/null 2>"$log" &
daemon=$!
wait_for 10 logged 'watching: '
check "RUNTIME_DIRECTORY is used, its first" test -S "$dir/r/one/control"
check "by watchdogctl too" env RUNTIME_DIRECTORY="$dir/r/one:$dir/r/two" "$bin/watchdogctl" status
check "STATE_DIRECTORY is made" test -d "$dir/s"
stop_daemon
plan_end
