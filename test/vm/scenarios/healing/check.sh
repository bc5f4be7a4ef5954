#!/bin/sh
# Bots die in every way: each death is told with its cause, what must come back does, a person's will is kept.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

# told_after STATUS RULE FACT WORD...: ms from the kill of that name to its telling.
told_after() { status=$1 rule=$2 kill=$3; shift 3; "$VM_DIR/told.py" "status-$status.json" "$rule" "$(fact "${kill}_at_ms")" "$@"; }
told_within() { limit_ms=$1; shift; ms=$(told_after "$@") && [ "$ms" -le "$limit_ms" ]; }
# In the table of status, the line of a unit's life.
life_is() { awk -v unit="$2" -v life="$3" '/^UNIT +LIFE/ { t = 1 } /^RULE/ { t = 0 } t && $1 == unit && $2 == life { found = 1 } END { exit !found }' "status-$1"; }

daemon_held
holds "check shows what each process finds: nodira's claude" grep -q "$(fact killed_pid).*claude" check-output

holds "a claude that is killed is told within a second, with its pid and cause" told_within 1000 killed died killed "(pid $(fact killed_pid))" "SIGKILL"
holds "and that its parent lives on" logged rule=died unit=nodira "claudir (pid" "still running"
holds "the unit is restarted" logged rule=dead unit=nodira "restarted nodira"
holds "it has a new claude" fact_at_least killed_back 1
dead_ms=$(told_after killed dead killed "restart nodira")
holds "the restart is asked for right after grace (3 s)" is_within "$dead_ms" 3000 4000
note "from the kill to its telling $(told_after killed died killed "(pid $(fact killed_pid))") ms"

holds "an error in the log is told, with its text" logged rule=error unit=nodira "API overloaded"
holds "one error restarts nothing" lacks status-error "rule=errors.*restart nodira"
holds "three in five minutes restart the bot" fact_is errors_restarted 1
holds "a line of the journal is told too" logged rule=error unit=talker "Parse error"

holds "a person's stop of a bot stays a stop" fact_is mirzo_stopped inactive
holds "also of one that then exits 0" fact_is leaver_stopped inactive
holds "it is told as no death" lacks status-stopped "rule=died unit=mirzo"
holds "neither of the one that exits 0" lacks status-stopped "rule=died unit=leaver"
holds "nor when it is stopped where CPU is short" lacks status-stops "rule=died unit=leaver"
holds "each of its eight stops is taken for one" [ "$(grep -c 'unit=leaver sh .*exited with status 0, its unit was' watchdogd.log)" = 8 ]
holds "status says stopped" life_is stopped mirzo stopped
holds "of both" life_is stopped leaver stopped
holds "a bot that exits 0 by itself is a death" logged rule=died unit=leaver "exited with status 0"
holds "and comes back" fact_is leaver_back 1

holds "a crash is told as one" logged rule=died unit=careful "SIGSEGV"
holds "a parent that starts its child again is left alone" fact_is careful_left_alone 1
holds "that the child is back is told" logged unit=careful "is back"
holds "what systemd restarts is restarted once, by systemd" fact_is healed_restarts 1
holds "and not by us" not_logged rule=dead-others "restart healed"

holds "two bots dead at once: mirzo comes back" fact_is both_mirzo_back 1
holds "nodira comes back" fact_is both_nodira_back 1
holds "the one with the higher priority first" is_within "$(fact both_mirzo_us)" 1 "$(fact both_nodira_us)"
note "mirzo $(fact both_mirzo_us) us, nodira $(fact both_nodira_us) us after boot"

# Each restart of a bot whose grace was 3 s, the first of a back-off: nodira alone, then mirzo with nodira.
for kill in killed both; do
	ms=$(told_after $kill dead $kill "restart ") && echo $((ms - 3000))
done >asked
note "from the end of grace to the restart request: $(tr '\n' ' ' <asked)ms"
holds "the restart is asked for within 250 ms of the end of grace" [ "$(sort -n asked | tail -n 1)" -le 250 ]

holds "one that does not answer its alive command is restarted" fact_is mute_back 1
holds "and why is told" logged rule=dead-others unit=mute "no answer on its socket"

holds "one that always ends is given up" fact_is crasher_given_up 1
holds "which is told, with the way out" logged rule=crashed "given up until" "watchdogctl retry crasher"
holds "a person's retry is taken" fact_is retry_status 0
holds "and begins anew" grep -q 'begins anew' retry

while read -r pid at_ms; do
	"$VM_DIR/told.py" status-timed.json died "$at_ms" "(pid $pid)" SIGKILL
done <kills >told
holds "each of ten deaths is told" [ "$(wc -l <told)" = 10 ]
median=$(sort -n told | sed -n 5p)
holds "from death to told: at most 250 ms in the middle" [ "${median:-99999}" -le 250 ]
note "from death to told: $(sort -n told | tr '\n' ' ')ms (the goal is 50 in the middle; on a machine that does nothing else)"
tap_end
