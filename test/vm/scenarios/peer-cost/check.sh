#!/bin/sh
# What watching many units costs, as a ratio to systemd-oomd: absolute times of a translated guest mean nothing.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

ours_us=$(fact watchdogd_cpu_us)
peers_us=$(fact oomd_cpu_us)
daemon_held
holds "systemd-oomd watches all $(fact units) units" fact_same units oomd_watches
holds "both were measured" [ "${ours_us:-0}" -gt 0 -a "${peers_us:-0}" -gt 0 ]
note "CPU over the same time: watchdogd ${ours_us:-?} us, systemd-oomd ${peers_us:-?} us, ratio $(awk -v a="${ours_us:-0}" -v b="${peers_us:-0}" 'BEGIN { if (b) printf "%.2f", a / b; else print "?" }')"
tap_end
