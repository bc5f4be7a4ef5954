#!/bin/sh
# The kernel's OOM kill is read from kmsg, laid at its unit's door, and the bot is back.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "the kernel kills once" fact_is kernel_kills_after 1
holds "the kill is told by rule oom, with its unit" logged rule=oom unit=mirzo
holds "no other unit is accused of it" not_logged rule=oom unit=nodira
holds "what is told names the pid that the kernel names" logged "$(fact mirzo_claude_before)" rule=oom
holds "mirzo's claude is seen gone" sampled "mirzo_pid == 0 && oom_kills == 1"
holds "mirzo has a new claude, alive at the end" fact_at_least mirzo_claude_after 1
holds "it is another one" fact_differs mirzo_claude_before mirzo_claude_after
holds "systemd has really started the unit anew" fact_differs mirzo_invocation_before mirzo_invocation_after
holds "systemd shows mirzo active" fact_is mirzo_state_after active
holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
holds "xtts_server is left alone" fact_is xtts_state_after active
back_after=$(sample_after 'oom_kills > 0 && mirzo_pid > 0 && mirzo_pid != '"$(fact mirzo_claude_before)" 'oom_kills > 0')
note "from the kernel's kill to the new claude: ${back_after:-never} ms"
note_course
tap_end
