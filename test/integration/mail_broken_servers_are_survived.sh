#!/bin/bash
# A mail server that refuses, cuts, hangs or talks nonsense: what it means for the next attempt, and that it holds up no
# mail to another. All at once, in one process.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/smtp/server.sh
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

# A name server that never answers, and a look-up that takes half a minute (as long as glibc lets it); the attempt has 2 s.
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	printf 'nameserver 127.9.9.9\noptions timeout:30 attempts:1\n' >"$dir/resolv.conf"
	echo 'hosts: files dns' >"$dir/nsswitch.conf"
	python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.9.9.9", 53))
print("bound", flush=True)
time.sleep(120)' >"$dir/names" &
	wait_for 20 grep -q bound "$dir/names"
	printf 'url=smtp://mail.example.org\nfrom=a@b\nto=c@d\ntimeout=2000\nsend\n' >"$dir/fields"
	began=$SECONDS
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount --bind "$1/resolv.conf" /etc/resolv.conf && mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf &&
		exec "$2" "$3" "$1/fields"' - "$dir" "$send" "$bin/plugins/email.so" >"$dir/sent"
	grep -q '^sent 1 later 0 Resolving timed out' "$dir/sent" && [ $((SECONDS - began)) -lt 25 ]
	ok $? "a look-up that hangs is left behind at the attempt's limit"
else
	skip "a look-up that hangs is left behind" "no mount namespace of our own"
fi
plan_end
