#!/bin/bash
# What the messenger and the scribe of a running daemon are to the kernel: no root, no groups, no capability but the
# scribe's one, no new privileges, filtered calls, locked memory, no network for the scribe, and nothing open
# for writing that the sentinel trusts; after a reload and a new start as well.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
if [ "$(id -u)" != 0 ]; then
	skip "workers give up what they do not need" "not root"
	plan_end
fi
mkdir "$dir/textfile"
umask 077
echo s3cret >"$dir/token"
umask 022
chmod 755 "$dir"
chmod 1777 "$dir/textfile"
: >"$dir/bot.log"
python3 "$top/test/integration/receiver.py" "$dir/port" "$dir/taken" &
wait_for 20 test -s "$dir/port"
write_conf <<CONF
[unit bot]
match     = wd-nobody-of-that-name
log       = $dir/bot.log
log-match = trouble
[rule errors]
on   = log-match bot
then = alert warning
[channel hook]
plugin = webhook
format = json
url    = http://127.0.0.1:$(cat "$dir/port")/\${TOKEN}
secret = TOKEN=$dir/token
fold   = 0s
[prometheus]
textfile = $dir/textfile/watchdogd.prom
CONF
start_daemon -v
ok $? "the daemon starts"

status() { # PID KEY: what /proc has behind it
	awk -v key="$2:" '$1 == key {$1 = ""; print substr($0, 2)}' "/proc/$1/status"
}
# The scribe reads what others may not: logs of bots.
dac_read_search=0000000000000004
none=0000000000000000
is() { [ "$(status "$1" "$2")" = "$3" ]; }
not_root() { status "$1" "$2" | awk '{exit !($1 != 0 && $1 == $2 && $2 == $3 && $3 == $4)}'; }
locked() { [ "$(status "$1" VmLck | cut -d' ' -f1)" -gt 0 ]; }
# flags FD-DIRECTORY FD: its access mode, as open(2) has it.
mode_of() { echo $(($(awk '/^flags:/ {print $2}' "/proc/$1/fdinfo/$2") & 3)); }
# opened PID FILE...: the descriptors that are one of those files, whatever the path.
opened() {
	local pid=$1 fd file
	shift
	for fd in "/proc/$pid/fd/"*; do
		for file; do
			[ "$fd" -ef "$file" ] && echo "${fd##*/}"
		done
	done
}
read_only() { # PID FILE: it has it open, and to be read alone
	local fd some=1
	for fd in $(opened "$1" "$2"); do
		some=0
		[ "$(mode_of "$1" "$fd")" = 0 ] || return 1
	done
	return "$some"
}
# mapped PID FILE: no mapping of the file can be written, nor become so.
maps_read_only() {
	! awk -v inode="$(stat -c %i "$2")" '/^[0-9a-f]+-/ {ours = $5 == inode} ours && /^[0-9a-f]+-/ && $2 ~ /w/ {bad = 1}
		ours && /^VmFlags:/ && / (wr|mw)( |$)/ {bad = 1} END {exit !bad}' "/proc/$1/smaps"
}

look_at() { # NAME CAPABILITIES WHEN
	local pid name=$1 set
	pid=$(child_pid "$name")
	check "$3: $name is not root, by any of its user ids" not_root "$pid" Uid
	check "$3: nor of root's group" not_root "$pid" Gid
	check "$3: and of no other" is "$pid" Groups ""
	for set in CapInh CapAmb; do check "$3: $name has $set empty" is "$pid" "$set" "$none"; done
	for set in CapEff CapPrm CapBnd; do check "$3: $name has $set $2" is "$pid" "$set" "$2"; done
	check "$3: $name gets no new privileges" is "$pid" NoNewPrivs 1
	if grep -q '^Seccomp:' "/proc/$pid/status" && [ "$(uname -m)" = x86_64 ]; then
		check "$3: the calls of $name are filtered" is "$pid" Seccomp 2
		check "$3: of each of its threads" sh -c "! grep -h '^Seccomp:' /proc/$pid/task/*/status | grep -qv '2\$'"
	else
		skip "$3: the calls of $name are filtered" "no seccomp filters here"
	fi
	check "$3: the memory of $name is locked" locked "$pid"
	check "$3: it reads the ledger alone" read_only "$pid" "$dir/run/ledger"
	check "$3: and the state page" read_only "$pid" "$dir/run/state"
	check "$3: nor can it write into a mapping of them" maps_read_only "$pid" "$dir/run/ledger"
	check "$3: of neither" maps_read_only "$pid" "$dir/run/state"
	check "$3: no descriptor of $name is of a secret's file or the config" test -z "$(opened "$pid" "$dir/token" "$conf")"
}
dropped() { # PID: it has begun, and given up what it had
	[ "$(status "$1" NoNewPrivs)" = 1 ] && [ "$(status "$1" Seccomp)" != 0 ]
}
both() { dropped "$(child_pid wd-messenger)" && dropped "$(child_pid wd-scribe)"; }
wait_for 20 both
look_at wd-messenger "$none" "at the start"
look_at wd-scribe "$dac_read_search" "at the start"

messenger=$(child_pid wd-messenger)
scribe=$(child_pid wd-scribe)
check "the messenger is not dumpable" test "$(stat -c %u "/proc/$messenger/environ")" = 0
if logged "wd-scribe keeps the host's network"; then
	skip "the scribe has a network of its own, in which nothing is" "not allowed here"
else
	check "the scribe has a network of its own" test "$(readlink "/proc/$scribe/ns/net")" != "$(readlink /proc/self/ns/net)"
	check "in which nothing is up" sh -c "! awk 'NR > 1' /proc/$scribe/net/route | grep -q . && ! awk 'NR > 1' /proc/$scribe/net/tcp | grep -q ."
fi
check "the messenger has the host's" test "$(readlink "/proc/$messenger/ns/net")" = "$(readlink /proc/self/ns/net)"
check "the vault is the messenger's, and of nobody else that we start" test -z \
	"$(for p in wd-sentinel wd-actor wd-scribe; do readlink "/proc/$(child_pid $p)/fd/"*; done | grep vault)"

# Who watches and acts keeps what that needs.
for name in wd-sentinel wd-actor; do
	check "$name stays root" test "$(status "$(child_pid $name)" Uid | cut -d" " -f1)" = 0
done

# --- with all that, they work ---

heard() { grep -qF "$1" "$dir/taken"; }
echo "some trouble: one" >>"$dir/bot.log"
check "a line that the scribe reads is an alert that the messenger sends" wait_for 30 heard 'trouble: one'
check "the scribe has spooled it" wait_for 20 sh -c "test -s '$dir/state/spool.db'"
check "and writes the metrics" wait_for 30 test -s "$dir/textfile/watchdogd.prom"
check "the spool is no other user's to read" sh -c "! find '$dir/state' -perm /007 | grep -q ."

# --- the calls, made by the workers themselves ---

mkdir -p "$top/build/test"
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -o "$dir/inject" "$top/test/integration/inject.c" 2>>"$dir/stderr"
ok $? "what has a process make calls is built"
# answers PID <"ANSWER SENTENCE CALL" lines: the kernel's answer to each call, when that worker makes it.
answers() {
	local pid=$1 answer call sentence got
	while read -r answer call sentence; do
		got=$("$dir/inject" "$pid" "$call")
		case $? in
		77) skip "$sentence" "it cannot be traced here" ;;
		*)
			[ "$got" = "$call $answer" ]
			ok $? "$sentence ($got)"
			;;
		esac
	done
}
: >"$dir/open-to-all"
chmod 666 "$dir/open-to-all"
# Without Landlock it is the user's rights that count.
outside=EACCES
! logged 'this kernel has no Landlock' || outside=ok
if [ "$(uname -m)" = x86_64 ] && [ "$(status "$messenger" Seccomp)" = 2 ]; then
	answers "$messenger" <<-END
		ok open:/etc/hosts the messenger reads what look-ups need
		ok socket:2 it has the network
		$outside open:$dir/open-to-all it opens no file that is not for that
		$outside write:$dir/open-to-all nor writes to one that all may write
		EACCES open:$dir/token it cannot read its own secret's file
		EACCES open:/etc/shadow nor those of others
		EACCES create:/etc/wd-made it makes no file in /etc
		$outside create:/tmp/wd-made nor in /tmp
		EPERM exec:/bin/true it executes nothing
		EPERM fork it makes no process
		EPERM vfork not by vfork either
		EPERM kill:$daemon it signals nobody
		EPERM ptrace:$(child_pid wd-sentinel) it traces nobody
		EPERM socket:17 it sees no packets of others
		EPERM raw nor makes its own
		EPERM unshare it makes no namespace in which it were root
		EPERM setuid:0 it does not become root again
		EPERM mount:/tmp it mounts nothing
		EPERM bpf it loads nothing into the kernel
	END
	answers "$scribe" <<-END
		ok open:$dir/bot.log the scribe reads logs
		ok create:$dir/state/made it writes below its directory
		ok unlink:$dir/state/made and removes there
		$outside write:$dir/open-to-all it writes nowhere else
		$outside create:/tmp/wd-made and makes nothing in /tmp
		EPERM socket:2 it has no network
		EPERM socket:10 of no kind
		EPERM socket:16 nor the kernel's ear
		EPERM exec:/bin/true it executes nothing
		EPERM fork it makes no process
		EPERM kill:$daemon it signals nobody
		EPERM ptrace:$(child_pid wd-sentinel) it traces nobody
		EPERM unshare it makes no namespace
		EPERM setuid:0 it does not become root again
		EPERM chdir-root:/tmp it changes its root no more
	END
	check "both go on as they were" test "$(child_pid wd-messenger) $(child_pid wd-scribe)" = "$messenger $scribe"
	echo "some trouble: between" >>"$dir/bot.log"
	check "and work on" wait_for 30 heard 'trouble: between'
else
	skip "the workers' calls are refused" "no filter here"
fi
rm -f /tmp/wd-made

# --- later ones are no other ---

kill -HUP "$daemon"
wait_for 20 logged reloaded
kill -KILL "$messenger" "$scribe"
again() {
	[ "$(child_pid wd-messenger)" != "$messenger" ] && [ "$(child_pid wd-scribe)" != "$scribe" ] && both
}
check "both are started again" wait_for 30 again
look_at wd-messenger "$none" "after a reload and a death"
look_at wd-scribe "$dac_read_search" "after a reload and a death"
echo "some trouble: two" >>"$dir/bot.log"
check "and work" wait_for 30 heard 'trouble: two'
stop_daemon
ok $? "it ends with status 0"

# --- the state directory, as systemd leaves it at a new start: root's, with all that is in it ---

owner() { stat -c %u "$1"; }
scribes=$(owner "$dir/state/spool.db")
check "the spool is not root's" test "$scribes" != 0
chown -R root "$dir/state"
: >"$dir/of-root"
: >"$dir/also-of-root"
ln -s "$dir/of-root" "$dir/state/spool.db-wal"
ln "$dir/also-of-root" "$dir/state/spool.db-shm"
start_daemon
check "the scribe has it again" test "$(owner "$dir/state"):$(owner "$dir/state/spool.db")" = "$scribes:$scribes"
check "and no file of root's that a link leads to" test "$(owner "$dir/of-root"):$(owner "$dir/also-of-root")" = 0:0
stop_daemon
rm -f "$dir/state/spool.db-wal" "$dir/state/spool.db-shm"
chown -R root "$dir/state"
before=$(wc -l <"$log")
start_daemon
# What was in the log when it was first looked at is old.
arrives() { echo "some trouble: three" >>"$dir/bot.log" && heard 'trouble: three'; }
check "an alert arrives" wait_for 30 arrives
check "and the spool is written" wait_for 30 test "$dir/state/spool.db-wal" -nt "$dir/also-of-root"
check "without trouble" sh -c "! tail -n +$((before + 1)) '$log' | grep -q 'cannot keep alerts'"
stop_daemon
plan_end
