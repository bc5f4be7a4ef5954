# The incident, watched by TOOL: the loads fill, mirzo climbs to its peak or dies on the way, holds it, gives it back;
# then there is time to give back what was stopped. What each tool is told lies below tools/, over the guest's root.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

# The user's own config; what it waits for five minutes is waited for 20 s here.
start_watchdogd() {
	sed -i '/^restore/s/ for 5m/ for 20s/' /etc/watchdogd/watchdogd.conf
	fact restore "$(sed -n 's/^restore *= *//p' /etc/watchdogd/watchdogd.conf)"
	start_daemon
}

start_tool() {
	case $TOOL in
	none) ;;
	watchdogd) start_watchdogd ;;
	earlyoom*) systemctl start earlyoom ;;
	*) systemctl start "$TOOL" ;;
	esac
	[ "$TOOL" = none ] || fact tool_state "$(systemctl is-active "${TOOL%%-prefer}")"
}

uptime_ms() { read -r now_s rest_of_line </proc/uptime; : "$rest_of_line"; echo "${now_s%.*}${now_s#*.}0"; }

start_swap
start_sampler
start_loads
start_tool
sleep 5
note_units before
climber=$(claude_of mirzo)
fact ramp_ms "$(uptime_ms)"
ramp_begins mirzo
# A megabyte more or less than a hundredth of RAM is ten; a guest that stands still needs longer.
wait_until $((240 + (PEAK - MIRZO) * 10 / RATE)) ramp_is_over "$climber" && fact ramp_over 1
say "ramp over"
sleep "$HOLD"
fact release_ms "$(uptime_ms)"
load_eases mirzo
sleep "$LINGER"
note_units after
[ "$TOOL" = none ] || fact tool_state_after "$(systemctl is-active "${TOOL%%-prefer}")"
