#!/bin/bash
# While nobody answers, alerts wait in the spool, over restarts of the daemon and of the host, and arrive once and in
# order when somebody does; a channel that is dead holds up no other; what reloads do to what waits.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/arrive/lib.sh
. "$top/test/arrive/lib.sh"
command -v python3 >/dev/null || { skip "alerts wait in the spool" "no python3"; plan_end; }
chmod 755 "$dir"
start_receiver || { ok 1 "the receiver starts"; plan_end; }

# config NAME...: with these channels.
config() {
	local name
	{
		printf '[unit a]\nmatch = %s\nprocess = %s\ngrace = 10m\n' "$(name_of a)" "$(name_of a)"
		printf '[rule da]\non = death a\nlimit = 24 per 1s\nthen = alert critical\n'
		for name; do
			printf '[channel %s]\nplugin = webhook\nformat = json\nfold = 0s\n' "$name"
			case $name in
			hook | later) echo "url = http://127.0.0.1:$hook/$name" ;;
			refused) echo "url = http://127.0.0.1:$hook/404/x" ;;
			nowhere) echo "url = http://nowhere.invalid/x" ;;
			keyed) printf 'url = %s\nsecret = %s\n' "http://127.0.0.1:$hook/\${TOKEN}/keyed" "TOKEN=$dir/token" ;;
			esac
		done
	} | write_conf
}
# again: the daemon stops and starts; what it said before stays beside the log.
again() {
	stop_daemon || return 1
	cat "$log" >>"$log.before"
	: >"$log"
	"$@"
	start_daemon && live a 0
}
got() { posted "(lambda a: $2)([m for m in a if m.path.endswith('/$1')])"; } # CHANNEL EXPRESSION
# waits CHANNEL N [REGEX]: so many wait for it, the first for that reason.
waits() {
	of_spool "(lambda rows: len(rows) == $2 and all(re.search('${3-}', c['why'] or '') for c in rows[:1]))(
		[c for a in s['alerts'] for c in a['channels'] if c['channel'] == '$1' and c['state'] == 'waiting'])"
}

# --- nobody to tell, then the first channel, and nobody answers there ---

stop_receiver
config
start_daemon
ok $? "the daemon starts without a channel"
live a 14 && die a 1
ok $? "a death is in the log"
untold=$dead
config hook nowhere
check "a reload adds the first channels" ctl reload
die a 3
ok $? "three die"
check "the spool has them, and says why they wait" wait_for 30 waits hook 3 'connect'
check "a name that is nobody's is said so" wait_for 30 waits nowhere 3 'resolve'
ctl spool >"$dir/list"
check "a person reads so too" grep -q '^    hook  *waiting  *[1-9].*connect' "$dir/list"
check "and of those behind it" grep -q '^    hook  *waiting  *0  *in its turn  *not tried yet' "$dir/list"
check "the log says once that they wait, and why" test "$(count_logged 'warning channel (hook|nowhere) does not take alerts now: .*(connect|resolve)')" = 2

again true
ok $? "the daemon is stopped and started again"
die a 1
ok $? "another dies"
check "that one waits too" wait_for 30 waits hook 4
again rm -rf "$dir/run"
ok $? "and once more, without its run directory, as after a restart of the host"
check "all four wait" waits hook 4
die a 1
check "a fifth behind them" wait_for 30 waits hook 5
stop_daemon
ok $? "it ends with status 0"
check "the list needs no daemon" waits hook 5

# --- somebody answers ---

again true
check "retry all, while nobody does" ctl spool retry all
check "is tried at once, and said" wait_for 20 logged 'warning channel hook does not take alerts now: '
start_receiver
check "retry all" ctl spool retry all
check "all arrive" wait_for 40 got hook "len(a) >= 5"
waits_no_more() { wait_for 20 waits "$1" 0; }
check "nothing waits for that one" waits_no_more hook
check "which the log says" wait_for 10 logged 'info channel hook takes alerts again'
claims "$taken" <<END
five, each once ?= len(a) == len({m.key for m in a}) == 5
in order ?= [m.id for m in a] == sorted(m.id for m in a)
none from before there was a channel ?= not any('(pid $untold)' in m.text for m in a)
the last is the last ?= '(pid $dead)' in a[4].text
END
check "the name that is nobody's holds up no other" wait_for 20 waits nowhere 5
die a 1
check "the next arrives at once" wait_for 20 got hook "any('(pid $dead)' in m.text for m in a)"
check "and is one more that waits there" wait_for 20 waits nowhere 6
first=$(posted "a[0].id")
check "one is dropped" ctl spool drop "$first"
gone() { of_spool "len(s['alerts']) == 5 and '$first' not in [a['id'] for a in s['alerts']]"; }
check "it is in the list no more" wait_for 20 gone
ctl spool drop 0000000001 >"$dir/said" 2>&1
ok $(($? == 0)) "of one that is not there that is said: $(head -n 1 "$dir/said")"

# --- test ---

ctl test hook warning >"$dir/said" 2>&1
ok $? "a test of what works"
check "shows the conversation" grep -q '> POST /hook' "$dir/said"
check "and has arrived" got hook "a[-1].told == 'test' and a[-1].severity == 'warning'"
ctl test nowhere >"$dir/said" 2>&1
ok $(($? != 1)) "a test of what does not: status 1"
check "says why" grep -qi 'resolve.*nowhere\.invalid' "$dir/said"
ctl test nobody >"$dir/said" 2>&1
ok $(($? != 1)) "a test of nobody: status 1, $(tail -n 1 "$dir/said")"

# --- reloads ---

echo 'first-Secret-0123456789' >"$dir/token"
chmod 600 "$dir/token"
config hook keyed refused
check "a reload takes away a channel that alerts wait for, and adds two" ctl reload
check "nothing waits any more" waits_no_more nowhere
check "and the log says how many did" wait_for 10 logged 'warning channel nowhere is gone .*: 5$'
die a 1
keyed() { got keyed "any(m.path == '/$1/keyed' and '(pid $dead)' in m.text for m in a)"; }
check "one with a secret in its url is sent" wait_for 20 keyed first-Secret-0123456789
ctl test keyed >"$dir/said" 2>&1
ok $? "and tested"
check "the conversation does not show it" sh -c "grep -q '> POST' '$dir/said' && ! grep -q Secret '$dir/said'"
dead_letter() { of_spool "[c['channel'] for c in s['dead']] == ['refused'] and '404' in s['dead'][0]['why'] and s['alerts'] == []"; }
check "what was refused for good is a dead letter" wait_for 20 dead_letter
told_of() { got "$1" "sum('channel refused takes no alerts: HTTP 404' in m.subject for m in a) == 1"; }
check "the others are told" wait_for 20 told_of hook
check "each of them" wait_for 20 told_of keyed
check "dead letters are dropped" ctl spool drop dead
check "and are no more" wait_for 20 of_spool "s['dead'] == []"
echo 'other-Secret-9876543210' >"$dir/token"
check "a reload reads the secret again" ctl reload
die a 1
check "the new one is used" wait_for 20 keyed other-Secret-9876543210
check "neither is in the log" sh -c "! grep -q Secret '$log' '$log.before'"
check "nothing came twice" posted "(lambda n: len(set(n)) == len(n))([(m.path, m.key) for m in a if '404' not in m.path])"
stop_daemon
ok $? "it ends with status 0"
[ "$failures" -eq 0 ] || cat "$dir/arrived.err" "$dir/said" "$dir/list" >&2
plan_end
