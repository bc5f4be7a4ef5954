#!/bin/sh
# The swap file on a real kernel, in the service as it is installed: made, switched on, proved, kept, given back.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

daemon_held
holds "the file is made in the quiet time after the start" fact_is ready 1
holds "it is told what was made" logged "the swap file is ready: /var/watchdogd.swap was made, 128 MiB on ext4"
holds "nobody but root can read it; it is whole" fact_is mode "600 0 134217728 1"
holds "it is not on before it is wanted" [ -z "$(fact listed_too_soon)" ]
holds "the rule switches it on" fact_is on 1
holds "the kernel lists it" grep -q '^/var/watchdogd.swap ' swaps
holds "SwapTotal is larger by all of it but a page" [ $(($(fact total_after) - $(fact total_before))) = 131068 ]
holds "it is told with its proof and numbers" logged rule=short "switched on swap /var/watchdogd.swap in" "SwapTotal 0 MiB -> 128 MiB"
holds "it stays on when the daemon stops" fact_is on_without_us 1
holds "the next start knows it as its own" fact_is ours_again 1
holds "restore gives it back when the load is gone" fact_is given_back 1
holds "the kernel lists it no more" fact_is off 1
holds "SwapTotal is as before" fact_same total_before total_at_end
holds "that is told with its proof" logged rule=short "switched off swap /var/watchdogd.swap in" "were used on it"
note "$(logged_line rule=short "switched on swap" | head -n 1)"
note "$(logged_line rule=short "switched off swap" | head -n 1)"
tap_end
