#!/bin/bash
# The installed tree finds its parts; `make install prefix=/usr` after a plain `make` too; `make run` leaves nothing
# behind; what else on the host kills is named; the exit statuses are those of the page.
# shellcheck disable=SC2317 # called through check
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
touch "$log"
dest=$dir/dest

# A copy of the sources: the second `make` must not disturb the build under test.
mkdir "$dir/src"
cp -r Makefile README.md LICENSE conf man plugins test watchdogd "$dir/src/"
sources() { make -s -C "$dir/src" "$@" >>"$dir/make.log" 2>&1; }
check "a plain copy builds" sources -j2
check "and is installed elsewhere than it was made for" sources install DESTDIR="$dest" prefix=/usr
check "main knows the place it was installed for" grep -q /usr/lib/watchdogd "$dest/usr/sbin/watchdogd"
check "and not the other one" sh -c "! grep -q /usr/local/lib/watchdogd '$dest/usr/sbin/watchdogd'"

write_conf <<CONF
[rule always]
when = host.available > 1%
then = alert info
       run /bin/echo hello from the installed tree
CONF
"$dest/usr/sbin/watchdogd" -c "$conf" 2>"$log" &
daemon=$!
check "the installed tree runs below its prefix" wait_for 10 logged 'watching: '
check "and its plugins are found: a command runs" wait_for 10 logged 'hello from the installed tree'
check "its processes are of the tree" sh -c "readlink /proc/$(child_pid wd-sentinel)/exe | grep -q '^$dest/usr/lib/watchdogd/'"
check "watchdogctl asks it" "$dest/usr/bin/watchdogctl" -s "$dir/run/control" status
stop_daemon
ok $? "it ends with status 0"
echo changed >>"$dest/etc/watchdogd/watchdogd.conf"
check "installed again" sources install DESTDIR="$dest" prefix=/usr
check "the config that a person changed stays" grep -q changed "$dest/etc/watchdogd/watchdogd.conf"
check "uninstall" sources uninstall DESTDIR="$dest" prefix=/usr
check "takes everything away but the config" test "$(find "$dest" -type f)" = "$dest/etc/watchdogd/watchdogd.conf"

# make run, ended as a terminal's ^C ends it: the whole process group.
: >"$log"
set -m
make -s run WERROR=1 >>"$log" 2>&1 &
daemon=$!
set +m
check "make run watches" wait_for 60 logged 'watching: '
place=$(sed -n 's/.*control socket \(.*\)\/control$/\1/p' "$log")
check "and says where it may be asked" "$bin/watchdogctl" -s "$place/control" status
kill -INT -- "-$daemon"
wait "$daemon"
daemon=
check "^C ends it" logged 'info stopped'
check "with nothing left behind" test ! -e "$place"

# Others that kill: by name, and a script by its interpreter's argument.
mkdir -p "$dir/root/proc/41" "$dir/root/proc/42" "$dir/root/proc/43" "$dir/root/proc/44"
stat_line() { # PID COMM
	printf '%s (%s) S 1 %s %s 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 100 1000000 100 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n' \
		"$1" "$2" "$1" "$1" >"$dir/root/proc/$1/stat"
}
stat_line 41 earlyoom && printf 'earlyoom\0-r\0' >"$dir/root/proc/41/cmdline"
stat_line 42 python3 && printf 'python3\0/usr/sbin/nohang\0--monitor\0' >"$dir/root/proc/42/cmdline"
stat_line 43 low-memory-moni && printf '/usr/libexec/low-memory-monitor\0' >"$dir/root/proc/43/cmdline"
stat_line 44 earlyoom-test && printf 'earlyoom-test\0' >"$dir/root/proc/44/cmdline"
: >"$log"
start_daemon --root "$dir/root"
check "who else kills here is said in one line" test "$(sed -n 's/.*kill here too: //p' "$log" | tr , '\n' | sed 's/^ //' | sort | tr '\n' ,)" = \
	"earlyoom (pid 41),low-memory-monitor (pid 43),nohang (pid 42),"
stop_daemon

# Exit statuses.
status_is() { # WANTED SENTENCE COMMAND...
	local want=$1 sentence=$2
	shift 2
	timeout 20 "$@" >"$dir/out" 2>"$dir/err"
	ok $(($? != want)) "$sentence: status $want"
}
status_is 0 "-h" "$bin/watchdogd" -h
check "and the usage on standard output" grep -q usage "$dir/out"
status_is 2 "an option that does not exist" "$bin/watchdogd" --frobnicate
status_is 2 "a word too many" "$bin/watchdogd" stop
status_is 2 "a config that is not there" "$bin/watchdogd" -c "$dir/none"
status_is 2 "a directory for a config" "$bin/watchdogd" -c "$dir"
plan_end
