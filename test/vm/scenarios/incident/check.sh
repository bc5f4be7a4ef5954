#!/bin/sh
# The day of the incident, watched: xtts_server goes, both bots stay, the kernel has nothing to kill.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

# Of host.available, MiB: 1 when the stop was asked, 2 after settle.
effect() {
	sed -nE 's/.*rule=critical .*stop xtts: .*host.available ([0-9]+) MiB -> .*, ([0-9]+) MiB [0-9.]+ m?s later.*/\1 \2/p' watchdogd.log |
		head -n 1 | cut -d ' ' -f "$1"
}

daemon_held
holds "a warning is told by rule tight" logged rule=tight
holds "more than 80 % are in use when it is told" used_more_than 80 "$(logged_at rule=tight)"
holds "rule critical acts on xtts" logged rule=critical unit=xtts
holds "what that has done is told after settle" logged rule=critical unit=xtts "stop xtts: it held"
holds "with the memory that came back" [ "$(effect 2)" -gt "$(($(effect 1) + 100))" ]
holds "systemd shows xtts_server inactive" fact_is xtts_state_after inactive
holds "xtts_server's cgroup is seen empty before the ramp is over" sampled 'xtts_alive == 0 && mirzo_pid > 0'
holds "the kernel kills nothing" fact_is kernel_kills_after 0
holds "mirzo's claude is untouched" fact_same mirzo_claude_before mirzo_claude_after
holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
holds "neither bot is ever seen without its claude" never_sampled "nodira_pid != $(fact nodira_claude_before) && ms > $(fact uptime_before)000 || mirzo_pid != $(fact mirzo_claude_before) && ms > $(fact uptime_before)000"
holds "nothing is started while there is no room" fact_is xtts_state_eased inactive
holds "xtts_server is back when the load has gone" fact_is xtts_state_back active
holds "and it is told that it was started again" logged rule=critical unit=xtts 'started xtts again'
holds "with one start" fact_is xtts_starts 1
holds "both bots have their claude still" fact_same mirzo_claude_before mirzo_claude_back
note_course
tap_end
