# How a check.sh judges what a guest brought back. Sourced on the host, in the directory of the log; prints TAP.
# shellcheck shell=sh

tap_failed=0

# holds SENTENCE COMMAND...: one line of TAP, without its number: run.sh counts over all scenarios.
holds() {
	sentence=$1; shift
	if "$@" >/dev/null 2>&1; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		echo "#   not so: $*"
		tap_failed=$((tap_failed + 1))
	fi
}

# What was seen, for a person to read: no judgement.
note() { echo "# $*"; }

# The last command of a check: its exit status.
tap_end() { [ "$tap_failed" = 0 ]; }

# What the guest noted; empty where it did not.
fact() { sed -n "s/^$1=//p" facts | tail -n 1; }
fact_is() { [ "$(fact "$1")" = "$2" ]; }
fact_differs() { [ -n "$(fact "$1")" ] && [ -n "$(fact "$2")" ] && [ "$(fact "$1")" != "$(fact "$2")" ]; }
fact_same() { [ -n "$(fact "$1")" ] && [ "$(fact "$1")" = "$(fact "$2")" ]; }
fact_at_most() { [ -n "$(fact "$1")" ] && [ "$(fact "$1")" -le "$2" ]; }
fact_at_least() { [ -n "$(fact "$1")" ] && [ "$(fact "$1")" -ge "$2" ]; }

# is_within VALUE LEAST MOST: a number; false where there is none.
is_within() { [ -n "$1" ] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

# A line of the daemon's log that holds all these words; `unit=mirzo` is not found in `unit=mirzo2`.
logged() { logged_line "$@" | grep -q .; }
not_logged() { [ -s watchdogd.log ] && ! logged "$@"; }
logged_line() { lines_with watchdogd.log . "$@"; }

# Seconds of the guest's clock at which the journal has the first line of the daemon with all these words.
logged_at() { lines_with journal ' (watchdogd|wd-[a-z]+)\\[' "$@" | sed -n '1s/^\[ *\([0-9.]*\)\].*/\1/p'; }

# lines_with FILE PATTERN WORD...: lines that match the pattern and hold all the words, each ended by a non-word character.
lines_with() {
	awk -v pattern="$2" 'BEGIN { for (i = 3; i < ARGC; i++) { word[i] = ARGV[i]; ARGV[i] = "" }; last = ARGC - 1; ARGV[2] = "" }
	$0 !~ pattern { next }
	{
		for (i = 3; i <= last; i++) {
			at = index($0, word[i])
			if (!at || substr($0, at + length(word[i]), 1) ~ /[A-Za-z0-9_-]/) next
		}
		print
	}' "$@"
}

# lacks FILE PATTERN: it was brought back, and has no such line.
lacks() { [ -s "$1" ] && ! grep -q "$2" "$1"; }

# What awk makes of the samples: columns go by name, PROGRAM runs once for each.
samples() {
	awk -F, "NR == 1 { next }
	{ ms = \$1; available_kb = \$2; swap_free_kb = \$3; some_us = \$4; full_us = \$5; oom_kills = \$6
	  nodira_pid = \$7; mirzo_pid = \$8; xtts_alive = \$9 }
	$1" samples.csv
}

# sampled CONDITION: at least one sample for which it is true.   never_sampled: none, and there were samples at all.
sample_count() { samples "$1 { n++ } END { print n + 0 }"; }
sampled() { [ "$(sample_count "$1")" -gt 0 ]; }
never_sampled() { [ "$(sample_count 1)" -gt 0 ] && [ "$(sample_count "$1")" = 0 ]; }

# When a condition was first sampled, in ms of the guest's clock; sample_after: how long after another one was.
sample_at() { samples "$1 { print ms; exit }"; }
sample_after() {
	first_ms=$(sample_at "$1") since_ms=$(sample_at "$2")
	[ -z "$first_ms" ] || [ -z "$since_ms" ] || echo $((first_ms - since_ms))
}

# used_more_than PERCENT SECONDS: a sample within 2 s of that time of the guest's clock.
used_more_than() {
	[ -n "$2" ] && sampled "ms > ($2 - 2) * 1000 && ms < ($2 + 2) * 1000 && 100 * (1 - available_kb / $(fact memtotal_kb)) > $1"
}

# What must be true of the daemon in each scenario.
daemon_held() {
	holds "the daemon starts and says READY" fact_is daemon_started 1
	holds "it is active at the end" fact_is daemon_state active
	holds "systemd never had to start it again" fact_is daemon_restarts 0
	holds "it ends cleanly when told to" fact_is daemon_result success
}

# The smallest of a column (by number), and how far one that counts has risen.
sample_least() { awk -F, -v c="$1" 'NR == 2 || NR > 2 && $c < m { m = $c } END { print m }' samples.csv; }
sample_rise() { awk -F, -v c="$1" 'NR == 2 { a = $c } END { print $c - a }' samples.csv; }

# What every scenario tells.
note_course() {
	note "least MemAvailable $(sample_least 2) kB, least SwapFree $(sample_least 3) kB," \
		"memory pressure some $(($(sample_rise 4) / 1000)) ms, full $(($(sample_rise 5) / 1000)) ms," \
		"kernel OOM kills $(fact kernel_kills_after)"
	gone=$(samples 'xtts_alive { seen = 1 } seen && !xtts_alive { print ms " ms with " available_kb " kB available"; exit }')
	if [ -n "$gone" ]; then note "xtts_server gone at $gone"; fi
}
