#!/bin/bash
# Over a full incident and a reload: no heap call of the sentinel after start. And strace of a quiet time
# shows reads, epoll and little else, at most one wake-up a second (and some more while others fork).
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
make_hog
mkdir -p "$top/build/test"
${CC:-gcc} -shared -fPIC -O1 -o "$top/build/test/count_malloc.so" "$top/test/integration/count_malloc.c" -ldl
make_cgroup /wdt-xtts
make_cgroup /wdt-bot
limit_cgroup /wdt-bot $((30 << 20))
in_cgroup /wdt-xtts "$hog" 60 deaf &
write_conf <<CONF
[unit xtts]
cgroup = /wdt-xtts
stop-timeout = 1s
group = all
idle = 1s

[unit bot]
cgroup = /wdt-bot
group = all
idle = 1s

[unit name]
match = no-such-program-here
idle = 1s

[rule big]
when = xtts.anon > 40M and not host.available < 1% for 1s
then = alert warning
       freeze xtts
       thaw xtts
       stop largest of all

[rule oom]
on = oom-kill
then = alert critical
       run /bin/true

[channel hook]
plugin = exec
command = /bin/true
CONF
COUNT_MALLOC=$dir/malloc LD_PRELOAD=$top/build/test/count_malloc.so start_daemon
ok $? "the daemon starts under the counter"
check "the incident: a unit is stopped" wait_for 30 logged 'unit=xtts stopped xtts'
in_cgroup /wdt-bot "$hog" 60 &
wait $! 2>/dev/null
check "and a kernel kill is told" wait_for 5 logged 'rule=oom unit=bot'
check "reload" ctl reload
sleep 2
calls=$(cat "$dir"/malloc.* 2>/dev/null | grep -cE '^(malloc|calloc|realloc|free)$')
check "the counter was there" sh -c "ls '$dir'/malloc.*"
ok "$((calls != 0))" "the sentinel made no heap call ($calls)"
[ "$calls" -eq 0 ] || head -40 "$dir"/malloc.* >&2
stop_daemon

# Quiet time: nothing fires.
write_conf <<CONF
[unit xtts]
cgroup = /wdt-xtts

[rule tight]
when = host.used > 99% for 5s
then = alert warning
CONF
: >"$log"
start_daemon
# Open once to be read, once for the trigger: the kernel takes one for each descriptor.
# shellcheck disable=SC2317 # called through check
two_are_open() { [ "$(find "/proc/$(child_pid wd-sentinel)/fd" -lname /proc/pressure/memory | wc -l)" = 2 ]; }
check "this kernel takes the trigger" wait_for 5 two_are_open
ok "$(logged 'no wake-up by memory pressure' && echo 1 || echo 0)" "and that is not told as missing"
seconds=${QUIET_SECONDS:-20}
if command -v strace >/dev/null; then
	sleep 3
	read_key /proc/stat processes
	forks=$value
	timeout "$seconds" strace -f -tt -o "$dir/strace" -p "$(child_pid wd-sentinel)" 2>/dev/null
	wakes=$(grep -c 'epoll_wait(' "$dir/strace")
	read_key /proc/stat processes
	forks=$((value - forks))
	ok "$((wakes > seconds + 2 + 3 * forks))" "at most one wake-up a second ($wakes in $seconds s; $forks forks on the host)"
	other=$(grep -oE '[0-9.]+ [a-z_0-9]+\(' "$dir/strace" | awk '{print $2}' | sort -u | grep -vE '^(pread64|read|epoll_wait|sendto|openat|close|getdents64|fstat|newfstatat|lseek|recvmsg|recvfrom|readlinkat|epoll_ctl)\($')
	ok "$([ -z "$other" ] && echo 0 || echo 1)" "only reads, epoll and a notify (${other:-nothing else})"
	opened=$(grep -c 'openat(AT_FDCWD' "$dir/strace")
	ok "$((opened > 0))" "no path is looked up from the root ($opened)"
else
	skip "strace of a quiet time" "no strace"
fi
plan_end
