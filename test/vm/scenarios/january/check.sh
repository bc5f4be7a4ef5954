#!/bin/sh
# The day of the incident, with nothing to spare: what reached the owner is what README's walk-through says.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

readme=$VM_DIR/../../README.md

# The messages without what differs from run to run: clock, pids, spans, sizes, who happened to ask for memory.
alike() {
	sed -E 's/^ *[0-9]+ s  //
		s/; [a-z_]+ asked for memory \(pid [0-9]+\)//
		s/[0-9.]+ (ms|s|min|h)( [0-9]+ (s|min))?([^a-z]|$)/SPAN\4/g
		s/[0-9.]+ ([KMG]iB|B)/SIZE/g
		s/[0-9.]+ %/PCT/g
		s/[0-9]+/N/g' | sort
}
in_readme() { awk '/^## What it saw on 22 January/ { here = 1 } here && /^```/ { block++; next } here && block == 1' "$readme"; }

# The first mail after the kernel's kill: seconds between the two, by the guest's clock; whole seconds.
mail_after() {
	killed=$(sed -nE 's/^\[ *([0-9]+)\.[0-9]+\] .*Killed process .*/\1/p' dmesg | head -n 1)
	sed -n 's/^mail_at=//p' facts | sort -n | while read -r at; do
		after=$((at - $(fact boot_at) - killed))
		[ "$after" -lt 0 ] || { echo "$after"; break; }
	done
}
# The subject of the first mail about mirzo, unfolded.
first_subject() {
	for mail in mail.*; do
		awk '/^Subject: /{on = 1; printf "%s", $0; next} on && /^ /{printf "%s", $0; next} on {exit}' "$mail"
		echo
	done | grep mirzo | head -n 1
}

daemon_held
holds "the kernel kills once" fact_is kernel_kills_after 1
holds "mirzo has a new claude at the end" fact_at_least mirzo_claude_after 1
holds "nodira's claude is untouched" fact_same nodira_claude_before nodira_claude_after
alike <told >told.alike
in_readme | alike >readme.alike
holds "seven messages reach the owner" [ "$(wc -l <told)" = 7 ]
holds "the first mail is in the mailbox within 5 s of the kill" [ "$(mail_after)" -le 5 ]
subject=$(first_subject)
holds "its subject says who was killed and who lives on" expr "$subject" : 'Subject: \[critical\] mirzo: claude killed by the OOM killer ([0-9.]* [MG]iB); claudir lives on$'
note "$subject"
note "the first mail was there $(mail_after) s after the kill"
holds "README's walk-through is what they say" cmp told.alike readme.alike
diff readme.alike told.alike | sed 's/^/# /'
holds "after a restart the spool is the scribe's" fact_is spool_owner wd-scribe
holds "and can be written" not_logged "spool cannot be written"
holds "the scribe has its own user" fact_is scribe_user wd-scribe
holds "so has the messenger" fact_is messenger_user wd-messenger
note_course
tap_end
