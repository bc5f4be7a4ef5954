# limited.service grows over its MemoryMax=128M; its parent lives on, as that of a bot does.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

limited=$slice/limited.service

limited_event() { while read -r key value; do [ "$key" = "$1" ] && echo "$value"; done <"$limited/memory.events"; }
limited_is_killed() { [ "$(limited_event oom_kill)" -gt 0 ]; }

start_sampler
systemctl start limited
wait_until 60 exists /run/vm/limited.full || say "limited did not fill"
start_daemon
sleep 3
fact limited_invocation_before "$(unit_property limited InvocationID)"
ramp_begins limited
wait_until 120 limited_is_killed || say "limited was not killed"
sleep "$LINGER"
fact limited_oom_kill "$(limited_event oom_kill)"
fact limited_max "$(limited_event max)"
fact limited_state "$(unit_property limited ActiveState)"
fact limited_invocation_after "$(unit_property limited InvocationID)"
fact kernel_kills_after "$(vmstat_of oom_kill)"
