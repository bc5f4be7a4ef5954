#!/bin/bash
# sd_notify: READY once it watches, RELOADING and READY around a reload, WATCHDOG and STATUS while it looks,
# STOPPING at the end; and who may ask what over the control socket.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
write_conf <<CONF
[rule always]
when = host.available > 1%
then = alert info
CONF
sed -i 's,^control = .*,&\nreaders = adm,' "$conf"
cat >"$dir/listen.py" <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as out:
    while True:
        out.write(s.recv(4096).decode().replace("\n", " ") + "\n")
PY
python3 "$dir/listen.py" "$dir/notify" "$dir/told" >/dev/null 2>&1 &
wait_for 5 test -S "$dir/notify"
NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=4000000 start_daemon
ok $? "the daemon starts"
check "READY is sent" wait_for 5 logged '^READY=1' "$dir/told"
check "WATCHDOG and STATUS come from the sentinel" wait_for 5 logged 'WATCHDOG=1 STATUS=watching' "$dir/told"
sleep 4.5
n=$(grep -c 'WATCHDOG=1' "$dir/told")
ok "$((n < 2 || n > 6))" "WATCHDOG comes at half of its time, not more often ($n in 5 s)"
check "reload" ctl reload
check "RELOADING comes with its time, then READY" sh -c "grep -A1 '^RELOADING=1 MONOTONIC_USEC=[0-9]' '$dir/told' | grep -q '^READY=1'"
kill -STOP "$(child_pid wd-sentinel)"
sleep 3
before=$(grep -c 'WATCHDOG=1' "$dir/told")
sleep 3
ok "$(($(grep -c 'WATCHDOG=1' "$dir/told") != before))" "no WATCHDOG while the sentinel does not look"
check "status says with exit 3 that the sentinel does not look" \
	wait_for 15 sh -c "'$bin/watchdogctl' -s '$dir/run/control' status >'$dir/out' 2>&1; [ \$? -eq 3 ]"
kill -CONT "$(child_pid wd-sentinel)"

reader() { setpriv --reuid=nobody --regid=nogroup --groups="$(getent group adm | cut -d: -f3)" "$@"; }
stranger() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
chmod 755 "$dir"
sleep 1
check "a member of readers may read the status" reader "$bin/watchdogctl" -s "$dir/run/control" status
reader "$bin/watchdogctl" -s "$dir/run/control" reload >"$dir/out" 2>&1
ok "$(($? == 0))" "but not command"
stranger "$bin/watchdogctl" -s "$dir/run/control" status >"$dir/out" 2>&1
ok "$(($? == 0))" "who is no reader may not even read"
stop_daemon
ok $? "it ends with status 0"
check "STOPPING is sent" logged '^STOPPING=1' "$dir/told"
plan_end
