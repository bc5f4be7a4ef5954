#!/bin/bash
# A mail arrives at a real mail server as it was meant: its headers, both of its parts, its receivers; whatever is in
# the texts of the alert, and over each way of TLS and login that the config knows.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/smtp/server.sh
. "$top/test/smtp/server.sh"

for program in exim4 openssl python3; do
	command -v "$program" >/dev/null || { skip "a mail arrives whole" "$program is not here"; plan_end; }
done
[ "$(id -u)" -eq 0 ] || { skip "a mail arrives whole" "the mail server is started by root"; plan_end; }
[ -e "$bin/plugins/email.so" ] || { skip "a mail arrives whole" "built without libcurl"; plan_end; }
make_channel_send || exit 1
: >"$log"
start_smtp || { ok 1 "the mail server starts"; plan_end; }

# shellcheck disable=SC2317
mail() { # CASE URL [FIELD=VALUE...]
	local case=$1 url=$2
	shift 2
	python3 "$top/test/smtp/mails.py" "$case" "$send" "$bin/plugins/email.so" "$smtp/mail" "$url" "$@"
}

trust=ca=$smtp/cert
who=user=bot
password='secret.PASSWORD=s3cret pw'

check "headers, text and HTML are what was sent" mail whole "smtp://127.0.0.1:$plain"
check "the first of a thread answers none, and a warning is not urgent" mail first "smtp://127.0.0.1:$plain"
check "hostile text adds no header, no receiver, no part, no tag" mail hostile_texts "smtp://127.0.0.1:$plain"
check "an address that could be two is sent to never" mail addresses "smtp://127.0.0.1:$plain"
check "one refused receiver is named, and the others get it" mail refused "smtp://127.0.0.1:$plain"
check "over TLS from the start, with a login" mail login "smtps://localhost:$implicit" "$trust" "$who" "$password"
check "over STARTTLS, with a login" mail login "smtp://localhost:$strict" "$trust" "$who" "$password" tls=1
check "over STARTTLS as it is offered, with a login" mail login "smtp://localhost:$strict" "$trust" "$who" "$password"
check "a login in the url" mail login "smtp://bot:s3cret%20pw@localhost:$strict" "$trust"
check "a wrong password is tried again later" mail later "smtps://localhost:$implicit" "$trust" "$who" secret.PASSWORD=s3cret
check "a password that is not there is waited for" mail later "smtps://localhost:$implicit" "$trust" "$who"
check "no login where one is asked for: later" mail later "smtps://localhost:$implicit" "$trust"
check "an unknown certificate is not trusted" mail later "smtps://localhost:$implicit" "$who" "$password"
check "the certificate of another name is not trusted" mail later "smtps://127.0.0.1:$implicit" "$trust" "$who" "$password"
check "without TLS a password goes nowhere" mail in_clear "smtp://127.0.0.1:$plain" "$who" "$password"
check "where nobody listens: later" mail later "smtp://127.0.0.1:1"
check "a name that is nobody's: later" mail later "smtp://no-such-host.invalid:25"

[ "$failures" -eq 0 ] || cat "$dir/stderr" "$smtp/log-main" >&2
stop_smtp
plan_end
