#!/bin/bash
# What happens to logs: renamed, truncated, removed, of another user, in a directory that comes later, of the
# scribe itself killed. Each line that says "boom" is told, once.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"

n=0
say() { # FILE: the next line that matches
	n=$((n + 1))
	echo "noise before boom $n." >>"$1"
	echo "noise" >>"$1"
}
told() { # SENTENCE: the last one is told
	check "$1" wait_for 5 logged "unit=[a-z]+ its log says: noise before boom $n\\.\$"
}

sleep 1000 &
write_conf <<CONF
[unit app]
match = sleep 1000
CONF
start_daemon
ok $? "the daemon starts"
check "without a log there is no scribe" test -z "$(child_pid wd-scribe)"

here=$dir/files
mkdir -p "$here/logs/secret"
chmod 755 "$dir" "$here" # as a scribe of another user passes through it
n=900 && say "$here/logs/app.log"
n=901 && say "$here/logs/secret/app.log"
n=0
chmod 700 "$here/logs/secret"
chmod 600 "$here/logs/secret/app.log"
write_conf <<CONF
[unit app]
match = sleep 1000
log = $here/logs/app.log
log-match = boom
group = logs

[unit secret]
match = sleep secret
log = $here/logs/secret/app.log
log-match = /BOOM [0-9]/i
group = logs

[unit star]
match = sleep star
log = $here/later/*/s*.log
log-match = boom
group = logs

[unit fifo]
match = sleep fifo
log = $here/fifo
log-match = boom
group = logs

[rule boom]
on = log-match logs
limit = 24 per 10s
then = alert warning
CONF
mkfifo "$here/fifo"
check "a reload is taken" ctl reload
check "with a log it is started" wait_for 5 child_pid wd-scribe
check "a FIFO is refused" wait_for 5 logged 'fifo: cannot follow the log .*no regular file'
sleep 1.5

log_file=$here/logs/app.log
say "$log_file"
told "a line that is appended is told"
exec 8>>"$log_file"
mv "$log_file" "$log_file.1"
n=$((n + 1)) && echo "noise before boom $n." >&8
: >"$log_file"
told "what is still written to a file that was renamed is told"
say "$log_file"
told "and what is written to the one in its place"
exec 8>&-
cp "$log_file" "$log_file.2" && : >"$log_file"
say "$log_file"
told "after copytruncate its lines are told"
rm "$log_file"
sleep 1.2
say "$log_file"
told "removed and made again, it is read from its beginning"
if [ "$(id -u)" = 0 ]; then
	say "$here/logs/secret/app.log"
	told "one of mode 0600 in a directory of mode 0700 is read"
	check "by a process without root's rights" bash -c "! grep -q '^Uid:.*\\b0\\b' /proc/$(child_pid wd-scribe)/status"
else
	skip "one of mode 0600 in a directory of mode 0700 is read" "needs root"
fi
mkdir -p "$here/later/a"
say "$here/later/a/s1.log"
told "a directory that appears later is found by *"
mkdir "$here/later/b"
say "$here/later/b/s2.log"
told "and so is another"
printf 'noise before boom 77' >>"$log_file"
sleep 0.5
printf '7.\n' >>"$log_file"
n=777 && told "a line written in two halves is told whole"
n=20
head -c 3000000 /dev/zero | tr '\0' 'x' >>"$log_file"
n=21 && printf '\n\033[31mnoise\xff before boom 21.\n' >>"$log_file"
check "bytes that are no text are escaped" wait_for 5 logged 'its log says: \\x1b\[31mnoise\\xff before boom 21\.$'

scribe=$(child_pid wd-scribe)
[ "$(id -u)" != 0 ] || check "the scribe has no network" test "$(readlink "/proc/$scribe/ns/net")" != "$(readlink /proc/self/ns/net)"
kill -KILL "$scribe"
check "killed, it is started again" wait_for 5 bash -c "ps -o pid= -o comm= --ppid $daemon | grep -v '^ *$scribe ' | grep -q wd-scribe"
sleep 1
say "$log_file"
told "and follows on"
check "each was told once" bash -c "! grep -o 'boom [0-9]*\\.' '$log' | sort | uniq -d | grep ."
check "and no old one" bash -c "! grep -E 'boom 90[0-9]' '$log'"
stop_daemon
ok $? "it ends with status 0"
plan_end
