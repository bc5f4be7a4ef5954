#!/bin/sh
# One row of the table, of the guest whose log is here: what the samples saw, in seconds since the ramp began.
#   row.sh            in the directory of a log (build/vm/log/NAME)
#   row.sh --head     the head of the table
set -eu

columns='%-16s %5s %5s %5s  %-5s %-34s %5s %7s %10s  %s\n'
if [ "${1:-}" = --head ]; then
	# shellcheck disable=SC2059 # the format is ours
	printf "$columns" tool MB/s "peak%" swap alive "lost their claude" kills stall "least free" xtts_server
	exit
fi

fact() { sed -n "s/^$1=//p" facts | tail -n 1; }
setting() { sed -n "s/^$1=//p" settings; }

# Who changed when: "lost@32 back@35"; kills of the kernel and full stall of the whole time since the ramp began.
seen=$(awk -F, -v ramp_ms="$(fact ramp_ms)" '
	function at() { return "@" int(($1 - ramp_ms) / 1000 + 0.5) }
	function note(who, what) { said[who] = said[who] (said[who] == "" ? "" : " ") what at() }
	# A pid that is another one: what it was is lost, though what took its place came within one sample.
	function look(who, is, was, ended) {
		if (is == was) return
		if (was > 0) { note(who, ended); lost[who] = 1 }
		if (is > 0) note(who, "back")
	}
	NR == 1 || $1 < ramp_ms { next }
	!begun { begun = 1; full = $5; kills = $6; n = $7; m = $8; x = $9; least = $2 }
	{ look("nodira", $7, n, "lost"); look("mirzo", $8, m, "lost"); look("xtts", $9, x, "ended"); n = $7; m = $8; x = $9
	  if ($2 < least) least = $2 }
	END {
		if (!begun) exit 1
		alive = (n > 0) + (m > 0)
		bots = ""
		if (lost["nodira"]) bots = "nodira " said["nodira"]
		if (lost["mirzo"]) bots = bots (bots == "" ? "" : ", ") "mirzo " said["mirzo"]
		print alive "/2|" (bots == "" ? "no" : bots) "|" $6 - kills "|" sprintf("%.1f s", ($5 - full) / 1e6) \
			"|" int(least / 1024) " MB|" (said["xtts"] == "" ? "runs on" : said["xtts"] (x ? "" : ", down"))
	}' samples.csv) || seen='?|no sample of it was brought back|?|?|?|?'
[ "$(fact load_gone)" = 1 ] || seen="$seen (its load never went)"
IFS='|'
# shellcheck disable=SC2059,SC2086 # the format is ours; the words are split at the bars
printf "$columns" "$(setting TOOL)" "$(setting RATE)" "$(setting PEAK)" "$(setting SWAP)" $seen
