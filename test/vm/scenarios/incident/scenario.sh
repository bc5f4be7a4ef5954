# The incident to its end: mirzo climbs, xtts_server is shed; then the load goes, and xtts_server comes back.
# shellcheck shell=sh disable=SC2154 # variables of load.env

let_mirzo_climb

xtts_is_back() { grep -q 'started xtts again' /run/vm/daemon.log; }
# What the daemon says; the journal is dear to ask, so it is asked seldom.
daemon_says() { journalctl -q -o cat _SYSTEMD_UNIT=watchdogd.service >/run/vm/daemon.log; xtts_is_back || { sleep 5; false; }; }

fact xtts_state_eased "$(systemctl is-active xtts_server)"
load_eases mirzo
wait_until 180 daemon_says
note_units back
fact xtts_starts "$(grep -c 'started xtts again' /run/vm/daemon.log)"
