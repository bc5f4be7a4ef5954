# The incident, watched by TOOL: the loads fill, mirzo climbs to its peak or dies on the way, holds it, gives it back;
# then there is time to give back what was stopped. What each tool is told lies below tools/, over the guest's root.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

# The user's own config; what it waits for minutes is waited for 20 s here.
start_watchdogd() {
	sed -i '/^restore/s/ for [0-9]*m$/ for 20s/' /etc/watchdogd/watchdogd.conf
	fact restore "$(sed -n 's/^restore *= *//p' /etc/watchdogd/watchdogd.conf | tr '\n' ';')"
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

# Given back, or its process is lost.
load_is_gone() { [ -e /run/vm/mirzo.eased ] || [ "$(claude_of mirzo)" != "$1" ]; }
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
# Nothing of ours moves meanwhile: a shell that looks around would press on the memory that is being measured. A hundredth
# of RAM is some ten megabytes; a guest that stands still needs longer.
sleep $(((PEAK - MIRZO) * 10 / RATE + HOLD))
wait_until 240 load_is_gone "$climber" && fact load_gone 1
say "load is gone"
sleep "$LINGER"
note_units after
[ "$TOOL" = none ] || fact tool_state_after "$(systemctl is-active "${TOOL%%-prefer}")"
