#!/bin/sh
# A bot under a user's own systemd is watched, told and healed like any other.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "alice's manager runs" fact_is manager active
holds "her bot runs" fact_is helper_started 1
holds "its death is told" logged rule=died unit=helper "(pid $(fact killed_pid))" SIGKILL
holds "it is restarted" logged rule=dead unit=helper "restarted helper"
holds "and lives again" fact_is helper_back 1
holds "her own stop stays a stop" fact_is helper_stopped inactive
holds "and is no death: one was told" [ "$(logged_line critical rule=died unit=helper | grep -c SIG)" = 1 ]
holds "status says stopped" grep -qE '^helper +stopped' status
note "from the kill to its telling $("$VM_DIR/told.py" status.json died "$(fact killed_at_ms)" "(pid $(fact killed_pid))" 2>/dev/null) ms"
tap_end
