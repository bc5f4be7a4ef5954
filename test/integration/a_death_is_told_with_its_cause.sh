#!/bin/bash
# Each end of a watched process is told once, at once, with its cause; what is no death is not told.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p "$top/build/test"
die=$top/build/test/die
[ "$die" -nt "$top/test/integration/die.c" ] || ${CC:-gcc} -O1 -Wall -pthread -o "$die" "$top/test/integration/die.c" || exit 1
tree=/wdt-nodira.$$ # not that of the same test beside us
make_cgroup "$tree"
cp "$die" "$dir/claude"
cp "$die" "$dir/other"

# A parent that starts what is written into its pipe, and lives on: $dir/child is the last pid.
cat >"$dir/claudir" <<'PARENT'
#!/bin/bash
while read -r words; do
	$words &
	echo $! >"$2.tmp" && mv "$2.tmp" "$2"
done <"$1"
PARENT
chmod +x "$dir/claudir"
mkfifo "$dir/pipe" "$dir/pipe2"
in_cgroup "$tree" "$dir/claudir" "$dir/pipe" "$dir/child" &
exec 8<>"$dir/pipe"
setsid "$dir/claudir" "$dir/pipe2" "$dir/child2" mirzo >/dev/null 2>&1 &
exec 9<>"$dir/pipe2"

begin() { # WORDS...: a child of the parent in the cgroup; its pid in $pid
	rm -f "$dir/child"
	echo "$*" >&8
	wait_for 5 test -s "$dir/child" && pid=$(cat "$dir/child")
}
told() { # TEXT: the alert of the last child's death
	wait_for 3 logged "critical rule=died unit=nodira nodira: claude \(pid $pid\) $1"
}
deaths() { count_logged 'rule=died '; }

write_conf <<CONF
[unit nodira]
cgroup = $tree
process = claude

[unit mirzo]
match = claudir mirzo
process = claude

[rule died]
on = death
limit = 24 per 10s
then = alert critical

[rule oom]
on = oom-kill nodira
then = alert critical
CONF

begin "$dir/claude" sleep
before=$pid
start_daemon
ok $? "the daemon starts"
said=$(grep -c "no proc connector here" "$log")
if [ -n "${WITHOUT_CONNECTOR-}" ]; then
	ok $((said != 1)) "that there is no connector is said once"
fi
sleep 1.2

pid=$before
kill -TERM "$pid"
told 'was terminated by SIGTERM, .* after its start; claudir \(pid [0-9]+\) is still running'
ok $? "one that was there before watchdogd is watched, and its parent is named"

for signal in KILL ALRM HUP USR1; do
	begin "$dir/claude" sleep
	sleep 1.2
	kill -$signal "$pid"
	told "was (terminated|killed) by SIG$signal, "
	ok $? "killed by SIG$signal"
done
begin "$dir/claude" crash 0 1200
told 'crashed with SIGSEGV'
ok $? "it crashed"
for status in 0 1 42; do
	begin "$dir/claude" exit $status 1200
	sleep 1
	told "exited with status $status, "
	ok $? "exited with status $status"
done

begin "$dir/claude" leader 3 1200
n=$(deaths)
sleep 2.5
ok $(($(deaths) - n)) "a main thread that ends before the others is no death"
wait_for 5 logged "unit=nodira nodira: claude \(pid $pid\) exited with status 3,"
ok $? "the end of the last thread is one"

begin "$dir/claude" threads
sleep 1.5
n=$(deaths)
ok $((n - $(deaths))) "threads that end are no deaths"
kill -KILL "$pid"
told 'was killed by SIGKILL' ; ok $? "that process is watched all the same"

begin "$dir/claude" exec "$dir/other" 1500
sleep 3
check "exec of another program is no death, and is said" logged "unit=nodira claude \(pid $pid\) is other now"
n=$(deaths)
kill -KILL "$pid"
sleep 1.2
ok $(($(deaths) - n)) "what it became is not watched"

begin "$dir/other" exec "$dir/claude" 1500
sleep 3
kill -KILL "$pid"
told 'was killed by SIGKILL'
ok $? "what becomes it by exec is watched"

begin "$dir/claude" name 2.1.231
sleep 1.5
kill -KILL "$pid"
wait_for 3 logged "nodira: claude \((2.1.231, )?pid $pid\) was killed by SIGKILL"
ok $? "one that calls itself by its version is still known"

n=$(deaths)
begin "$dir/claude" daemon
sleep 1.5
pid=$(pgrep -n -f "$dir/claude daemon")
ok $(($(deaths) - n)) "one that goes into the background is no death"
kill -KILL "$pid"
told 'was killed by SIGKILL'
ok $? "it is watched there, though its parent is another"

# Forked twice, sometimes within one look, sometimes over several. Without the connector nobody tells of who forked.
[ -n "${WITHOUT_CONNECTOR-}" ] || for ms in 0 40 110 230; do
	n=$(deaths)
	begin "$dir/claude" daemon2 0 $ms
	sleep 1.5
	pid=$(pgrep -n -f "$dir/claude daemon2")
	ok $(($(deaths) - n)) "nor is one that forks twice for it, $ms ms after its start"
	kill -KILL "$pid"
	told 'was killed by SIGKILL'
	ok $? "it is watched there"
done

# The kernel kills: at the limit of the cgroup.
limit_cgroup "$tree" $((64 * 1024 * 1024))
n=$(deaths)
begin "$dir/claude" eat 200 1500
wait_for 10 logged "(nodira: claude \(pid $pid\) was killed by the kernel's OOM killer at|killed claude \(pid $pid\))"
ok $? "the kernel's OOM kill is told"
sleep 1
wait_for 3 logged "nodira: claude \(pid $pid\) was killed by the kernel's OOM killer at [0-9.]+ MiB, .* after its start; claudir"
ok $? "the death says so, with its size"
check "and the kill says how old it was and who lives on" logged "OOM killer killed claude \(pid $pid\).* after its start; claudir \(pid [0-9]+\) is still running"
ok $(($(deaths) - n - 1)) "one death is one event"

# A match unit: another cgroup, no systemd.
echo "$dir/claude sleep" >&9
wait_for 5 test -s "$dir/child2"
pid=$(cat "$dir/child2")
sleep 1.5
kill -SEGV "$pid"
wait_for 3 logged "unit=mirzo mirzo: claude \(pid $pid\) crashed with SIGSEGV"
ok $? "a child of a match unit's process is watched"
ok "$(grep -c "claude (pid $pid)" <(grep -v 'unit=mirzo' "$log"))" "and is no other's"

begin "$dir/claude" sleep
wait_for 12 logged "unit=nodira nodira: claude is back \(pid $pid\) after .*, started by claudir"
ok $? "that it is back is told when it has lived five seconds"

# What the kernel could not hand over is looked for in /proc: a daemon that cannot run for a while, in a storm.
if [ -z "${WITHOUT_CONNECTOR-}" ]; then
	storm=$top/build/test/storm
	[ "$storm" -nt "$top/test/integration/storm.c" ] || ${CC:-gcc} -O1 -Wall -D_GNU_SOURCE -o "$storm" "$top/test/integration/storm.c"
	sentinel=$(child_pid wd-sentinel)
	first=$pid
	kill -STOP "$sentinel"
	"$storm" 8000 4 >"$dir/storm.out"
	kill -HUP "$first"
	begin "$dir/claude" sleep
	second=$pid
	"$storm" 8000 4 >>"$dir/storm.out"
	kill -CONT "$sentinel"
	echo "# $(paste -sd+ "$dir/storm.out") processes while it stood still"
	check "that events were lost is said" wait_for 5 logged 'more processes were forked than could be followed'
	check "a death meanwhile is told" wait_for 3 logged "nodira: claude \\(pid $first\\) was terminated by SIGHUP"
	sleep 2
	kill -KILL "$second"
	check "and one of a process that came meanwhile" wait_for 3 logged "nodira: claude \\(pid $second\\) was killed by SIGKILL"
	check "how often is said when the storm is over" wait_for 15 logged 'storm of forks is over: events were lost [0-9]+ time'
fi

stop_daemon
plan_end
