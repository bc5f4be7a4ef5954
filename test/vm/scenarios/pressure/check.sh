#!/bin/sh
# A rule on pressure alone stops xtts_server where there is swap on a slow disk.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

# "failed" is a stop too: below `floor` the sentinel kills at once, and systemd tells it so.
is_stopped() {
	fact_is xtts_state_after inactive || fact_is xtts_state_after failed
}

daemon_held
holds "the stall is told by rule stalled" logged rule=stalled
holds "rule stalled acts on xtts" logged rule=stalled unit=xtts
holds "systemd shows xtts_server stopped" is_stopped
holds "the kernel kills nothing" fact_is kernel_kills_after 0
holds "mirzo's claude is untouched" fact_same mirzo_claude_before mirzo_claude_after
holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
note "rule stalled told at $(logged_at rule=stalled) s"
note_course
tap_end
