#!/bin/sh
# Makes what a guest boots: kernel, initramfs and root image, all from Debian's packages.
#
#   build-image.sh               make them in build/vm (or $VM_CACHE), unless they are there and up to date
#   build-image.sh --peers       root-peers.img too: the same root with the peers of guest/peers.txt, for the ladder
#   build-image.sh --packages    print what has to be installed here
#
# Nothing is mounted and nothing is installed: the kernel is unpacked from its package, the root comes from
# mmdebstrap, and mkfs.ext4 -d makes the image. It takes half a minute and needs root.
set -eu
# shellcheck source=test/vm/lib.sh
. "$(dirname "$0")/lib.sh"

kernel_package=linux-image-cloud-amd64
# In the order in which they are loaded; insmod knows no dependencies, so the list is run twice. The last two are
# sock_diag's: the guest has no modprobe.
modules="virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk inet_diag tcp_diag"
suite=bookworm
image_size=1G
image=root.img key_file=key package_lists=$vm_dir/guest/packages.txt

main() {
	case ${1:-} in
	--packages) list_of "$vm_dir/packages.txt"; exit ;;
	--peers)
		"$vm_dir/build-image.sh" # the kernel, and the root that all else uses
		image=root-peers.img key_file=key-peers package_lists="$package_lists $vm_dir/guest/peers.txt"
		;;
	'') ;;
	*) die "no option $1; there are --peers and --packages" ;;
	esac
	image_key=$(make_key)
	if is_up_to_date "$image_key"; then exit 0; fi
	[ "$(id -u)" = 0 ] || die "only root can make the root image"
	missing=$(missing_packages)
	[ -z "$missing" ] || die "packages missing here: apt-get install $missing"
	kernel=$(kernel_dependency)
	[ -n "$kernel" ] || die "apt knows no $kernel_package; run apt-get update first"

	mkdir -p "$cache_dir"
	work_dir=$(mktemp -d "$cache_dir/making.XXXXXX")
	trap 'rm -rf "$work_dir"' EXIT
	trap 'exit 130' INT TERM
	rm -f "$cache_dir/$key_file"
	if [ "$image" = root.img ]; then
		make_kernel "$kernel"
		make_initramfs
		mv "$work_dir/vmlinuz" "$work_dir/initrd.gz" "$cache_dir/"
	fi
	make_root
	mv "$work_dir/root.img" "$cache_dir/$image"
	printf '%s\n' "$image_key" >"$cache_dir/$key_file"
	say "made $cache_dir/$image"
}

# What the image depends on: this script, the files it copies, and the versions apt would install.
make_key() {
	{
		# shellcheck disable=SC2086 # a list of words
		cat "$vm_dir/build-image.sh" $package_lists "$vm_dir/guest/init" "$vm_dir/guest/scenario.service"
		package_versions
	} | sha256sum | cut -d ' ' -f 1
}

guest_packages() { for list in $package_lists; do list_of "$list"; done; }

package_versions() {
	# shellcheck disable=SC2046 # a list of words
	apt-cache policy $(kernel_dependency) $(guest_packages) 2>/dev/null |
		grep -E '^[^ ]|Candidate:' || true
}

# The package that really holds the kernel; its name has the version in it.
kernel_dependency() {
	apt-cache depends "$kernel_package" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# A machine whose apt lists are gone cannot compare versions: it keeps the image it has.
is_up_to_date() {
	for made in "$key_file" vmlinuz initrd.gz "$image"; do
		[ -s "$cache_dir/$made" ] || return 1
	done
	[ "$(cat "$cache_dir/$key_file")" = "$1" ] && return 0
	[ -n "$(kernel_dependency)" ] && return 1
	say "apt has no package lists, so the image is used as it is"
}

make_kernel() {
	say "kernel: $1"
	mkdir "$work_dir/kernel"
	# apt's sandbox user may not write here; as root the download needs no sandbox.
	(cd "$work_dir" && apt-get -q -o APT::Sandbox::User=root download "$1" >/dev/null)
	dpkg-deb -x "$work_dir"/linux-image-*.deb "$work_dir/kernel"
	cp "$work_dir"/kernel/boot/vmlinuz-* "$work_dir/vmlinuz"
}

make_initramfs() {
	say "initramfs: busybox and $(echo "$modules" | wc -w) modules"
	initramfs="$work_dir/initramfs"
	mkdir -p "$initramfs/bin" "$initramfs/proc" "$initramfs/sys" "$initramfs/dev" "$initramfs/root" "$initramfs/modules"
	cp "$(command -v busybox)" "$initramfs/bin/busybox"
	for module in $modules; do
		cp "$(find "$work_dir/kernel/lib/modules" -name "$module.ko")" "$initramfs/modules/"
	done
	echo "$modules" >"$initramfs/modules/order"
	install -m 755 "$vm_dir/guest/init" "$initramfs/init"
	(cd "$initramfs" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -9 >"$work_dir/initrd.gz"
}

make_root() {
	say "root: mmdebstrap $suite (some 20 s)"
	# mmdebstrap must find a directory that others can enter.
	chmod 755 "$work_dir"
	mmdebstrap --quiet --variant=minbase --mode=root --include="$(guest_packages | paste -sd ,)" \
		"$suite" "$work_dir/root" >"$work_dir/mmdebstrap.log" 2>&1 ||
		{ tail -n 20 "$work_dir/mmdebstrap.log" >&2; die "mmdebstrap could not make the root"; }
	trim_root "$work_dir/root"
	truncate -s "$image_size" "$work_dir/root.img"
	mkfs.ext4 -q -F -O ^has_journal -m 0 -d "$work_dir/root" "$work_dir/root.img"
}

# What costs time at boot and is not needed: every start of a process costs 10 to 50 ms in the guest.
trim_root() {
	rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/usr/share/doc/* "$1"/usr/share/locale/*
	: >"$1/etc/fstab"
	echo watchdogd-vm >"$1/etc/hostname"
	echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
	# The accounts that `systemd-sysusers` would have made.
	for account in watchdogd wd-scribe wd-messenger; do
		chroot "$1" useradd --system --no-create-home --shell /usr/sbin/nologin "$account"
	done
	mkdir -p "$1/etc/systemd/journald.conf.d" "$1/opt/vm"
	printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=4M\nRateLimitBurst=0\n' >"$1/etc/systemd/journald.conf.d/vm.conf"
	for unit in systemd-udevd.service systemd-udev-trigger.service systemd-journal-flush.service \
		systemd-random-seed.service systemd-update-utmp.service systemd-remount-fs.service \
		getty.target getty@tty1.service serial-getty@ttyS0.service console-getty.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
		fstrim.timer proc-sys-fs-binfmt_misc.automount systemd-tmpfiles-clean.timer systemd-pstore.service systemd-networkd.service; do
		ln -sf /dev/null "$1/etc/systemd/system/$unit"
	done
	# Peers to compare with: a scenario starts them, the boot does not. Nor the mail server.
	for service in systemd-oomd earlyoom nohang oomd opensmtpd; do
		find "$1/etc/systemd/system" -path '*wants*' -name "$service*" -delete
	done
	install -m 644 "$vm_dir/guest/scenario.service" "$1/etc/systemd/system/scenario.service"
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
	ln -sf ../scenario.service "$1/etc/systemd/system/multi-user.target.wants/scenario.service"
	ln -sf /lib/systemd/system/multi-user.target "$1/etc/systemd/system/default.target"
}

main "$@"
