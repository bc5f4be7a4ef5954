# The actor is stopped (SIGSTOP) before the unit grows: nobody but the sentinel can act.
# shellcheck shell=sh disable=SC2154 # variables of lib.sh

pid_of() { systemctl show -P MainPID "$1"; }
actor_pid() {
	while read -r pid; do
		{ read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
		[ "$comm" != wd-actor ] || echo "$pid"
	done </sys/fs/cgroup/watchdogd.slice/watchdogd.service/cgroup.procs
}
deaf_is_gone() { ! grep -q 'populated 1' "$slice"/deaf.service/cgroup.events 2>/dev/null; }

start_sampler
systemctl start guarded deaf
wait_until 60 exists /run/vm/deaf.full || say "deaf did not fill"
start_daemon
fact daemon_pid_before "$(pid_of watchdogd)"
fact guarded_pid_before "$(pid_of guarded)"
sleep 4
actor=$(actor_pid)
kill -STOP "$actor" && fact actor_stopped 1
ramp_begins deaf
wait_until 30 deaf_is_gone && fact deaf_gone 1
fact actor_state "$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$actor/status")"
kill -CONT "$actor"
sleep 2
fact daemon_pid_after "$(pid_of watchdogd)"
fact guarded_pid_after "$(pid_of guarded)"
fact deaf_state "$(systemctl is-active deaf)"
note_units after
