#!/bin/sh
# The bars that hold for ever: what the watcher costs, and that it never waits for a page of its own.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "swap was full: less than 8 MB left" sampled 'swap_free_kb < 8192'
holds "the guest stood still for at least 2 s in all" [ "$(sample_rise 5)" -ge 2000000 ]
holds "the sentinel is there" fact_at_least sentinel_pid_before 1
holds "it is the same one at the end" fact_same sentinel_pid_before sentinel_pid_after
holds "it has taken no major page fault in between" fact_same sentinel_majflt_before sentinel_majflt_after
holds "its VmRSS is at most 2048 kB" fact_at_most sentinel_VmRSS_before 2048
holds "and after the thrash" fact_at_most sentinel_VmRSS_after 2048
holds "its RssAnon is at most 400 kB" fact_at_most sentinel_RssAnon_before 400
holds "and after the thrash" fact_at_most sentinel_RssAnon_after 400
holds "its memory is locked" fact_at_least sentinel_VmLck_before 1
holds "all processes together have a PSS of at most 6144 kB" fact_at_most pss_sum_kb_before 6144
holds "and after the thrash" fact_at_most pss_sum_kb_after 6144
for when in before after; do
	note "$when: VmRSS $(fact sentinel_VmRSS_$when) kB, RssAnon $(fact sentinel_RssAnon_$when) kB, VmLck $(fact sentinel_VmLck_$when) kB," \
		"majflt $(fact sentinel_majflt_$when), PSS of all $(fact pss_sum_kb_$when) kB"
done
note_course
tap_end
