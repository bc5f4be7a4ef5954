# One thing after the other is done to units of a real systemd; what the plugin tells lies between marks.
# shellcheck shell=sh disable=SC2154 # variables of lib.sh

told=$results/told
commands=/run/vm/commands
user=5 # games: nobody's processes but ours

mkfifo $commands
/opt/vm/bin/driver /opt/vm/plugins/systemd.so steady.service polite.service leaver.service \
	quick.service once.service forker.service onfail.service oomed.service limited-start.service \
	conflict.service conditional.service dependent.service nowhere.service $user:private.service \
	<$commands >"$told" 2>&1 &
driver=$!
exec 5>$commands

tell() { echo "$*" >&5; }
mark() { sleep 0.5; tell "mark $1"; sleep 0.1; }
# What is told of a unit is this, within 20 s.
last_told() { grep " told $1.service " "$told" | tail -n 1; }
is_told() { last_told "$1" | grep -q -- " $2 |"; }
await() { wait_until 20 is_told "$@" || say "not told: $*, but $(last_told "$1")"; }

mark begin
systemctl start keeper steady polite leaver forker onfail oomed dependent
for name in steady polite leaver forker onfail oomed dependent; do await $name +active; done

mark stopped;      systemctl stop steady;  await steady +stop-job
mark stopped-zero; systemctl stop polite;  await polite +stop-job
mark left;         : >/run/vm/leave;       await leaver ''
mark started;      systemctl start steady; await steady +active
mark quick;        systemctl start quick;  sleep 1
mark quick-stopped; systemctl stop quick;  sleep 1
mark once;         systemctl start once;   sleep 1
mark restarted;    systemctl restart steady; sleep 1.5
mark killed;       kill -9 "$(unit_property onfail MainPID)"; sleep 2
mark oomed;        : >/run/vm/leak;        await oomed +failed
mark limit;        systemctl start limited-start; await limited-start +failed+start-limit
# The same while the plugin hears nothing: the jobs are gone before it can ask what they are.
unheard() { mark "$1"; shift; kill -STOP $driver; "$@"; kill -CONT $driver; sleep 1; }
unheard late-start     systemctl start steady
unheard late-restart   systemctl restart steady
sleep 1
unheard late-stop      systemctl stop steady
unheard late-quick     systemctl start quick
unheard late-condition systemctl start conditional
unheard late-try       systemctl try-restart quick
unheard late-once      systemctl start once
systemctl start steady; await steady +active
mark conflict;     systemctl start conflict; await steady +stop-job
mark condition;    systemctl start conditional; sleep 1
mark try-restart;  systemctl try-restart quick; sleep 1
mark refused;      tell "ask stop forker.service"; sleep 1
mark forked;       systemctl stop forker;  await forker +stop-job
mark reloaded;     systemctl daemon-reload; sleep 1
mark reexeced;     systemctl daemon-reexec; sleep 2; tell "look steady.service 1"; sleep 0.5
systemctl start steady polite; await steady +active; await polite +active
# How it ended before anybody was there to hear of it: another driver begins.
mark missed
systemctl stop polite
/opt/vm/bin/driver /opt/vm/plugins/systemd.so polite.service leaver.service </dev/null >"$results/later" 2>&1 &
later=$!
sleep 2
kill $later

# A user's systemd, started by hand: this guest has no logins.
mark user
mkdir -p /run/user/$user /run/vm/home/.config/systemd/user
cp /etc/systemd/system/steady.service /run/vm/home/.config/systemd/user/private.service
chown -R $user /run/user/$user /run/vm/home
tell "look private.service 1"
systemd-run -q --unit=manager --uid=$user -p Delegate=yes -E HOME=/run/vm/home -E XDG_RUNTIME_DIR=/run/user/$user \
	/lib/systemd/systemd --user
wait_until 20 exists /run/user/$user/systemd/private
as_user() { setpriv --reuid=$user --clear-groups env XDG_RUNTIME_DIR=/run/user/$user systemctl --user "$@"; }
await private ''
as_user start private; await private +active
as_user stop private;  await private +stop-job
tell "ask start private.service"; await private +active

mark looks
tell "look steady.service 100"
looks_are_over() { grep -q "looked steady.* n=100:" "$told"; }
wait_until 20 looks_are_over
mark end
tell end
sleep 0.5
