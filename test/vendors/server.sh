# Sourced after lib.sh by the tests of webhooks: the vendors' server, and what sends to it.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # of lib.sh, and for who sources this
send=$top/build/test/channel_send

make_webhook_send() {
	mkdir -p "$top/build/test"
	[ -x "$send" ] && [ "$send" -nt "$top/test/integration/channel_send.c" ] && return
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -I"$top/watchdogd" -o "$send" "$top/test/integration/channel_send.c" \
		"$bin/libwatchdogd.a"
}

# start_vendors NAME [OPTION...]: its port in $port, what it took in $dir/NAME/taken.
start_vendors() {
	local name=$1
	shift
	mkdir -p "$dir/$name"
	: >"$dir/$name/taken"
	: >"$dir/$name/heard"
	python3 "$top/test/vendors/vendors.py" "$dir/$name" "$@" 2>>"$dir/stderr" &
	wait_for 20 test -s "$dir/$name/port" || return 1
	port=$(cat "$dir/$name/port")
}

# make_certificate NAME HOST ALTNAME: NAME.crt and NAME.key of its own authority, in $dir.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
		-addext "subjectAltName=$3" -keyout "$dir/$1.key" -out "$dir/$1.crt" 2>>"$dir/stderr"
}
