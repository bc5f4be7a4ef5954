#!/bin/bash
# On a real btrfs and a real XFS, each in a file of its own: a swap file is made in a quiet time, as that file system needs
# it, and the kernel takes it when a rule switches it on. (ext4 is the VM's: test/vm/scenarios/swapfile.)
# shellcheck source=test/integration/lib.sh disable=SC2317
# A mount namespace of its own: whatever becomes of this script, its mounts go with it.
if [ -z "${WD_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
	WD_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
place=$(mktemp -d /var/tmp/wdt-swap.XXXXXX)
file=$place/disk/swap
end() {
	[ "$BASHPID" = $$ ] || return
	stop_daemon
	swapoff "$file" 2>/dev/null
	umount -l "$place/disk" 2>/dev/null
	rm -rf "$place"
	cleanup
}
trap end EXIT
mkdir "$place/disk"

can_swap() {
	(umask 077 && dd if=/dev/zero of="$place/try" bs=1M count=1 status=none && mkswap "$place/try" >/dev/null) &&
		swapon "$place/try" 2>/dev/null && swapoff "$place/try"
}
put_on() { # FILE-SYSTEM
	rm -f "$place/image" && truncate -s 512M "$place/image" && "mkfs.$1" -q "$place/image" >/dev/null 2>&1 &&
		mount -o loop "$place/image" "$place/disk" 2>/dev/null
}
config() { # PERCENT of MemAvailable below which it is switched on
	write_conf <<-CONF
		[swapfile]
		path = $file
		size = 8M
		free = 16M
		[rule short]
		when = host.available < $1
		then = alert warning
		       swap on
	CONF
}
is() { ctl status | grep -q "swap file $1"; }
is_on() { grep -q "^$file " /proc/swaps; }

on() { # FILE-SYSTEM
	if ! put_on "$1"; then
		skip "$1: a swap file is made" "no $1 can be mounted here"
		return
	fi
	config 0.1%
	: >"$log"
	start_daemon
	ok $? "$1: the daemon starts"
	check "$1: the file is made when it was quiet for 30 s" wait_for 60 is ready
	check "$1: of the size and mode it was told" test "$(stat -c '%s %a %u' "$file")" = "8388608 600 0"
	check "$1: it is not on yet" sh -c "! grep -q '^$file ' /proc/swaps"
	config 99.9%
	check "$1: a rule that holds comes with a reload" ctl reload
	check "$1: the step switches it on" wait_for 25 logged "rule=short switched on swap $file in .*SwapTotal"
	check "$1: the kernel says so" is_on
	stop_daemon
	ok $? "$1: it ends with status 0"
	check "$1: a person switches it off" swapoff "$file"
	umount "$place/disk"
}

if [ -z "${WD_OWN_MOUNTS:-}" ] || ! can_swap; then
	skip "a swap file is made" "nobody may swap or mount here"
	plan_end
fi
on btrfs
on xfs
plan_end
