# A swap file made in a quiet time, switched on by a rule, kept over a restart of the daemon, given back by `restore`.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

file=/var/watchdogd.swap

# What `status` says of it: "ready", "on by us".
file_is() { /opt/watchdogd/watchdogctl status 2>/dev/null | grep -q "swap file $1"; }
total_kb() { while read -r key value unit_kb; do [ "$key" = SwapTotal: ] && echo "$value"; done </proc/meminfo; : "$unit_kb"; }
is_listed() { grep -q "^$file " /proc/swaps; }

start_daemon
fact total_before "$(total_kb)"
wait_until 90 file_is ready && fact ready 1
fact mode "$(stat -c '%a %u %s %h' $file)"
is_listed && fact listed_too_soon 1
systemctl start leak
wait_until 60 exists /run/vm/leak.full || say "leak did not fill"
ramp_begins leak
wait_until 60 file_is 'on by us' && fact on 1
fact total_after "$(total_kb)"
cat /proc/swaps >"$results"/swaps
sleep 1
/opt/watchdogd/watchdogctl status >"$results"/status
systemctl stop watchdogd
is_listed && fact on_without_us 1
systemctl start watchdogd
wait_until 20 file_is 'on by us' && fact ours_again 1
systemctl stop leak
wait_until 60 file_is ready && fact given_back 1
is_listed || fact off 1
fact total_at_end "$(total_kb)"
