#!/bin/sh
# Nothing is asked of systemd that must not be; and the sentinel needs nobody to end a unit.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
for step in "stop itself" "restart itself" "kill itself" "freeze init" "stop init"; do
	holds "no $step" logged rule=own "$step skipped: watchdogd itself, or PID 1, runs in it"
done
holds "watchdogd is the process that it was" fact_same daemon_pid_before daemon_pid_after
for step in stop restart kill freeze signal; do
	holds "no $step of what is protected" logged rule=guard "$step guarded skipped: it is protected"
done
holds "nor as the largest of its group" logged rule=guard "stop largest of spared skipped"
holds "what is protected is the process that it was" fact_same guarded_pid_before guarded_pid_after
holds "the actor was stopped when the unit was ended" fact_is actor_state T
holds "who pays no heed to SIGTERM is gone all the same" fact_is deaf_gone 1
holds "killed after its stop-timeout, by the sentinel alone" logged rule=alone unit=deaf "killed: not ended within its stop-timeout of 2 s"
holds "it stays down when the actor is back" expr "$(fact deaf_state)" : "inactive\|failed"
tap_end
