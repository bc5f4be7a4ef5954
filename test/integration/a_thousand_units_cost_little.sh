#!/bin/bash
# A thousand units once a second: how many calls a unit and second, and that what is not read again is true
# all the same. Calls are counted, not time: that is for test/bench/run; here it is a comment.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
units=1000
tree=/wdt-many.$$
hierarchies=(/sys/fs/cgroup/memory /sys/fs/cgroup/unified)
[ -e /sys/fs/cgroup/cgroup.controllers ] && hierarchies=(/sys/fs/cgroup)
hogs=()

# shellcheck disable=SC2317 # called by the trap
end() {
	exec 8>&- # the crowd ends with it
	[ ${#hogs[@]} -eq 0 ] || kill -KILL "${hogs[@]}"
	stop_daemon
	sleep 1
	for h in "${hierarchies[@]}"; do
		[ ! -d "$h$tree" ] || find "$h$tree" -depth -type d -exec rmdir {} +
	done
	cleanup
} 2>/dev/null
trap end EXIT

if [ "$(id -u)" != 0 ] || [ ! -d "${hierarchies[0]}" ] || ! command -v strace >/dev/null; then
	skip "a thousand units cost little" "needs root, memory cgroups and strace"
	plan_end
fi
make_hog
${CC:-gcc} -O1 -Wall -o "$top/build/test/crowd" "$top/test/bench/crowd.c"
for h in "${hierarchies[@]}"; do
	mkdir -p "$h$tree"
	(cd "$h$tree" && seq -f 'u%.0f' $units | xargs mkdir)
done
{
	for i in $(seq $units); do
		printf '[unit u%d]\ncgroup = %s/u%d\ngroup = all\n' "$i" "$tree" "$i"
	done
	cat <<CONF
[rule big]
each = all
when = unit.anon > 20M and unit.pressure.full < 50%
then = alert info

[rule killed]
each = all
when = unit.events.oom_kill > 0
then = alert info
CONF
} | write_conf
limit_cgroup $tree/u8 $((30 << 20))
mkfifo "$dir/crowd"
"$top/build/test/crowd" $((units - 10)) 0 "${hierarchies[@]/%/$tree}" <"$dir/crowd" &
exec 8>"$dir/crowd"
sleep 2
start_daemon
ok $? "the daemon starts with $units units"
sentinel=$(child_pid wd-sentinel)

cpu_ns() { cut -d' ' -f1 "/proc/$sentinel/schedstat"; }
sleep 6
before=$(cpu_ns)
sleep 10
echo "# $(awk -v ns=$(($(cpu_ns) - before)) 'BEGIN {printf "%.2f", ns / 1e8}') % of a core"
stall() { awk '/^some/ {print $NF}' /proc/pressure/memory; }
stalled=$(stall)
read_key /proc/stat processes
forks=$value
timeout 12 strace -c -U calls,name -o "$dir/calls" -p "$sentinel" 2>/dev/null
calls() { # NAME...: of all looks
	local sum=0 name
	for name; do
		sum=$((sum + $(awk -v n="$name" '$2 == n {print $1}' "$dir/calls" | head -1) + 0))
	done
	echo $sum
}
looks=$(calls epoll_wait epoll_pwait)
sed 's/^/# /' "$dir/calls"
read_key /proc/stat processes
forks=$((value - forks))
if [ "$(stall)" = "$stalled" ]; then
	ok $((looks < 5 || looks > 14 + 3 * forks || looks > 120)) \
		"about one look a second ($looks in 12 s; $forks forks on the host)"
else
	skip "about one look a second ($looks in 12 s)" "the host stalled for memory"
fi
# 100 means one call a unit and second.
share() { echo $(($(calls "$@") * 100 / 12 / units)); }
reads=$(share pread64 read) opens=$(share openat) all=$(share pread64 read openat close newfstatat fstat getdents64 lseek)
# memory.current at each; the rest now and then, unless the host stalls meanwhile.
ok $((reads > 320)) "at most 3.2 reads a unit and second (${reads}/100)"
ok $((opens > 40)) "at most 0.4 files opened a unit and second (${opens}/100)"
ok $((all > 450)) "at most 4.5 calls in all (${all}/100)"

# What was not read for a while is read when it matters.
in_cgroup $tree/u7 "$hog" 40 &
hogs+=($!)
check "memory that grows in one of them is seen within 3 s" wait_for 3 logged 'rule=big unit=u7 '
in_cgroup $tree/u8 "$hog" 60 &
wait $!
check "a kill by its limit is seen in its counter within 3 s" wait_for 3 logged 'rule=killed unit=u8 '
check "no other unit is told of" sh -c "! grep -E 'rule=(big|killed) unit=' '$log' | grep -vE 'unit=u[78] '"
in_cgroup $tree/u1000 "$hog" 0 &
hogs+=($!)
check "who enters an empty one is seen within 4 s" wait_for 4 sh -c \
	"'$bin/watchdogctl' -s '$dir/run/control' status | grep -qE '^u1000 +running'"
plan_end
