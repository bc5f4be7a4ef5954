#!/bin/bash
# A swap file that comes with a reload is used, switched on for real (4 MiB), still on and known as ours after a kill -9
# of everything, and named when it leaves the config.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
place=$(mktemp -d /var/tmp/wdt-swap.XXXXXX)
file=$place/swap
end() {
	[ "$BASHPID" = $$ ] || return
	swapoff "$file" 2>/dev/null
	rm -rf "$place"
	cleanup
}
trap end EXIT
case $(stat -f -c %T "$place") in ext*) ;; *) skip "a swap file is used" "no ext4 at /var/tmp"; plan_end ;; esac
(umask 077 && dd if=/dev/zero of="$file" bs=1M count=4 status=none && mkswap "$file" >/dev/null)
if ! { swapon "$file" && swapoff "$file"; } 2>/dev/null; then
	skip "a swap file is used" "nobody may swap here"
	plan_end
fi
is() { ctl status | grep -q "swap file $1"; }
is_on() { grep -q "^$file " /proc/swaps; }
without="[rule tight]
when = host.available < 1%
then = alert warning"
write_conf <<<"$without"
start_daemon
ok $? "the daemon starts"
check "a config without one shows none" sh -c "! '$bin/watchdogctl' -s '$dir/run/control' status | grep -q 'swap file'"
write_conf <<CONF
[swapfile]
path = $file
size = 4M
free = 0B

[rule short]
when = host.available < 99.9%
then = alert warning
       swap on
CONF
check "it comes with a reload" ctl reload
check "the step switches it on when the actor has looked at it" wait_for 25 logged "rule=short switched on swap $file in .*SwapTotal"
check "the kernel says so" is_on
check "status too" wait_for 5 is 'on by us, 0 MiB of 4 MiB used'
kill -KILL "$daemon" "$(child_pid wd-sentinel)" "$(child_pid wd-actor)"
wait "$daemon" 2>/dev/null
check "it stays on over a kill -9 of everything" is_on
mv "$log" "$log.before"; : >"$log"
start_daemon
check "the next start knows it as ours" wait_for 5 is 'on by us'
write_conf <<<"$without"
answer=$(ctl reload)
check "a reload that drops it says that it stays on" grep -q "the swap file $file was switched on by watchdogd and stays on" <<<"$answer"
check "and it does" is_on
stop_daemon
ok $? "it ends with status 0"
check "a person switches it off" swapoff "$file"
plan_end
