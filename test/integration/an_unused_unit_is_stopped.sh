#!/bin/bash
# `idle` on the live kernel: who takes no CPU time and has no connection is stopped, and told as nothing but that; who has
# a connection is not, whoever made its socket, accepted or not; nor who works.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
if [ "$(id -u)" -ne 0 ] || ! command -v python3 >/dev/null || ! command -v setpriv >/dev/null; then
	skip "an unused unit is stopped" "needs root, python3 and setpriv"
	plan_end
fi

# server PATH PORTFILE [outside|deaf|late|away]: listens and answers. outside: the socket is made before it enters the cgroup, as
# systemd makes it for a service; deaf: it accepts nothing; late: it answers
# who has closed its own direction, some day; away: in a network namespace of its own, with a client there until PORTFILE.stop.
cat >"$dir/server.py" <<'PYTHON'
import fcntl, glob, os, select, socket, struct, sys, time
path, port_file, how = sys.argv[1], sys.argv[2], sys.argv[3]
def enter():
    for procs in glob.glob("/sys/fs/cgroup" + path + "/cgroup.procs") + glob.glob("/sys/fs/cgroup/*" + path + "/cgroup.procs"):
        open(procs, "w").write(str(os.getpid()))
if how != "outside":
    enter()
if how == "away":  # of that namespace's loopback: SIOCSIFFLAGS, IFF_UP
    fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1))
listener = socket.create_server(("127.0.0.1", 0))
if how == "outside":
    enter()
open(port_file + ".new", "w").write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)
if how == "away" and os.fork() == 0:  # the client, who is in no unit's cgroup, nor outlives the test
    root = "/sys/fs/cgroup/cgroup.procs"
    for procs in [root] if os.path.exists(root) else glob.glob("/sys/fs/cgroup/*/cgroup.procs"):
        open(procs, "w").write(str(os.getpid()))
    client = socket.create_connection(listener.getsockname())
    open(port_file + ".connected", "w")
    while os.path.exists(port_file) and not os.path.exists(port_file + ".stop"):
        time.sleep(0.1)
    os._exit(0)
if how == "deaf":
    select.select([], [], [])
clients, owed = [], []
while True:
    for ready in select.select([listener] + clients, [], [])[0]:
        if ready is listener:
            clients.append(listener.accept()[0])
        elif not ready.recv(100):
            clients.remove(ready)
            owed.append(ready) if how == "late" else ready.close()
PYTHON
# hold PORTFILE STOPFILE [half]: a connection that is open until then; half: its own direction is closed.
cat >"$dir/hold.py" <<'PYTHON'
import os, socket, sys, time
client = socket.create_connection(("127.0.0.1", int(open(sys.argv[1]).read())))
if sys.argv[3:] == ["half"]:
    client.shutdown(socket.SHUT_WR)
open(sys.argv[2] + ".connected", "w")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.1)
PYTHON

serve() { # NAME HOW [unshare]
	make_cgroup "/wdt-$1"
	${3:-} python3 "$dir/server.py" "/wdt-$1" "$dir/$1.port" "$2" &
}
serve unused inside
serve held inside
serve outside outside
serve deaf deaf
serve late late
away=
if unshare -n true 2>/dev/null; then
	away=away
	serve away away "unshare -n"
fi
cp "$(command -v bash)" "$dir/wdtbusy"
cp "$(command -v sleep)" "$dir/wdtsleep"
mkfifo "$dir/fifo"
# shellcheck disable=SC2016 # of that shell
"$dir/wdtbusy" -c 'while :; do for ((i = 0; i < 30000; i++)); do :; done; read -rt 0.2 _ <>"$1"; done' busy "$dir/fifo" &
"$dir/wdtsleep" 3600 &
all_listen() { [ -e "$dir/unused.port" ] && [ -e "$dir/held.port" ] && [ -e "$dir/outside.port" ] && [ -e "$dir/deaf.port" ] &&
	[ -e "$dir/late.port" ] && [ -e "$dir/${away:-late}.port" ]; }
wait_for 20 all_listen
for name in held outside deaf; do python3 "$dir/hold.py" "$dir/$name.port" "$dir/$name.stop" & done
python3 "$dir/hold.py" "$dir/late.port" "$dir/late.stop" half &
all_held() { [ -e "$dir/held.stop.connected" ] && [ -e "$dir/outside.stop.connected" ] && [ -e "$dir/deaf.stop.connected" ] &&
	[ -e "$dir/late.stop.connected" ] && { [ -z "$away" ] || [ -e "$dir/away.port.connected" ]; }; }
wait_for 20 all_held

{
	for name in unused held outside deaf late $away; do
		printf '[unit %s]\ncgroup = /wdt-%s\nstart = /bin/true\nidle = 2s\nstop-when-idle = yes\n\n' "$name" "$name"
	done
	printf '[unit busy]\nmatch = wdtbusy\nstart = /bin/true\nidle = 2s\nstop-when-idle = yes\n\n'
	printf '[unit byname]\nmatch = wdtsleep\nstart = /bin/true\nidle = 2s\nstop-when-idle = yes\n\n'
	cat <<CONF
[rule died]
on = death
then = alert critical

[rule dead]
on = dead
then = alert critical

[rule unused]
on = idle unused
then = alert info
CONF
} | write_conf
check "the config is accepted" "$bin/watchdogctl" check "$conf"
start_daemon
check "a unit that nobody uses is stopped" wait_for 20 logged 'info rule=stop-when-idle unit=unused stopped unused in'
check "its processes are gone" sh -c "! cat /sys/fs/cgroup/*/wdt-unused/cgroup.procs /sys/fs/cgroup/wdt-unused/cgroup.procs 2>/dev/null | grep ."
check "the log says for how long nobody used it" logged 'info rule=stop-when-idle unit=unused stop unused: not used for [2-9]'
check "a rule of idle tells people" logged 'info rule=unused unit=unused not used for'
check "one that is found by name is stopped too" wait_for 20 logged 'info rule=stop-when-idle unit=byname stopped byname in'
pause 4 # as long again, for those that are not to be stopped
check "one with a connection is not" sh -c "! grep -q 'unit=held .*stopped held' '$log'"
check "one whose socket was made elsewhere is not" sh -c "! grep -q 'unit=outside .*stopped outside' '$log'"
check "one whose connection nobody has accepted is not" sh -c "! grep -q 'unit=deaf .*stopped deaf' '$log'"
check "one that still owes an answer is not" sh -c "! grep -q 'unit=late .*stopped late' '$log'"
check "one that works is not" sh -c "! grep -q 'unit=busy .*stopped busy' '$log'"
if [ -n "$away" ]; then
	check "one with a connection in a network namespace of its own is not" sh -c "! grep -q 'unit=away .*stopped away' '$log'"
	touch "$dir/away.port.stop"
	check "it is stopped once that is closed" wait_for 20 logged 'rule=stop-when-idle unit=away stopped away in'
else
	skip "one with a connection in a network namespace of its own is not" "no network namespace can be made here"
fi
ctl status --json >"$dir/status.json"
check "status knows who is used" python3 -c 'import json, sys
units = {unit["unit"]: unit for unit in json.load(open(sys.argv[1]))["units"]}
assert all(units[name]["in_use"] is True for name in ("held", "outside", "deaf", "late", "busy"))
assert units["unused"]["in_use"] is None and units["unused"]["mark"] == "stopped"' "$dir/status.json"
touch "$dir/held.stop"
check "it is stopped once its connection is closed" wait_for 20 logged 'rule=stop-when-idle unit=held stopped held in'
check "a stop of the unused is no death" sh -c "! grep -qE 'critical rule=(died|dead)' '$log'"
serve unused inside
check "a person's start ends the mark" wait_for 20 logged 'unit=unused it runs again, and not by our doing'
again() { [ "$(count_logged 'unit=unused stopped unused in')" -ge 2 ]; }
check "and it is stopped again when nobody uses it" wait_for 20 again
stop_daemon
ok $? "SIGTERM ends it with status 0"

# Who may not look at its processes knows by its cgroup that it is used, where the kernel tells that of a connection; never
# that it is not: a connection may have been handed to it.
serve quiet inside
wait_for 20 test -e "$dir/quiet.port"
{
	for name in quiet deaf; do printf '[unit %s]\ncgroup = /wdt-%s\nidle = 1s\n\n' $name $name; done
	printf '[rule unused]\non = idle\nthen = alert info\n'
} | write_conf
mkdir "$dir/bin"
cp -r "$bin"/watchdogd "$bin"/wd-* "$bin"/plugins "$dir/bin/"
chown nobody "$conf"
chmod 711 "$dir"

# watch_as_nobody [COMMAND...]: the daemon as an ordinary user, by that command.
watch_as_nobody() {
	rm -rf "$dir/run" "$dir/state"
	mkdir "$dir/run" "$dir/state"
	chown nobody "$dir/run" "$dir/state"
	: >"$log"
	"$@" setpriv --reuid=nobody --regid=nogroup --clear-groups "$dir/bin/watchdogd" -c "$conf" --dry-run >/dev/null 2>>"$log" &
	daemon=$!
}

watch_as_nobody
check "an ordinary user does not know of a unit of root's that it is unused" \
	wait_for 20 logged 'unit=quiet whether it has connections is not known'
pause 3
check "and never calls it so" sh -c "! grep -q 'unit=quiet .*not used for' '$log'"
ctl status --json >"$dir/status.json"
if logged 'unit=deaf whether it has connections is not known'; then
	skip "but of another that it is used" "this kernel tells no cgroup of a connection"
else
	check "but of another that it is used" python3 -c 'import json, sys
units = {unit["unit"]: unit for unit in json.load(open(sys.argv[1]))["units"]}
assert units["deaf"]["in_use"] is True and units["quiet"]["in_use"] is None' "$dir/status.json"
fi
stop_daemon

# With hidepid= they are not even there, which is not the same as ended.
hidden() { mount -t proc -o hidepid=2 proc /proc && exec "$@"; }
export -f hidden
if unshare -m --propagation private bash -c 'hidden true' 2>/dev/null; then
	watch_as_nobody unshare -m --propagation private bash -c 'hidden "$@"' hidden
	check "nor where processes of others are hidden" \
		wait_for 20 logged 'unit=quiet whether it has connections is not known'
	pause 3
	check "and never calls it so there" sh -c "! grep -q 'unit=quiet .*not used for' '$log'"
	stop_daemon
else
	skip "nor where processes of others are hidden" "no /proc can be mounted here"
fi
touch "$dir/outside.stop" "$dir/deaf.stop" "$dir/late.stop"
plan_end
