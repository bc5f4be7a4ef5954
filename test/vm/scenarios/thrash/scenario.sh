# From death to told while nothing else moves: the killer is locked in memory, the leak may not be stopped by anyone.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

leak_is_over() { ! systemctl -q is-active leak; }
stalled_us() { while read -r kind avg10 avg60 avg300 total; do [ "$kind" = full ] && echo "${total#total=}"; done </proc/pressure/memory; : "$avg10$avg60$avg300"; }

start_swap
start_sampler
systemctl start careful leak
wait_until 60 exists /run/vm/careful.full || say "careful did not fill"
start_daemon
sleep 5
ramp_begins leak
# RAM and swap go in some 15 s: then the kills.
sleep 12
stalled_before_us=$(stalled_us)
/opt/vm/bin/killer 9 "$slice"/careful.service claude 6 2500 >/run/vm/kills
fact stalled_ms $((($(stalled_us) - stalled_before_us) / 1000))
systemctl kill -s KILL leak
wait_until 60 leak_is_over || say "the leak is still there"
sleep "$LINGER"
cp /run/vm/kills "$results"/kills
/opt/watchdogd/watchdogctl status --json >"$results"/status.json
note_units after
