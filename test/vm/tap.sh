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

# A line of the daemon's log that holds all these words (each whole between blanks or as it stands in quotes).
logged() { logged_line "$@" | grep -q .; }
logged_line() {
	awk 'BEGIN { for (i = 1; i < ARGC; i++) { word[i] = ARGV[i]; ARGV[i] = "" } words = ARGC - 1; ARGV[1] = "watchdogd.log"; ARGC = 2 }
	{ for (i = 1; i <= words; i++) if (!index(" " $0 " ", word[i])) next; print }' "$@"
}

# Seconds of the guest's clock at which the journal has the first line of the daemon with all these words.
logged_at() {
	awk 'BEGIN { for (i = 1; i < ARGC; i++) { word[i] = ARGV[i]; ARGV[i] = "" } words = ARGC - 1; ARGV[1] = "journal"; ARGC = 2 }
	!/ (watchdogd|wd-[a-z]+)\[/ { next }
	{ for (i = 1; i <= words; i++) if (!index($0 " ", word[i])) next
	  sub(/^\[ */, ""); sub(/\].*/, ""); print; exit }' "$@"
}

# sampled CONDITION: at least one sample for which the awk condition is true; columns go by name.
# never_sampled CONDITION: none, and there were samples at all.
sample_count() {
	awk -F, "NR == 1 { next }
	{ ms = \$1; available_kb = \$2; swap_free_kb = \$3; some_us = \$4; full_us = \$5; oom_kills = \$6
	  nodira_pid = \$7; mirzo_pid = \$8; xtts_alive = \$9 }
	$1 { n++ } END { print n + 0 }" samples.csv
}
sampled() { [ "$(sample_count "$1")" -gt 0 ]; }
never_sampled() { [ "$(sample_count 1)" -gt 0 ] && [ "$(sample_count "$1")" = 0 ]; }

# Smallest and largest of a column (by number), and when xtts was first gone.
sample_least() { awk -F, -v c="$1" 'NR == 2 || NR > 2 && $c < m { m = $c } END { print m }' samples.csv; }
sample_rise() { awk -F, -v c="$1" 'NR == 2 { a = $c } END { print $c - a }' samples.csv; }
# First sample, in ms of the guest's clock, at which xtts is gone after it was there; and available memory then.
xtts_gone_at() { awk -F, 'NR > 1 && $9 { seen = 1 } seen && !$9 { print $1; exit }' samples.csv; }
xtts_gone_available() { awk -F, 'NR > 1 && $9 { seen = 1 } seen && !$9 { print $2; exit }' samples.csv; }

# What every scenario tells.
note_course() {
	note "least MemAvailable $(sample_least 2) kB, least SwapFree $(sample_least 3) kB," \
		"memory pressure some $(($(sample_rise 4) / 1000)) ms, full $(($(sample_rise 5) / 1000)) ms," \
		"kernel OOM kills $(fact kernel_kills_after)"
	gone=$(xtts_gone_at)
	if [ -n "$gone" ]; then note "xtts gone at $gone ms with $(xtts_gone_available) kB available"; fi
}
