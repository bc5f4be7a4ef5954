#!/bin/sh
# The first thing of ours that runs in the guest: sets the table, runs the scenario, sends the results, ends the guest.
exec </dev/null >/dev/ttyS0 2>&1
mkdir -p /run/vm /opt/vm/results
# shellcheck source=test/vm/guest/lib.sh
. /opt/vm/lib.sh
# shellcheck source=/dev/null
. /opt/vm/load.env

say "guest is up"
# shellcheck source=test/vm/guest/scenario.sh
(. /opt/vm/scenario.sh)
say "scenario over"
collect
echo "RESULT done=1"
sync
poweroff -ff
