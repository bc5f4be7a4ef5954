#!/bin/bash
# The HTML of a mail on a phone's screen, in Chromium: as wide as the screen, light or dark as the reader has it, even when
# what it tells of has names of 4 KiB.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/smtp/server.sh
. "$top/test/smtp/server.sh"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
[ -n "$browser" ] || { skip "a mail fits a phone's screen" "chromium is not here"; plan_end; }
for program in exim4 openssl python3; do
	command -v "$program" >/dev/null || { skip "a mail fits a phone's screen" "$program is not here"; plan_end; }
done
[ "$(id -u)" -eq 0 ] || { skip "a mail fits a phone's screen" "the mail server is started by root"; plan_end; }
[ -e "$bin/plugins/email.so" ] || { skip "a mail fits a phone's screen" "built without libcurl"; plan_end; }
: >"$log"
make_channel_send || exit 1
start_smtp || { ok 1 "the mail server starts"; plan_end; }

# shellcheck disable=SC2317
arrived() { # N
	[ "$(find "$smtp/mail/new" -type f 2>/dev/null | wc -l)" -ge "$1" ]
}

long=$(printf 'W%.0s' {1..4096})
{
	echo "url=smtp://127.0.0.1:$plain"
	cat "$top/test/smtp/alert.fields"
	echo send
	echo 'told=resolved'
	echo 'subject=[resolved] nodira: resolved, after 4 min; xtts is still stopped'
	echo 'title=resolved, after 4 min; xtts is still stopped'
	echo send
	echo 'told=alert'
	echo 'severity=warning'
	for field in subject title text doing todo history unit host rule id; do echo "$field=$long"; done
	echo "fact.$long=$long"
	echo send
} >"$dir/fields"
"$send" "$bin/plugins/email.so" "$dir/fields" >"$dir/sent" 2>&1
wait_for 30 arrived 3
ok $? "three mails arrived"
mkdir "$dir/page"
timeout 400 python3 "$top/test/smtp/page.py" "$smtp/mail/new" "$dir/page" "$browser" >"$dir/verdicts" 2>"$log"
while read -r verdict sentence; do
	[ "$verdict" = pass ]
	ok $? "$sentence"
done <"$dir/verdicts"
[ "$tests" -eq 13 ]
ok $? "each was looked at, light and dark"
[ -z "${WD_PICTURES:-}" ] || cp "$dir"/page/*.png "$WD_PICTURES"
stop_smtp
plan_end
