#!/bin/sh
# The proof on a real kernel: boots one guest after the other, and judges what each brought back. Prints TAP.
#
#   run.sh [SCENARIO...]      those of scenarios/order when none is named
#
# What a person may want to read lies in build/vm/log/SCENARIO: check (this output), console, journal,
# watchdogd.log, dmesg, samples.csv, facts. Where QEMU or a package is missing it says so, and skips.
set -eu
# shellcheck source=test/vm/lib.sh
. "$(dirname "$0")/lib.sh"

main() {
	skip_reason=$(why_not)
	if [ -n "$skip_reason" ]; then
		echo "ok 1 - vm # SKIP $skip_reason"
		echo "1..1"
		exit 0
	fi
	"$vm_dir/build-image.sh"
	# shellcheck disable=SC2046 # a list of words
	[ $# -gt 0 ] || set -- $(list_of "$vm_dir/scenarios/order")
	for scenario in "$@"; do
		run_one "$scenario"
	done | number_all
}

# Numbers what all scenarios print, and ends with the plan and the verdict.
number_all() {
	awk '/^ok / { sub(/^ok/, "ok " ++count) }
	/^not ok / { sub(/^not ok/, "not ok " ++count); failed++ }
	{ print; fflush() }
	END { print "1.." count + 0; exit failed > 0 }'
}

why_not() {
	missing=$(missing_packages)
	if [ -n "$missing" ]; then echo "packages missing here: apt-get install $missing"; return; fi
	# An image that is there needs no root.
	if [ "$(id -u)" != 0 ] && [ ! -s "$cache_dir/root.img" ]; then echo "only root can make the root image"; fi
}

needs_daemon() { ! grep -qx 'daemon=no' "$vm_dir/scenarios/$1/options" 2>/dev/null; }

run_one() {
	if needs_daemon "$1" && [ ! -x "$build_dir/watchdogd" ]; then
		echo "ok - $1 # SKIP no $build_dir/watchdogd; run make first"
		return
	fi
	if grep -qx 'image=root-peers' "$vm_dir/scenarios/$1/options" 2>/dev/null; then "$vm_dir/build-image.sh" --peers; fi
	begun_s=$(date +%s)
	status=0
	"$vm_dir/run-guest.sh" "$1" || status=$?
	[ "$status" = 0 ] || show_console "$1"
	echo "# $1: guest over after $(($(date +%s) - begun_s)) s; log in $log_root/$1"
	case $status in
	0) judge "$1" ;;
	3) echo "not ok - $1: the guest lives to the end of the scenario" ;;
	124 | 137) echo "not ok - $1: the guest ends within its time limit" ;;
	*) echo "not ok - $1: the guest starts; run-guest.sh ended with status $status" ;;
	esac
}

# Where it stood: what is not there to be read afterwards, where only this output is kept.
show_console() { tail -n 12 "$log_root/$1/console" 2>/dev/null | tr -cd '[:print:]\n' | sed 's/^/#   console: /'; }

# The check's own output stays beside what it judged.
judge() {
	judged=0
	(cd "$log_root/$1" && VM_DIR=$vm_dir sh "$vm_dir/scenarios/$1/check.sh" >check 2>&1) || judged=$?
	sed "s/^\(not ok\|ok\) - /&$1: /" "$log_root/$1/check"
	# A check that broke off has printed no failure of its own.
	if [ "$judged" != 0 ] && ! grep -q '^not ok' "$log_root/$1/check"; then
		echo "not ok - $1: the check runs to its end"
	fi
}

main "$@"
