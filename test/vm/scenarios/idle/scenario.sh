# The example of conf/examples: a server that is stopped when nobody has used it, and started by its first client.
# shellcheck shell=sh disable=SC2154 # variables of load.env and lib.sh

# A server that answers each line; on a port of its own, or on the socket that systemd hands over.
cat >/opt/vm/bin/server <<'END'
use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
my $listener = @ARGV
	? IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1)
	: IO::Socket::INET->new_from_fd(3, 'r+');
die "cannot listen: $!" unless $listener;
my $voice = 'a' x (64 << 20); # what a stop gives back
while (my $client = $listener->accept) {
	next if fork;
	while (my $line = <$client>) { print $client "spoken: $line"; $client->flush }
	exit;
}
END
# client PORT TEXT SECONDS FILE: says it, waits for the answer, and keeps the connection for so long.
cat >/opt/vm/bin/client <<'END'
exec 7<>"/dev/tcp/127.0.0.1/$1" || exit 1
echo "$2" >&7
read -r -t 60 answer <&7 && echo "$answer" >"$4"
sleep "$3"
END
client() { timeout 90 bash /opt/vm/bin/client "$@"; }
is_booted() { case $(systemctl is-system-running) in running | degraded) ;; *) false ;; esac; }
answer_of() { [ -s "$1" ] && read -r line <"$1" && echo "$line"; }
is_state() { [ "$(unit_property "$1" ActiveState)" = "$2" ]; }
note_status() { /opt/watchdogd/watchdogctl status >"$results/status-$1" 2>&1; }

# A systemd that still boots is not told to reload.
wait_until 30 is_booted && fact booted 1
cd /opt/watchdogd/examples || exit 1
cp xtts_proxy.socket xtts_proxy.service /etc/systemd/system/
mkdir -p /etc/systemd/system/xtts_server.service.d
cp xtts_server.on-demand.conf /etc/systemd/system/xtts_server.service.d/on-demand.conf
cd /
timeout 30 systemctl daemon-reload
timeout 30 systemctl start xtts_proxy.socket direct.socket jailed.service
fact sock_diag "$(grep -c '^tcp_diag ' /proc/modules)"
start_daemon

# 1. The first client starts it; used no more, it is stopped, and the proxy with it.
client 8020 hello 0 /run/vm/first
fact first_answer "$(answer_of /run/vm/first)"
first_invocation=$(unit_property xtts_server InvocationID)
wait_until 40 is_state xtts_server inactive && fact stopped 1
wait_until 10 is_state xtts_proxy inactive && fact proxy_stopped 1
fact result "$(unit_property xtts_server Result)"
note_status stopped

# 2. The next client starts it again. A connection that is held keeps it, whoever made the socket.
client 8030 there 8 /run/vm/direct &
client 8020 again 8 /run/vm/second
fact second_answer "$(answer_of /run/vm/second)"
fact direct_answer "$(answer_of /run/vm/direct)"
second_invocation=$(unit_property xtts_server InvocationID)
[ "$second_invocation" != "$first_invocation" ] && fact started_anew 1
fact held_state "$(unit_property xtts_server ActiveState)"
fact direct_state "$(unit_property direct ActiveState)"
note_status held

# 3. It is closed: both are stopped again.
wait
wait_until 40 is_state xtts_server inactive && fact stopped_again 1
wait_until 20 is_state direct inactive && fact direct_stopped 1
wait_until 20 is_state jailed inactive && fact jailed_stopped 1
note_status end

# 4. As after a restart of the host whose disk is read-only then: systemd starts us, and what we stopped is ours still.
is_ours_still() { /opt/watchdogd/watchdogctl status 2>&1 | grep -qE '^xtts +inactive .*stopped'; }
timeout 30 systemctl stop watchdogd
rm -rf /run/watchdogd
mount --bind /var/lib/watchdogd /var/lib/watchdogd && mount -o remount,bind,ro /var/lib/watchdogd &&
	! touch /var/lib/watchdogd/new 2>/dev/null && fact read_only 1
timeout 60 systemctl start watchdogd
fact read_only_state "$(unit_property watchdogd ActiveState)"
wait_until 20 is_ours_still && fact ours_still 1
note_status read-only
