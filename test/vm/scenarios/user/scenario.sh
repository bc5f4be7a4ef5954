# A unit of a user's manager: found, its death told, restarted by that manager; her own stop stays a stop.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

as_alice() { setpriv --reuid=1000 --regid=1000 --clear-groups env XDG_RUNTIME_DIR=/run/user/1000 HOME=/home/alice "$@"; }
helper() { as_alice systemctl --user "$@" helper.service; }
helper_pid() { for pid in $(pgrep_claude); do echo "$pid"; done; }
pgrep_claude() { for at in /proc/[0-9]*/comm; do read -r comm <"$at" && [ "$comm" = claude ] && at=${at#/proc/} && echo "${at%/comm}"; done 2>/dev/null; }
is_active() { [ "$(helper is-active)" = active ]; }
has_new() { new=$(helper_pid); [ -n "$new" ] && [ "$new" != "$1" ]; }

useradd -m -u 1000 alice
mkdir -p /home/alice/.config/systemd/user
cat >/home/alice/.config/systemd/user/helper.service <<'END'
[Service]
ExecStart=/opt/vm/bin/claudir /opt/vm/bin/claude -n helper -s 1 -r 64
OOMPolicy=continue
END
chmod 777 /run/vm
chown -R 1000:1000 /home/alice
systemctl start user@1000.service
fact manager "$(systemctl is-active user@1000.service)"
helper start
wait_until 30 is_active && fact helper_started 1
start_daemon
sleep 5
old=$(helper_pid)
# shellcheck disable=SC2046 # two words
set -- $(/opt/vm/bin/killer 9 "$old")
fact killed_pid "$1"; fact killed_at_ms "$2"
wait_until 40 has_new "$old" && fact helper_back 1
sleep 6
helper stop
sleep 8
fact helper_stopped "$(helper is-active)"
/opt/watchdogd/watchdogctl status >"$results"/status 2>&1
/opt/watchdogd/watchdogctl status --json >"$results"/status.json
