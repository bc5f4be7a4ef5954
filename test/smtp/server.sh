# Sourced by the tests of mail after lib.sh: a mail server (exim) of their own, in $dir/smtp.
# shellcheck shell=bash disable=SC2154,SC2034
smtp=$dir/smtp
send=$top/build/test/channel_send

make_channel_send() {
	mkdir -p "$top/build/test"
	[ -x "$send" ] && [ "$send" -nt "$top/test/integration/channel_send.c" ] && return
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -I"$top/watchdogd" -o "$send" "$top/test/integration/channel_send.c" \
		"$bin/libwatchdogd.a" -ldl
}

free_ports() { # N: so many that nobody listens at
	python3 -c '
import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in all: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in all])' "$1"
}

make_certificate() { # FILE NAME: FILE.cert and FILE.key
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.cert" -days 2 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2" 2>/dev/null
}

smtp_answers() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# start_smtp: sets $plain, $implicit, $strict (ports); its mailbox is $smtp/mail, who logs in is bot, "s3cret pw".
start_smtp() {
	mkdir -p "$smtp/mail" "$smtp/spool"
	chmod 755 "$dir" "$smtp"
	chmod 777 "$smtp/mail"
	read -r plain implicit strict < <(free_ports 3)
	make_certificate "$smtp/tls" localhost || return 1
	cp "$smtp/tls.cert" "$smtp/cert"
	cp "$smtp/tls.key" "$smtp/key"
	chown -R Debian-exim: "$smtp/spool" "$smtp/cert" "$smtp/key"
	sed "s,DIR,$smtp,g; s,PLAIN\b,$plain,g; s,IMPLICIT,$implicit,g; s,STRICT,$strict,g; s,name = $plain,name = PLAIN," \
		"$top/test/smtp/exim.conf" >"$smtp/conf"
	chmod 644 "$smtp/conf"
	touch "$smtp/log-main" "$smtp/log-reject" "$smtp/log-panic"
	chown Debian-exim: "$smtp"/log-*
	# exim makes files in its directory as Debian-exim.
	chgrp Debian-exim "$smtp" && chmod 775 "$smtp"
	exim4 -bdf -C "$smtp/conf" >"$smtp/out" 2>&1 &
	exim=$!
	wait_for 20 smtp_answers "$plain" || { cat "$smtp/out" "$smtp"/log-* >&2; return 1; }
}

stop_smtp() {
	[ -z "${exim:-}" ] || kill "$exim" 2>/dev/null
	wait "${exim:-}" 2>/dev/null
	exim=
}
