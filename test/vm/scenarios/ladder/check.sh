#!/bin/sh
# What every run must have shown, whoever watched; of watchdogd, what it is for: whoever fits is kept, and what was
# stopped is back; where not all of it fits, one bot is restarted, and both answer at the end.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

setting() { sed -n "s/^$1=//p" settings; }
# All but xtts_server find room in RAM and swap. At 90 % with swap more than 2 s of stall are what is known: mirzo, which
# touches all it holds, and the kernel are all of RAM by themselves. The goal stays what it is, and the row says so.
fits() { if [ "$(setting SWAP)" != 0 ]; then [ "$(setting PEAK)" -le 90 ]; else [ "$(setting PEAK)" -le 65 ]; fi; }
stall_ms() { awk -F, -v since="$(fact ramp_ms)" 'NR > 1 && $1 >= since { if (!n++) a = $5; b = $5 } END { print int((b - a) / 1000) }' samples.csv; }
restarts() {
	awk -v n="$(fact nodira_invocation_before)" -v m="$(fact mirzo_invocation_before)" \
		-v n2="$(fact nodira_invocation_after)" -v m2="$(fact mirzo_invocation_after)" 'BEGIN { print (n != n2) + (m != m2) }'
}

check_watchdogd() {
	daemon_held
	holds "the config says restore for 20s" expr "$(fact restore)" : '\(.* for 20s;\)*$'
	holds "both bots have a claude at the end" [ "$(fact nodira_claude_after)" -gt 0 -a "$(fact mirzo_claude_after)" -gt 0 ]
	holds "the kernel kills nothing" fact_is kernel_kills_after 0
	if fits; then
		holds "mirzo's claude is untouched" fact_same mirzo_claude_before mirzo_claude_after
		holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
		holds "full stall of 2 s at most" [ "$(stall_ms)" -le 2000 ]
	else
		holds "exactly one bot is restarted" [ "$(restarts)" = 1 ]
		holds "by watchdogd, which says so" logged "restarted mirzo in"
	fi
	holds "xtts_server is back at the end" fact_is xtts_state_after active
}

holds "the load comes and goes in time" fact_is load_gone 1
holds "both bots have a claude before" [ "$(fact nodira_claude_before)" -gt 0 -a "$(fact mirzo_claude_before)" -gt 0 ]
[ "$(setting TOOL)" != watchdogd ] || check_watchdogd
note_course
"$VM_DIR/scenarios/ladder/row.sh" 2>/dev/null | sed 's/^/# /'
tap_end
