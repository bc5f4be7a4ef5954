# A unit of systemd's and a cgroup of nobody's are capped by the daemon; both are given back when it ends.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

xtts=$slice/xtts_server.service
box=/sys/fs/cgroup/box

high_of() { read -r high <"$1/memory.high"; echo "$high"; }
high_is() { [ "$(high_of "$1")" = "$2" ]; }
in_log() { journalctl -q -o cat -u watchdogd | grep -q "$1"; }

echo "+memory" >/sys/fs/cgroup/cgroup.subtree_control
mkdir $box
start_swap
systemctl start xtts_server
# The same load, in a cgroup that systemd knows nothing of.
(
	echo 0 >$box/cgroup.procs
	exec /opt/vm/bin/leak -n box -s 13 -r 64
) &
for name in xtts box; do wait_until 60 exists /run/vm/$name.full || say "$name did not fill"; done
fact xtts_before "$(high_of "$xtts")"
fact box_before "$(high_of $box)"
start_daemon
wait_until 30 high_is "$xtts" 100663296 && fact xtts_capped 1
wait_until 30 high_is $box 67108864 && fact box_capped 1
wait_until 30 in_log 'reclaimed from box' && fact reclaimed 1
wait_until 30 in_log 'rule=gone.*it holds' && fact gone 1
wait_until 20 in_log 'capped xtts' || say "the cap of xtts is not told"
fact xtts_property "$(unit_property xtts_server MemoryHigh)"
/opt/watchdogd/watchdogctl status >"$results/status" 2>&1
# The property outlasts the unit's own restart, so does the cap.
systemctl restart xtts_server
wait_until 20 high_is "$xtts" 100663296 && fact xtts_capped_again 1
# As collect does it, but what was given back is looked at before the loads end.
fact daemon_state "$(systemctl is-active watchdogd)"
fact daemon_restarts "$(unit_property watchdogd NRestarts)"
systemctl stop watchdogd
fact daemon_result "$(unit_property watchdogd Result)"
fact xtts_after "$(high_of "$xtts")"
fact xtts_property_after "$(unit_property xtts_server MemoryHigh)"
fact box_after "$(high_of $box)"
echo 1 >$box/cgroup.kill
