#!/bin/bash
# What a rule stopped is started again when there is room, over a kill -9 of the sentinel; in vain, it waits; and a
# person's word counts.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
make_hog

make_cgroup /wdt-tts
make_cgroup /wdt-press
cat >"$dir/start" <<SH
#!/bin/sh
"$hog" 60 >/dev/null 2>&1 &
SH
cat >"$dir/told" <<'SH'
#!/bin/sh
read -r message
echo "$message" >>"$(dirname "$0")/told.out"
SH
chmod 755 "$dir" "$dir/start" "$dir/told"
: >"$dir/told.out"
chmod 666 "$dir/told.out"
write_conf <<CONF
[unit tts]
cgroup = /wdt-tts
start  = $dir/start
grace  = 1s

[unit press]
cgroup = /wdt-press

[rule tight]
when    = press.anon > 40M
clear   = press.anon < 30M
settle  = 1s
then    = alert critical
          stop tts
restore = press.anon < 20M for 1s and host.available > 1%

[channel told]
plugin  = exec
command = $dir/told
CONF
in_cgroup /wdt-tts "$hog" 60 &
in_cgroup /wdt-press "$hog" 2 &
start_daemon
ok $? "the daemon starts"

press=
press() { in_cgroup /wdt-press "$hog" 60 & press=$!; }
ease() { kill "$press"; }
sheds() { # N: for the Nth time
	[ "$(count_logged 'unit=tts stopped tts in')" -ge "$1" ]
}
gives_back() { # N
	[ "$(count_logged 'unit=tts started tts again, after')" -ge "$1" ]
}
says() { ctl status | grep -qE -- "$1"; }
told() { grep -qE -- "$1" "$dir/told.out"; }
runs() { grep -q . /sys/fs/cgroup/memory/wdt-tts/cgroup.procs /sys/fs/cgroup/wdt-tts/cgroup.procs 2>/dev/null; }

wait_for 10 says '^tts +running'
press
check "what presses has it stopped" wait_for 15 sheds 1
check "status says what waits, its peak, and why" wait_for 5 says 'tts \(stopped; at its peak it took 6[0-9] MiB\)'
check "which is that its rule fires" says 'rule tight fires'
check "as JSON too" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status --json | grep -q '\"restore\":\"rule tight fires\"'"
kill -KILL "$(child_pid wd-sentinel)"
check "a sentinel that was killed knows of it" wait_for 10 says 'rule tight fires'
check "and started nothing" sh -c "! grep -q 'start tts again' '$log'"
ease
check "it is started again when there is room" wait_for 20 gives_back 1
check "and runs" runs
check "its shedding and its return are one thread, the all-clear between" wait_for 5 told '"told":"resolved".*started tts again, after'
one_thread() { [ "$(grep -o '"thread":"[^"]*"' "$dir/told.out" | sort -u | wc -l)" -eq 1 ]; }
check "which is so in what was told" one_thread
check "and the all-clear said that it was still stopped" told '"told":"resolved".*tts is still stopped'

press
check "pressure that comes back has it stopped again" wait_for 15 sheds 2
ease
check "then it waits: it was given back in vain" wait_for 15 says 'given back in vain 1 time: there must be room for 6 h'
kill -KILL "$(child_pid wd-sentinel)"
check "which no kill forgets" wait_for 15 says 'given back in vain 1 time'
check "status says how its peak is forgotten" says '.watchdogctl retry tts. forgets that peak'
check "a person's retry ends the wait" ctl retry tts
check "and forgets the peak" sh -c "! '$bin/watchdogctl' -s '$dir/run/control' status | grep -qE 'forgets that peak|at its peak it took'"
check "and it is started" wait_for 20 gives_back 2

press
check "it is shed a third time" wait_for 15 sheds 3
sed -i /^restore/d "$conf"
answers() { ctl reload | grep -q 'tts was stopped by watchdogd and stays so: no rule of it has a .restore. any more'; }
check "a reload that takes the last restore away names it" answers
check "what is told has the command that starts it" wait_for 5 told 'tts is still stopped \(started by [^ ]+/start\)'
check "and status says so" wait_for 5 says 'none of its rules has a .restore.'
in_cgroup /wdt-tts "$hog" 5 &
check "a person's start ends our mark" wait_for 5 logged 'unit=tts it runs again, and not by our doing'
ease
stop_daemon
ok $? "it ends with status 0"
plan_end
