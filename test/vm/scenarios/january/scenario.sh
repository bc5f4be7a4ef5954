# What reaches the owner is written down as it comes; the course is that of the incident.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

cat >/opt/vm/bin/owner <<'END'
#!/bin/sh
read -r now_s rest_of_line </proc/uptime
: "$rest_of_line"
echo "${now_s%.*} s  [$WATCHDOGD_SEVERITY] ${WATCHDOGD_UNIT:-host}: $WATCHDOGD_TEXT" >>/run/vm/told
END
chmod 755 /opt/vm/bin/owner
: >/run/vm/told
chmod 666 /run/vm/told

mkdir -p /var/mail/owner
chown nobody /var/mail/owner
smtpd -f /opt/vm/smtpd.conf

# Half a minute of `grace` and of life, and ten seconds of quiet: the last that is told is that it is over.
all_is_told() { grep -q 'mirzo: resolved' /run/vm/told; }

let_mirzo_climb
wait_until 60 all_is_told
sleep 5
/opt/watchdogd/watchdogctl status >"$results"/status
cp /run/vm/told "$results"/told
# A mail's file begins with the second in which it was delivered.
for mail in /var/mail/owner/new/*; do
	[ -e "$mail" ] || break
	name=${mail##*/}
	fact mail_at "${name%%.*}"
	cp "$mail" "$results/mail.${name%%.*}"
done
fact boot_at "$(($(date +%s) - $(uptime_s)))"

# A restart by systemd, which gives the state directory back to root: the scribe must have it again.
systemctl restart watchdogd
wait_until 30 exists /var/lib/watchdogd/spool.db-wal
fact spool_owner "$(stat -c %U /var/lib/watchdogd/spool.db)"
for worker in wd-scribe wd-messenger; do
	for process in /proc/[0-9]*; do
		{ read -r comm <"$process/comm"; } 2>/dev/null || continue
		[ "$comm" = "$worker" ] || continue
		uid=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "$process/status")
		[ "$uid" != "$(id -u "$worker")" ] || fact "${worker#wd-}_user" "$worker"
	done
done
