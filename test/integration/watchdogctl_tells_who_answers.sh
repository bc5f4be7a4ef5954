#!/bin/bash
# What is asked of a daemon that is stopped, gone, or another user's is told as it is, with the page's exit statuses;
# a dry run does nothing, and says what it would do once a firing.
# shellcheck disable=SC2317 # called through check
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir "$dir/bin" && cp "$bin/watchdogctl" "$dir/bin/"
chmod 755 "$dir"
write_conf <<CONF
[unit sleeper]
match = sleep 61234
group = bots

[rule large]
each  = bots
when  = unit.memory > 1K
limit = 1 per 1h
then  = alert warning

[rule always]
when = host.available > 1%
clear = host.available < 1%
settle = 1s
then = alert warning
       stop sleeper
       kill sleeper
CONF
sleep 61234 &
sleeper=$!
start_daemon -n
ok $? "a dry run starts"
check "it says what it is" logged 'watching: 1 unit, 2 rules; dry run: no action is taken'
wait_for 10 logged 'would kill sleeper'
ok $? "it walks the ladder"
sleep 5
check "each step is said once a firing" test "$(count_logged 'dry run: would')" -eq 2
check "and nothing is done" kill -0 $sleeper
check "status says that it is a dry run" sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -q '^dry run'"
check "status fits 80 columns" sh -c "! '$bin/watchdogctl' -s '$dir/run/control' status | grep -qE '^.{81}'"
check "a ladder at its end stands at its last step" \
	sh -c "'$bin/watchdogctl' -s '$dir/run/control' status | grep -qE '^always .* standing +3 '"

gives() { # STATUS REGEX SENTENCE COMMAND...: that status, that line
	local want=$1 regex=$2 sentence=$3
	shift 3
	timeout 20 "$@" >"$dir/out" 2>&1
	local status=$?
	[ $status -eq "$want" ] && grep -qE -- "$regex" "$dir/out"
	ok $? "$sentence"
}
other() { setpriv --reuid=61234 --regid=61234 --clear-groups "$dir/bin/watchdogctl" -s "$dir/run/control" "$@"; }
export -f other
export dir
gives 1 'Permission denied; only root may command' "another user may not reload" bash -c 'other reload'
gives 1 'Permission denied; root and the group' "nor read the status" bash -c 'other status'
gives 1 'Permission denied; only root may command' "nor retry" bash -c 'other retry sleeper'

retry() { "$bin/watchdogctl" -s "$dir/run/control" retry "$@"; }
export -f retry
export bin
gives 0 '^ok: nothing was given up for sleeper; its back-off is cleared' "a retry of what is well says so" bash -c 'retry sleeper'
gives 1 '^error: there is no unit "sleper"' "one of no unit is refused" bash -c 'retry sleper'
gives 2 '^usage: watchdogctl .* retry UNIT' "one without a unit is shown how" bash -c retry
gives 2 'is no name of a unit' "one of no name is not even asked" bash -c "retry 'x y'"
wait_for 5 logged 'warning rule=large .*> 1'
sed -i 's/unit.memory > 1K/unit.memory > 2K/' "$conf"
ctl reload >/dev/null
given_up() { ctl status | grep -qE '^large .* given up'; }
check "a rule beyond its limit is given up" wait_for 5 given_up
gives 0 '^ok: sleeper: rule large begins anew' "a retry says what begins anew" bash -c 'retry sleeper'
check "and it does" wait_for 5 logged 'warning rule=large .*> 2'
check "the log says whose doing that was" logged "unit=sleeper a person's retry: sleeper: rule large begins anew"

sentinel=$(child_pid wd-sentinel)
kill -STOP "$sentinel"
sleep 11
gives 3 '^NOT WATCHING: the sentinel does not tick' "status says that a stopped sentinel does not look" "$bin/watchdogctl" -s "$dir/run/control" status
gives 3 '"alive":false,"why_not":"the sentinel does not tick"' "in JSON too" "$bin/watchdogctl" -s "$dir/run/control" status --json
gives 1 'has not taken the config in time' "a reload that it does not take is told as such" "$bin/watchdogctl" -s "$dir/run/control" reload
kill -CONT "$sentinel"
check "and the log says when it took it all the same" wait_for 5 logged 'reloaded: 1 unit, 2 rules'
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
daemon=
wait_for 10 test ! -e "/proc/$sentinel"
gives 3 "^NOT WATCHING: the sentinel's process is gone" "status says that it is gone" "$bin/watchdogctl" -s "$dir/run/control" status
gives 3 'not running: nobody answers at' "so does reload" "$bin/watchdogctl" -s "$dir/run/control" reload
gives 1 'Is a directory' "explain says what it cannot read" "$bin/watchdogctl" explain /
check "and claims nothing about it" sh -c "! grep -q 'No OOM kill' '$dir/out'"
gives 0 'No OOM kill in standard input' "explain of nothing" sh -c "'$bin/watchdogctl' explain </dev/null"
plan_end
