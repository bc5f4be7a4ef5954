#!/bin/sh
# Nobody watches: this must be the incident, or the other scenarios prove nothing.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

holds "the kernel kills once" fact_is kernel_kills_after 1
holds "mirzo's claude is what it kills" fact_is mirzo_claude_after 0
holds "mirzo's parent lives on, and systemd calls the unit active" fact_is mirzo_state_after active
holds "the unit is not restarted by anyone" fact_same mirzo_invocation_before mirzo_invocation_after
holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
holds "xtts_server, which matters least, lives on" fact_is xtts_state_after active
note_course
tap_end
