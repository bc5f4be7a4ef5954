#!/bin/bash
# A mail server that refuses, cuts, hangs or talks nonsense: what it means for the next attempt, and that it holds up no
# mail to another. All at once, in one process.
. "$(dirname "$0")/lib.sh"
. "$top/test/smtp/server.sh"

for program in openssl python3; do
	command -v "$program" >/dev/null || { skip "broken mail servers" "$program is not here"; plan_end; }
done
[ -e "$bin/plugins/email.so" ] || { skip "broken mail servers" "built without libcurl"; plan_end; }
: >"$log"
make_channel_send || exit 1
make_certificate "$dir/tls" localhost || exit 1
timeout 200 python3 "$top/test/smtp/verdicts.py" "$send" "$bin/plugins/email.so" "$dir" >"$dir/verdicts" 2>"$log"
while read -r verdict sentence; do
	[ "$verdict" = pass ]
	ok $? "$sentence"
done <"$dir/verdicts"
[ "$tests" -ge 38 ]
ok $? "all of them ended"
plan_end
