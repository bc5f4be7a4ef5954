# Sourced after lib.sh by the tests of what reaches a person: processes that die, servers that listen, what arrived.
# shellcheck shell=bash disable=SC2154,SC2034,SC2317
taken=$dir/taken # the receiver's log

# arrived MAILDIR-OR-LOG EXPRESSION: see arrived.py; an error in it is shown.
arrived() {
	python3 "$top/test/arrive/arrived.py" "$@" 2>>"$dir/arrived.err"
}
posted() { arrived "$taken" "$@"; }

# claims MAILDIR-OR-LOG < lines for arrived.py: a test for each sentence.
claims() {
	local said sentence
	while read -r said sentence; do ok "$said" "$sentence"; done < <(arrived "$1" -)
}

# start_receiver: sets $hook, its port, the same each time.
start_receiver() {
	rm -f "$dir/port"
	PORT=${hook:-0} python3 "$top/test/integration/receiver.py" "$dir/port" "$taken" 2>>"$dir/stderr" &
	receiver=$!
	wait_for 20 test -s "$dir/port" && hook=$(cat "$dir/port")
}

stop_receiver() {
	kill "$receiver" 2>/dev/null
	wait "$receiver" 2>/dev/null
}

# Names that no other test's processes have: the unit of the letter x is `match = $(name_of x)`.
name_of() { echo "wd$$$1"; }

# of_status EXPRESSION: Python about s, what `watchdogctl status --json` says; of_spool: about `watchdogctl spool --json`.
of_status() { ctl status --json | python3 -c 'import json, re, sys; s = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))' "$1"; }
of_spool() { ctl spool --json | python3 -c 'import json, re, sys; s = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))' "$1"; }

# live LETTER N: so many more processes of that unit, which has that letter as its name, live and are watched.
declare -A living
live() {
	local name
	name=$dir/$(name_of "$1")
	[ -x "$name" ] || cp "$(command -v sleep)" "$name"
	for _ in $(seq "$2"); do
		"$name" 600 &
		living[$1]="${living[$1]-} $!"
	done
	wait_for 30 of_status "sum(u['watched'] for u in s['units'] if u['unit'] == '$1') == $(wc -w <<<"${living[$1]}")"
}

# die LETTER N: so many of them die, one after the other, and the log says so of each; the last one's pid is $dead.
die() {
	local _
	for _ in $(seq "$2"); do
		dead=${living[$1]# }
		dead=${dead%% *}
		living[$1]=${living[$1]#" $dead"}
		{ kill -KILL "$dead" && wait "$dead"; } 2>/dev/null
		wait_for 20 logged "unit=$1 .*\\(pid $dead\\) was killed by SIGKILL" || return 1
	done
}
