#!/bin/bash
# What a channel refuses for good is told by the other channels, whichever process has them: once an hour, and never by
# the one that refuses. A kill -9 between the dead letter and its telling loses nothing.
# shellcheck source=test/integration/lib.sh disable=SC2317,SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/arrive/lib.sh
. "$top/test/arrive/lib.sh"
[ "$(id -u)" -eq 0 ] || { skip "a dead letter is told" "the sentinel follows processes as root"; plan_end; }
command -v python3 >/dev/null || { skip "a dead letter is told" "no python3"; plan_end; }
[ -e "$bin/plugins/email.so" ] || { skip "a dead letter is told" "built without libcurl"; plan_end; }
chmod 755 "$dir"

serve() { # NAME [GATE]: a mail server that refuses, at the port in $dir/NAME.port
	python3 "$top/test/smtp/refuse.py" "$dir/$1.port" "$dir/$1.rcpt" ${2+"$2"} 2>>"$dir/stderr" &
	wait_for 20 test -s "$dir/$1.port"
}
mail() { # NAME
	printf '[channel %s]\nplugin = email\nurl = smtp://127.0.0.1:%s\nfrom = w@localhost\nto = nobody@localhost\ntls = never\nfold = 0s\n' \
		"$1" "$(cat "$dir/$1.port")"
}
conf() { # CHANNELS...: mail by its name; exec "told" and "fails", webhook "hook"
	local name
	{
		printf '[unit a]\nmatch = %s\nprocess = %s\ngrace = 10m\n' "$(name_of a)" "$(name_of a)"
		printf '[rule da]\non = death a\nlimit = 24 per 1s\nthen = alert critical\n'
		for name; do
			case $name in
			told) printf '[channel told]\nplugin = exec\ncommand = %s/told\nfold = 0s\n' "$dir" ;;
			fails) printf '[channel fails]\nplugin = exec\ncommand = %s/fails\nretry-for = 0s\nfold = 0s\nseverity = critical\n' "$dir" ;;
			hook) printf '[channel hook]\nplugin = webhook\nformat = json\nurl = http://127.0.0.1:%s/hook\nrules = none\nfold = 0s\n[rule none]\nwhen = host.available < 1M\nthen = alert info\n' "$hook" ;;
			*) mail "$name" ;;
			esac
		done
	} | write_conf
}
printf '#!/bin/sh\necho "$WATCHDOGD_EVENT $WATCHDOGD_RULE $WATCHDOGD_SEVERITY $WATCHDOGD_ID" >>%s/lines\n' "$dir" >"$dir/told"
printf '#!/bin/sh\necho "$WATCHDOGD_EVENT $WATCHDOGD_RULE" >>%s/failed\nexit 3\n' "$dir" >"$dir/fails"
chmod 755 "$dir/told" "$dir/fails"
install -m 666 /dev/null "$dir/lines"
install -m 666 /dev/null "$dir/failed"
begun_again() { [ -n "$(child_pid wd-messenger)" ] && [ "$(child_pid wd-sentinel)" != "$sentinel" ]; }
lines() { [ "$(grep -c "^$1 " "$dir/lines")" -eq "$2" ]; } # EVENT-AND-RULE N
dead() { of_spool "sum(d['channel'] == '$1' for d in s['dead']) == $2"; } # CHANNEL N

# --- mail refuses, a command tells ---

serve mail && start_receiver
ok $? "a mail server that has no receiver"
conf mail told
start_daemon || { ok 1 "the daemon starts with it, and with a command"; plan_end; }
live a 8 && die a 3
ok $? "three die"
check "the command gets each" wait_for 30 lines 'death da' 3
check "three mails are dead letters" wait_for 30 dead mail 3
check "the command gets that mail refuses" wait_for 30 lines 'refused mail critical' 1
pause 7 # what is not answered is said again after 5 s
check "once for all three" lines 'refused mail critical' 1
check "the mail server got the three, and nothing about itself" test "$(wc -l <"$dir/mail.rcpt")" -eq 3
check "no other line" test "$(wc -l <"$dir/lines")" -eq 4
check "the log has it once" test "$(count_logged 'rule=mail channel mail takes no alerts: .*550 5.1.1')" -eq 1
check "nothing waits" wait_for 10 of_spool "s['alerts'] == []"

# --- a command fails, a webhook tells, though its filters want nothing ---

conf fails hook
check "a reload" ctl reload
die a 1
ok $? "another dies"
check "the command is tried" wait_for 30 grep -q 'death da' "$dir/failed"
check "the webhook gets that it was given up" wait_for 30 posted "[m.body['rule'] for m in a] == ['fails'] and 'takes no alerts: given up after' in a[0].body['title']"
pause 6
check "and nothing else" posted "len(a) == 1"
check "nor does the command that fails hear of itself" test "$(wc -l <"$dir/failed")" -eq 1

# --- kill -9 between the dead letter and its telling ---

serve late "$dir/gate"
ok $? "a mail server that refuses late"
conf late told
check "a reload to it" ctl reload
die a 1
ok $? "another dies"
check "the mail is on its way" wait_for 30 test -s "$dir/late.rcpt"
check "the command has the alert" wait_for 30 lines 'death da' 4
messenger=$(child_pid wd-messenger)
sentinel=$(child_pid wd-sentinel)
kill -STOP "$sentinel"
: >"$dir/gate"
check "it is a dead letter" wait_for 10 dead late 1
check "nobody is told, as the sentinel stands still" lines 'refused late critical' 0
kill -KILL "$messenger" "$sentinel"
check "both are started again" wait_for 20 begun_again
check "and it is told" wait_for 40 lines 'refused late critical' 1
pause 7
check "once" lines 'refused late critical' 1
check "nothing waits in the end" wait_for 20 of_spool "s['alerts'] == []"
stop_daemon
plan_end
