# The bars: size of the sentinel and of all processes together, and its major page faults over a thrash with swap
# full. What fills memory is leak.service, which no rule may stop, so the thrash goes on until the kernel ends it.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

daemon_procs=/sys/fs/cgroup/watchdogd.slice/watchdogd.service/cgroup.procs

# The pid of one of the daemon's processes, by its name.
process_of() {
	while read -r pid; do
		read -r comm <"/proc/$pid/comm" || continue
		[ "$comm" = "$1" ] && { echo "$pid"; return; }
	done 2>/dev/null <$daemon_procs
	echo 0
}

# The number behind KEY: in a file of /proc.
kb_of() { while read -r key value rest_of_line; do [ "$key" = "$1:" ] && echo "$value"; done <"$2"; : "$rest_of_line"; }

# comm may hold blanks and brackets; field 12 is counted from behind it.
majflt_of() {
	read -r stat <"/proc/$1/stat"
	# shellcheck disable=SC2086 # fields
	set -- ${stat##*) }
	echo "${10}"
}

note_sentinel() {
	sentinel=$(process_of wd-sentinel)
	fact "sentinel_pid_$1" "$sentinel"
	[ "$sentinel" != 0 ] || return 0
	fact "sentinel_majflt_$1" "$(majflt_of "$sentinel")"
	# The kernel's own sums in status lag by up to 64 pages; smaps_rollup counts page by page.
	for key in Rss Anonymous; do fact "sentinel_${key}_$1" "$(kb_of $key "/proc/$sentinel/smaps_rollup")"; done
	for key in VmRSS RssAnon VmLck; do fact "sentinel_${key}_$1" "$(kb_of $key "/proc/$sentinel/status")"; done
}

# The messenger, which has libcurl, is counted apart too.
note_all_processes() {
	pss_sum_kb=0 pss_messenger_kb=0
	while read -r pid; do
		pss_kb=$(kb_of Pss "/proc/$pid/smaps_rollup")
		read -r comm <"/proc/$pid/comm"
		say "$comm pid=$pid pss_kb=$pss_kb"
		pss_sum_kb=$((pss_sum_kb + pss_kb))
		[ "$comm" != wd-messenger ] || pss_messenger_kb=$pss_kb
	done <$daemon_procs
	fact "pss_sum_kb_$1" $pss_sum_kb
	fact "pss_rest_kb_$1" $((pss_sum_kb - pss_messenger_kb))
}

leak_is_over() { ! systemctl -q is-active leak; }

start_swap
start_sampler
start_loads
systemctl start leak
wait_until 60 exists /run/vm/leak.full || say "leak did not fill"
start_daemon
sleep 5
note_units before
note_sentinel before
note_all_processes before
ramp_begins leak
wait_until 180 leak_is_over || say "the leak is still there"
say "ramp over"
note_sentinel after
note_all_processes after
sleep "$LINGER"
note_units after
