#!/bin/sh
# Without swap pressure comes too late: the host stands still with little of it, and the kernel kills first. That is
# an observation, told in watchdogd.conf(5); what must hold is that the daemon lives through it.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
told_at=$(logged_at rule=stalled)
killed_at=$(sample_at 'oom_kills > 0')
note "rule stalled told at: ${told_at:-never} s; kernel's OOM kill at: ${killed_at:-never} ms"
note "least MemAvailable before the kill: $(sample_least 2) kB; samples without a kB available: $(sample_count 'available_kb == 0')"
if [ -n "$killed_at" ]; then note "pressure alone came too late here"; fi
note_course
tap_end
