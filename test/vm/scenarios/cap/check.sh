#!/bin/sh
# Caps and reclaims of a real kernel and a real systemd, and that all is as before when the daemon has ended.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

holds "the daemon starts and says READY" fact_is daemon_started 1
holds "systemd never had to start it again" fact_is daemon_restarts 0
holds "it ends cleanly when told to" fact_is daemon_result success
holds "without a cap there is no limit" fact_is xtts_before max
holds "the kernel shows the cap of a unit of systemd's" fact_is xtts_capped 1
holds "systemd has it too" fact_is xtts_property 100663296
holds "it is told when the kernel shows it" logged rule=high unit=xtts "capped xtts at 96 MiB in"
holds "status says so" grep -qx '    capped at 96.0 MiB' status
holds "a unit that starts anew is capped still" fact_is xtts_capped_again 1
holds "the kernel shows the cap of a cgroup of nobody's" fact_is box_capped 1
holds "it is told" logged rule=boxed unit=box "capped box at 64 MiB in"
holds "a reclaim gives memory back" logged rule=back unit=box "reclaimed from box in" "it gave back"
holds "so is one for more than it has ended, and told" logged rule=gone unit=box "it holds"
holds "the snapshot has the largest process first, in the words of /proc" grep -qE \
	'snapshot 1 of 10: Pid=[0-9]+ PPid=1 Uid=0 VmRSS=[0-9]+ kB RssAnon=[0-9]+ kB VmSwap=[0-9]+ kB Threads=1 State=.* Name=xtts_server$' watchdogd.log
holds "and what goes to people has them in short" logged rule=who "took a snapshot in" "xtts_server"
holds "at its end the kernel shows no cap of a unit of systemd's" fact_is xtts_after max
holds "nor does systemd" fact_is xtts_property_after infinity
holds "nor has the cgroup" fact_is box_after max
holds "that is said" logged unit=xtts "uncapped: watchdogd lets go of it"
note "$(logged_line "capped xtts at" | sed 's/.*capped xtts/capped xtts/' | head -n 1)"
note "$(logged_line "reclaimed from box in" | sed 's/.*reclaimed/reclaimed/' | head -n 1)"
tap_end
