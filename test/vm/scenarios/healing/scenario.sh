# The validation list of the post-mortem, done literally with systemd units; and what may not be taken for a death.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

log_dir=/var/log/claudir/nodira

say_in_log() { mkdir -p $log_dir; printf '%s\n' "$1" >>$log_dir/claudir.log; }

main_pid_of() { systemctl show -P MainPID "$1"; }

# The pid of a unit's claude is another than that one, and not none.
has_new_claude() { new=$(claude_of "$1"); [ "$new" != 0 ] && [ "$new" != "$2" ]; }
is_state() { [ "$(unit_property "$1" ActiveState)" = "$2" ]; }
has_new_invocation() { [ "$(unit_property "$1" InvocationID)" != "$2" ] && is_state "$1" active; }

# note_kill NAME PID MS
note_kill() { fact "$1_pid" "$2"; fact "$1_at_ms" "$3"; }

# end_claude UNIT SIGNAL NAME: kills it, and notes pid and time.
end_claude() {
	old=$(claude_of "$1")
	# shellcheck disable=SC2046 # two words
	note_kill "$3" $(/opt/vm/bin/killer "$2" "$old")
}

# What the daemon knows now, whole: the checker reads times from it.
note_status() { /opt/watchdogd/watchdogctl status --json >"$results/status-$1.json"; /opt/watchdogd/watchdogctl status >"$results/status-$1"; }

cat >/opt/vm/bin/is-alive <<'END'
#!/bin/sh
[ ! -e /run/vm/mute ] || { echo "no answer on its socket"; exit 1; }
END
chmod 755 /opt/vm/bin/is-alive

mkdir -p $log_dir
chmod 700 $log_dir
: >$log_dir/claudir.log
systemctl start nodira mirzo careful leaver healed mute talker
for name in nodira mirzo careful healed; do
	wait_until 60 exists /run/vm/$name.full || say "load $name did not fill"
done
start_daemon
sleep 6
note_units before
/opt/watchdogd/watchdogctl check >"$results"/check-output 2>&1 || true

# 1. "kill the claude subprocess, verify detection and restart"
end_claude nodira 9 killed
wait_until 60 has_new_claude nodira "$old" && fact killed_back "$(claude_of nodira)"
sleep 5
note_status killed

# 2. "inject error, verify it is told"; three in five minutes restart the bot.
say_in_log '{"type":"error","message":"API overloaded"}'
sleep 2
note_status error
nodira_invocation=$(unit_property nodira InvocationID)
say_in_log 'Parse error: expected value at line 1 column 1'
say_in_log 'debug: No structured   output in result'
wait_until 30 has_new_invocation nodira "$nodira_invocation" && fact errors_restarted 1
: >/run/vm/talk
sleep 6
note_status errors

# 3. A person's stop is no death, of one that dies by the signal and of one that then exits 0.
fact stop_at "$(uptime_s)"
systemctl stop mirzo leaver
sleep 8
fact mirzo_stopped "$(unit_property mirzo ActiveState)"
fact leaver_stopped "$(unit_property leaver ActiveState)"
note_status stopped
systemctl start mirzo leaver
# Nor where CPU is short: systemd's word on its jobs is late then.
for spinner in 1 2; do timeout 12 sh -c 'while :; do :; done' & done
for stop in 1 2 3 4 5 6; do
	sleep 1
	systemctl stop leaver
	sleep 0.5
	systemctl start leaver
done
wait
: "$spinner" "$stop"
note_status stops
wait_until 60 has_new_claude mirzo 0
sleep 4

# 4. One that exits 0 by itself is dead, and comes back.
leaver_invocation=$(unit_property leaver InvocationID)
: >/run/vm/leave
wait_until 40 has_new_invocation leaver "$leaver_invocation" && fact leaver_back 1
sleep 4

# 5. What heals itself is left alone: a parent that starts its child again, a unit that systemd restarts.
careful_invocation=$(unit_property careful InvocationID)
end_claude careful 11 careful
wait_until 20 has_new_claude careful "$old" && fact careful_back 1
healed_restarts=$(unit_property healed NRestarts)
end_claude healed 9 healed
wait_until 20 has_new_claude healed "$old" && fact healed_back 1
sleep 6
note_status careful
[ "$(unit_property careful InvocationID)" = "$careful_invocation" ] && fact careful_left_alone 1
fact healed_restarts $(($(unit_property healed NRestarts) - healed_restarts))

# 6. Both bots at once: one by one, the one with the higher priority first.
sleep 20
nodira_invocation=$(unit_property nodira InvocationID)
mirzo_invocation=$(unit_property mirzo InvocationID)
nodira_old=$(claude_of nodira)
end_claude mirzo 9 both
/opt/vm/bin/killer 9 "$nodira_old" >/dev/null
wait_until 90 has_new_claude nodira "$nodira_old"
note_status both
fact both_nodira_us "$(unit_property nodira ActiveEnterTimestampMonotonic)"
fact both_mirzo_us "$(unit_property mirzo ActiveEnterTimestampMonotonic)"
has_new_invocation mirzo "$mirzo_invocation" && fact both_mirzo_back 1
has_new_invocation nodira "$nodira_invocation" && fact both_nodira_back 1

# 7. One that does not answer its `alive` command.
mute_invocation=$(unit_property mute InvocationID)
: >/run/vm/mute
wait_until 60 has_new_invocation mute "$mute_invocation" && fact mute_back 1
sleep 3
note_status mute

# 8. One that always ends is given up; a person's retry begins anew.
systemctl start crasher
is_given_up() { /opt/watchdogd/watchdogctl status | grep -q 'crashed .*given up'; }
wait_until 90 is_given_up && fact crasher_given_up 1
/opt/watchdogd/watchdogctl retry crasher >"$results"/retry 2>&1
fact retry_status $?
sleep 5
note_status crasher

# 9. How soon is a death told, with nothing else going on: ten times, of a bot whose parent starts it again.
systemctl stop leaver healed crasher mute talker
sleep 10
/opt/vm/bin/killer 9 "$slice/careful.service" claude 10 3000 >"$results/kills"
sleep 1
note_status timed
note_units after
