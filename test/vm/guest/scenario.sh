# The incident: loads fill, the daemon watches (where there is one), mirzo climbs to its peak or dies on the way;
# then there is time to act. A scenario that needs another course brings its own scenario.sh.
# shellcheck shell=sh disable=SC2154 # variables of load.env

start_swap
start_sampler
start_loads
start_daemon
sleep 3
note_units before
climber=$(claude_of mirzo)
ramp_begins mirzo
wait_until 300 ramp_is_over "$climber"
say "ramp over"
sleep "$LINGER"
note_units after
