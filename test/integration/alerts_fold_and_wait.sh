#!/bin/bash
# Which alerts a channel gets, when, and as how many: `fold` makes one message of many, `after` waits for somebody to
# answer, `severity`, `units` and `rules` choose.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/arrive/lib.sh
. "$top/test/arrive/lib.sh"
[ "$(id -u)" -eq 0 ] || { skip "alerts fold and wait" "cgroups are made by root"; plan_end; }
command -v python3 >/dev/null || { skip "alerts fold and wait" "no python3"; plan_end; }
chmod 755 "$dir"
make_hog
tree=/wdt-fold.$$
make_cgroup "$tree"
in_cgroup "$tree" "$hog" 1 &
start_receiver || { ok 1 "the receiver starts"; plan_end; }

channel() { # NAME: a webhook with that path; its other keys are read
	printf '[channel %s]\nplugin = webhook\nformat = json\nurl = http://127.0.0.1:%s/%s\n' "$1" "$hook" "$1"
	cat
}
unit() { # NAME SEVERITY: what it is, and that its deaths are alerts
	printf '[unit %s]\nmatch = %s\nprocess = %s\ngrace = 10m\n' "$1" "$(name_of "$1")" "$(name_of "$1")"
	printf '[rule d%s]\non = death %s\nlimit = 24 per 1s\nthen = alert %s\n' "$1" "$1" "$2"
}
{
	unit a critical
	unit b warning
	unit c info
	unit d info
	unit e critical
	cat <<-CONF
		[unit grown]
		cgroup = $tree
		[rule big]
		when  = grown.anon > 40M
		clear = grown.anon < 30M for 1s
		then  = alert critical
	CONF
	channel folds <<<'fold = 8s'
	channel each <<<'fold = 0s'
	channel second <<<$'fold = 0s\nafter = 12s'
	channel severe <<<$'fold = 0s\nseverity = warning'
	channel unit <<<$'fold = 0s\nunits = b'
	channel rule <<<$'fold = 0s\nrules = dc\n        da'
} | write_conf
start_daemon
ok $? "the daemon starts with six channels"
got() { posted "(lambda a: $2)([m for m in a if m.path == '/$1'])"; } # CHANNEL EXPRESSION

# --- fold ---

live a 6
ok $? "six processes are watched"
die a 5
ok $? "five die at once"
check "fold = 0s: each is told" wait_for 30 got each "len(a) == 5"
held() { of_spool "sum(c['channel'] == 'folds' and c['state'] == 'waiting' for a in s['alerts'] for c in a['channels']) == $1"; }
check "fold: one is told at once, and the spool has what waits" wait_for 7 held 4
check "only one" got folds "len(a) == 1"
check "then one more is told" wait_for 40 got folds "len(a) == 2"
check "and nothing waits for it" wait_for 20 held 0
claims "$taken" <<END
each := [m for m in a if m.path == '/each']
folds := [m for m in a if m.path == '/folds']
each has no count ?= all(m.count == 1 and 'times' not in m.subject for m in each)
each is a matter of its own ?= len({m.thread for m in each}) == 5
the first goes as it is ?= folds[0].id == each[0].id and folds[0].count == 1 and folds[0].body == {**each[0].body, **{k: folds[0].body[k] for k in ('channel', 'facts', 'doing', 'history')}}
the other counts four, in the thread of the first ?= folds[1].count == 4 and folds[1].thread == folds[0].thread
its subject too ?= folds[1].subject == '[critical] a: $(name_of a) killed by SIGKILL (4 times)'
it is about the last one ?= '(pid $dead)' in folds[1].text and '4 alerts within ' in folds[1].text and folds[1].id == each[4].id
END

# --- after: acknowledged in time, resolved in time, neither ---

check "all five reach the second person, whom nobody spared" wait_for 40 got second "len(a) == 5"
live d 1 && live e 1
ok $? "more are watched"
in_cgroup "$tree" "$hog" 60 &
big=$!
die e 1
acked=$dead
die d 1
check "the first person is told of three" wait_for 30 got each "len(a) == 8"
kill -KILL "$big"
check "one is acknowledged" ctl ack "$(got each "next(m.id for m in a if '(pid $acked)' in m.text)")"
check "another is over before long" wait_for 8 got each "a[-1].told == 'resolved'"
check "the second person hears of the third" wait_for 40 got second "any('(pid $dead)' in m.text for m in a)"
pause 3
claims "$taken" <<END
by := lambda who: [m for m in a if m.path == '/' + who]
and of no other ?= len(by('second')) == 6 and by('second')[5].told == 'alert' and '(pid $dead)' in by('second')[5].text
by the same id as the first person ?= by('second')[5].id in [m.id for m in by('each')]
END

# --- severity, units, rules ---

live b 1 && live c 1 && die b 1 && die c 1
ok $? "a warning and an information"
check "a channel without a choice gets them" wait_for 30 got each "{'b', 'c'} <= {m.unit for m in a}"
pause 2
claims "$taken" <<END
by := lambda who: [m for m in a if m.path == '/' + who]
severity: that and worse ?= {m.id for m in by('severe')} == {m.id for m in by('each') if m.severity != 'info'}
both kinds are in it ?= {m.severity for m in by('severe')} == {'warning', 'critical'}
units: of that one alone ?= [m.unit for m in by('unit')] == ['b']
rules: of those alone ?= {m.id for m in by('rule')} == {m.id for m in by('each') if m.rule in ('da', 'dc')} and {m.rule for m in by('rule')} == {'da', 'dc'}
nothing came twice ?= len({(m.path, m.key) for m in a}) == len(a)
END

stop_daemon
ok $? "it ends with status 0"
[ "$failures" -eq 0 ] || cat "$dir/arrived.err" >&2
plan_end
