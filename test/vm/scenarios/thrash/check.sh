#!/bin/sh
# While the guest thrashes a death is told within a second.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "a child was killed at least three times" [ "$(wc -l <kills)" -ge 3 ]
holds "the guest stood still meanwhile, for half a second at least" fact_at_least stalled_ms 500
while read -r pid at_ms; do
	"$VM_DIR/told.py" status.json died "$at_ms" "(pid $pid)" SIGKILL
done <kills >told
holds "each death is told" [ "$(wc -l <told)" = "$(wc -l <kills)" ]
holds "within a second" [ "$(sort -n told | tail -n 1)" -le 1000 ]
note "full stall $(fact stalled_ms) ms; from death to told: $(sort -n told | tr '\n' ' ')ms"
note_course
tap_end
