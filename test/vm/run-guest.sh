#!/bin/sh
# Boots one guest, runs one scenario in it, brings its results back.
#
#   run-guest.sh SCENARIO [name=value...]      SCENARIO: a directory below scenarios/
#
# Options (also one a line in SCENARIO/options; the command line wins):
#   memory=1024   RAM of the guest in MB             swap=0      swap in MB; 0 is none
#   iops=0        operations a second that the swap disk allows; 0 is as fast as it goes
#   root-iops=0   the same for the root disk
#   xtts=24 nodira=15 mirzo=10                       sizes in % of RAM
#   peak=65       what mirzo climbs to, % of RAM     rate=16     MB/s it climbs at
#   leak=50       what leak.service climbs to        linger=20   seconds after the ramp
#   many=200      units of the scenario peer-cost    config=     daemon's config, from the top of the tree,
#                                                               in place of SCENARIO/watchdogd.conf
#   daemon=yes    no: nobody watches                 daemon-args= more arguments for it
#   tool=         who watches in its place: what SCENARIO/tools/TOOL holds is laid over the guest's root
#   hold=0        seconds at the peak; 0 is for ever image=root  root image: root-peers has the peers' packages
#   touch=4       seconds in which the bots touch all they hold once
#   limit=600     seconds of wall time for it all    name=       of the directory of the log (SCENARIO)
#   up=90         seconds until the guest has to be up
#
# Leaves console, journal, watchdogd.log, dmesg, samples.csv, facts, settings in build/vm/log/NAME.
# Exit status: 0 the scenario ended (what it saw is for its check.sh to judge), 3 the guest died, 124 it hung.
set -eu
# shellcheck source=test/vm/lib.sh
. "$(dirname "$0")/lib.sh"

main() {
	[ $# -ge 1 ] || die "which scenario? one of $vm_dir/scenarios"
	scenario_dir=$vm_dir/scenarios/$1
	[ -d "$scenario_dir" ] || die "no scenario $1 in $vm_dir/scenarios"
	set_options "$@"
	log_dir=$log_root/$opt_name
	rm -rf "$log_dir"
	mkdir -p "$log_dir"
	work_dir=$(mktemp -d "$cache_dir/guest.XXXXXX")
	qemu=
	trap 'kill $qemu 2>/dev/null || true; rm -rf "$work_dir"' EXIT
	trap 'exit 130' INT TERM
	build_loads
	make_payload
	make_disks
	boot
}

set_options() {
	opt_memory=1024 opt_swap=0 opt_iops=0 opt_root_iops=0 opt_xtts=24 opt_nodira=15 opt_mirzo=10
	opt_peak=65 opt_rate=16 opt_leak=50 opt_linger=20 opt_daemon=yes opt_daemon_args='' opt_config='' opt_many=200 opt_limit=600 opt_up=90
	opt_tool='' opt_hold=0 opt_touch=4 opt_image=root opt_name=$1
	shift
	if [ -e "$scenario_dir/options" ]; then
		while read -r option; do
			case $option in '' | '#'*) ;; *) set_option "$option" ;; esac
		done <"$scenario_dir/options"
	fi
	for option in "$@"; do set_option "$option"; done
}

set_option() {
	option_value=${1#*=}
	case $1 in
	memory=*) opt_memory=$option_value ;;
	swap=*) opt_swap=$option_value ;;
	iops=*) opt_iops=$option_value ;;
	root-iops=*) opt_root_iops=$option_value ;;
	xtts=*) opt_xtts=$option_value ;;
	nodira=*) opt_nodira=$option_value ;;
	mirzo=*) opt_mirzo=$option_value ;;
	peak=*) opt_peak=$option_value ;;
	rate=*) opt_rate=$option_value ;;
	leak=*) opt_leak=$option_value ;;
	linger=*) opt_linger=$option_value ;;
	many=*) opt_many=$option_value ;;
	config=*) opt_config=$option_value ;;
	daemon=*) opt_daemon=$option_value ;;
	daemon-args=*) opt_daemon_args=$option_value ;;
	tool=*)
		opt_tool=$option_value opt_daemon=no
		[ "$opt_tool" != watchdogd ] || opt_daemon=yes
		;;
	touch=*) opt_touch=$option_value ;;
	hold=*) opt_hold=$option_value ;;
	image=*) opt_image=$option_value ;;
	up=*) opt_up=$option_value ;;
	limit=*) opt_limit=$option_value ;;
	name=*) opt_name=$option_value ;;
	*) die "no option $1" ;;
	esac
}

# Static, so that they need nothing of the guest; each once, then as often as there are names for it.
build_loads() {
	mkdir -p "$cache_dir/bin"
	for load in hog claudir sampler killer; do
		if [ -n "$(find "$cache_dir/bin/$load" -newer "$vm_dir/loads/$load.c" 2>/dev/null)" ]; then continue; fi
		"${CC:-gcc}" -std=gnu11 -O2 -static -Wall -Wextra -D_GNU_SOURCE \
			-o "$cache_dir/bin/$load" "$vm_dir/loads/$load.c"
	done
}

# The payload lies over the guest's root, so its paths are the guest's.
make_payload() {
	payload=$work_dir/payload
	mkdir -p "$payload/opt/vm/bin" "$payload/etc/systemd/system"
	cp "$vm_dir"/guest/main.sh "$vm_dir"/guest/lib.sh "$vm_dir"/guest/scenario.sh "$payload/opt/vm/"
	cp "$cache_dir/bin/claudir" "$cache_dir/bin/sampler" "$cache_dir/bin/killer" "$payload/opt/vm/bin/"
	for name in claude xtts_server leak; do cp "$cache_dir/bin/hog" "$payload/opt/vm/bin/$name"; done
	cp "$vm_dir"/units/*.service "$vm_dir"/units/*.slice "$payload/etc/systemd/system/"
	if [ "$opt_daemon" = yes ]; then add_daemon; fi
	if [ -d "$scenario_dir/units" ]; then cp "$scenario_dir"/units/* "$payload/etc/systemd/system/"; fi
	if [ -n "$opt_tool" ] && [ -d "$scenario_dir/tools/$opt_tool" ]; then cp -r "$scenario_dir/tools/$opt_tool/." "$payload/"; fi
	if [ -e "$scenario_dir/driver.c" ]; then add_driver; fi
	if [ -e "$scenario_dir/smtpd.conf" ]; then cp "$scenario_dir/smtpd.conf" "$payload/opt/vm/"; fi
	if [ -e "$scenario_dir/scenario.sh" ]; then cp "$scenario_dir/scenario.sh" "$payload/opt/vm/"; fi
	write_load_env >"$payload/opt/vm/load.env"
	cp "$payload/opt/vm/load.env" "$log_dir/settings"
	# Directories keep the modes they have in the image.
	(cd "$payload" && find . ! -type d | tar --owner=0 --group=0 --numeric-owner -T - -cf "$work_dir/payload.tar")
}

# The programs run from one directory. The unit file is the one that `make install` installs, once there is one.
add_daemon() {
	for program in watchdogd wd-sentinel wd-worker watchdogctl; do
		[ -x "$build_dir/$program" ] || die "no $build_dir/$program; run make first"
		install -D -m 755 "$build_dir/$program" "$payload/opt/watchdogd/$program"
	done
	for part in plugins formats; do
		[ ! -d "$build_dir/$part" ] || cp -r "$build_dir/$part" "$payload/opt/watchdogd/$part"
	done
	cp -r "$top_dir/conf/examples" "$payload/opt/watchdogd/examples"
	for unit in "$top_dir"/conf/*.service "$top_dir"/conf/*.slice; do
		[ -e "$unit" ] || continue
		sed 's#@s*bindir@#/opt/watchdogd#g' "$unit" >"$payload/etc/systemd/system/${unit##*/}"
	done
	config=$scenario_dir/watchdogd.conf
	if [ -n "$opt_config" ] && [ -e "$top_dir/$opt_config" ]; then config=$top_dir/$opt_config; fi
	install -D -m 644 "$config" "$payload/etc/watchdogd/watchdogd.conf"
	install -D -m 644 "$vm_dir/units/watchdogd-vm.conf" "$payload/etc/systemd/system/watchdogd.service.d/vm.conf"
}

# A scenario's own program, which drives a plugin in place of the daemon.
add_driver() {
	[ -d "$build_dir/plugins" ] || die "no $build_dir/plugins; run make first"
	cp -r "$build_dir/plugins" "$payload/opt/vm/plugins"
	"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -I"$top_dir/watchdogd" \
		-o "$payload/opt/vm/bin/driver" "$scenario_dir/driver.c" -lsystemd
}

# Read by the shell in the guest and, as an EnvironmentFile, by systemd.
write_load_env() {
	cat <<-END
		XTTS=$opt_xtts
		NODIRA=$opt_nodira
		MIRZO=$opt_mirzo
		PEAK=$opt_peak
		RATE=$opt_rate
		LEAK=$opt_leak
		LINGER=$opt_linger
		MANY=$opt_many
		FILL=64
		SWAP=$opt_swap
		TOOL=$opt_tool
		HOLD=$opt_hold
		TOUCH=$opt_touch
		DAEMON_ARGS="$opt_daemon_args"
	END
}

make_disks() {
	truncate -s 32M "$work_dir/results.tar"
	if [ "$opt_swap" -gt 0 ]; then
		truncate -s "${opt_swap}M" "$work_dir/swap.img"
		/sbin/mkswap "$work_dir/swap.img" >/dev/null 2>&1
	fi
}

# A disk that allows so many operations a second; nothing for 0.
throttle() { [ "$1" = 0 ] || printf ',throttling.iops-total=%s' "$1"; }

# One guest at a time on a machine: two would be slow enough to change what they show.
boot() {
	exec 9>"${VM_LOCK:-/tmp/watchdogd-vm.lock}"
	flock 9
	set -- -accel tcg,thread=multi -cpu max -smp 2 -m "${opt_memory}M" -nodefaults -no-user-config \
		-display none -no-reboot -monitor none -kernel "$cache_dir/vmlinuz" -initrd "$cache_dir/initrd.gz" \
		-append "console=ttyS0 psi=1 quiet panic=-1 systemd.show_status=0 systemd.unified_cgroup_hierarchy=1 net.ifnames=0 mitigations=off nokaslr random.trust_cpu=on tsc=reliable" \
		-serial "file:$log_dir/console" \
		-drive "file=$cache_dir/$opt_image.img,if=virtio,format=raw,snapshot=on$(throttle "$opt_root_iops")" \
		-drive "file=$work_dir/payload.tar,if=virtio,format=raw,readonly=on" \
		-drive "file=$work_dir/results.tar,if=virtio,format=raw,cache=unsafe"
	[ "$opt_swap" = 0 ] ||
		set -- "$@" -drive "file=$work_dir/swap.img,if=virtio,format=raw,cache=unsafe$(throttle "$opt_iops")"
	status=0
	run_qemu "$@" || status=$?
	if ! is_up; then
		echo "# $opt_name: the guest never came up (status $status); it is booted once more"
		status=0
		run_qemu "$@" || status=$?
	fi
	tar -C "$log_dir" -xf "$work_dir/results.tar" 2>/dev/null || true
	# QEMU is as content with a panic as with a power-off, and may not notice a power-off: the guest's last word counts.
	if grep -q '^RESULT done=1' "$log_dir/console"; then status=0; elif [ "$status" = 0 ]; then status=3; fi
	exit "$status"
}

run_qemu() {
	timeout -k 10 "$opt_limit" qemu-system-x86_64 "$@" >"$log_dir/qemu" 2>&1 9>&- &
	qemu=$!
	end_unless_up
	wait "$qemu"
}

# Something of ours has run in it.
is_up() { grep -q '^RESULT ' "$log_dir/console" 2>/dev/null; }

# Now and then QEMU or its kernel stands still before the first line on the console. One that comes up takes 10 s.
end_unless_up() {
	for _ in $(seq "$opt_up"); do
		if is_up || ! kill -0 "$qemu" 2>/dev/null; then return; fi
		sleep 1
	done
	kill "$qemu" 2>/dev/null || true
}

main "$@"
