#!/bin/sh
# A unit's own limit: seen in its memory.events, and not taken for the host's memory.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "the unit has hit its limit" fact_at_least limited_max 1
holds "the kernel has killed in it, once" fact_is limited_oom_kill 1
holds "its growth of events.max is told" logged rule=limit
holds "its growth of events.oom_kill is told" logged rule=killed
holds "the kernel's record of it is told, with its unit" logged rule=oom unit=limited
holds "the host is not said to be short of memory" not_logged rule=tight
holds "the unit is left running: no rule asks for more" fact_same limited_invocation_before limited_invocation_after
note "memory.events of limited.service: max $(fact limited_max), oom_kill $(fact limited_oom_kill)"
tap_end
