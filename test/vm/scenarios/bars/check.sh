#!/bin/sh
# The bars that hold for ever: what the watcher costs, and that it never waits for a page of its own.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "swap was full: less than 8 MB left" sampled 'swap_free_kb < 8192'
holds "the guest stood still for at least 1 s in all" [ "$(sample_rise 5)" -ge 1000000 ]
holds "the sentinel is there" fact_at_least sentinel_pid_before 1
holds "it is the same one at the end" fact_same sentinel_pid_before sentinel_pid_after
holds "it has taken no major page fault in between" fact_same sentinel_majflt_before sentinel_majflt_after
for when in before after; do
	holds "its VmRSS is at most 2048 kB $when the thrash" fact_at_most sentinel_VmRSS_$when 2048
	holds "so it is counted page by page" fact_at_most sentinel_Rss_$when 2048
	holds "its RssAnon is at most 400 kB $when the thrash" fact_at_most sentinel_RssAnon_$when 400
	holds "so it is counted page by page" fact_at_most sentinel_Anonymous_$when 400
	holds "all processes together have a PSS of at most 16384 kB $when the thrash" fact_at_most pss_sum_kb_$when 16384
	holds "and without the messenger of at most 6144 kB" fact_at_most pss_rest_kb_$when 6144
done
holds "its memory is locked" fact_at_least sentinel_VmLck_before 1
for when in before after; do
	note "$when: VmRSS $(fact sentinel_VmRSS_$when) ($(fact sentinel_Rss_$when)) kB, RssAnon $(fact sentinel_RssAnon_$when) ($(fact sentinel_Anonymous_$when)) kB, VmLck $(fact sentinel_VmLck_$when) kB," \
		"majflt $(fact sentinel_majflt_$when), PSS of all $(fact pss_sum_kb_$when) kB, without the messenger $(fact pss_rest_kb_$when) kB"
done
note_course
tap_end
