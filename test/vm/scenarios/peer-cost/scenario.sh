# CPU time of both watchers over the same many idle units, one after the other: two at once would share the caches
# that the kernel fills for the first to ask.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

many_units() { number=1; while [ $number -le "$MANY" ]; do echo "idle@$number.service"; number=$((number + 1)); done; }

add_units_to_config() {
	number=1
	while [ $number -le "$MANY" ]; do
		printf '[unit u%d]\nsystemd = idle@%d.service\ngroup = many\n\n' $number $number
		number=$((number + 1))
	done >>/etc/watchdogd/watchdogd.conf
}

# CPU time of a cgroup so far, in microseconds.
cpu_us_of() { while read -r key value; do [ "$key" = usage_usec ] && echo "$value"; done <"$1/cpu.stat"; }

# measure NAME CGROUP: what it uses in LINGER seconds, once it has settled.
measure() {
	sleep 10
	begun_us=$(cpu_us_of "$2")
	sleep "$LINGER"
	fact "$1_cpu_us" $(($(cpu_us_of "$2") - begun_us))
}

start_sampler
add_units_to_config
# shellcheck disable=SC2046 # a list of words
systemctl start $(many_units)
fact units "$(systemctl list-units --no-legend --state=active 'idle@*' | wc -l)"
systemctl start systemd-oomd && measure oomd /sys/fs/cgroup/system.slice/systemd-oomd.service
fact oomd_watches "$(oomctl | grep -c 'Path: /many.slice/')"
systemctl stop systemd-oomd
start_daemon
measure watchdogd /sys/fs/cgroup/watchdogd.slice/watchdogd.service
