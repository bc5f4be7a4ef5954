#!/bin/bash
# Secrets of random values, in use (in a url, a header, a login, a signature, a systemd credential), with servers that
# say back all they heard: they are in no process list, environment, log, status, conversation, spool, ledger or
# state page, and in no memory that a core dump would have.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/vendors/server.sh
. "$(dirname "$0")/../vendors/server.sh"
if [ "$(id -u)" != 0 ]; then
	skip "secrets stay secret" "not root"
	plan_end
fi
for tool in python3 openssl; do
	command -v "$tool" >/dev/null && continue
	skip "secrets stay secret" "no $tool"
	plan_end
done
make_certificate good localhost "DNS:localhost,IP:127.0.0.1" || exit 1

# random BYTES: as tokens are made, with what base64 has beside letters.
random() { openssl rand -base64 "$1" | tr -d '\n=' | tr '+/' '-_'; echo; }
umask 077
mkdir "$dir/keys" "$dir/credentials"
new_secrets() {
	random 33 >"$dir/keys/token"
	random 24 >"$dir/keys/key"
	random 40 >"$dir/keys/sign"
	random 18 >"$dir/keys/beat"
	random 21 >"$dir/credentials/smtp-password"
	cat "$dir/keys/"* "$dir/credentials/"* >>"$dir/values"
}
new_secrets
umask 022
chmod 755 "$dir"

# What says back all that it heard: HTTP with status 400, and SMTP over TLS that takes no password.
cat >"$dir/echo.py" <<'END'
import http.server, os, socketserver, ssl, sys, threading
where = sys.argv[1]
heard = open(where + "/heard", "ab", buffering=0)

class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = "refused: %s %s" % (self.path, " ".join("%s: %s" % pair for pair in self.headers.items()))
        heard.write(words.encode() + b"\n")
        answer = words.encode()[:1500]
        self.send_response(400, words[:200])
        self.send_header("X-Heard", words)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST
    def log_message(self, *_):
        pass

class Mail(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line + b"\r\n")
    def login(self, said):
        heard.write(said + b"\n")
        self.say(b"535 5.7.8 Cannot take " + said)
    def handle(self):
        self.say(b"220 localhost")
        for line in self.rfile:
            line = line.strip()
            word = line.upper()
            if word.startswith(b"EHLO"):
                self.say(b"250-localhost")
                self.say(b"250 AUTH PLAIN LOGIN")
            elif word == b"AUTH PLAIN":
                self.say(b"334 ")
                self.login(self.rfile.readline().strip())
            elif word.startswith(b"AUTH PLAIN "):
                self.login(line[11:])
            elif word.startswith(b"AUTH LOGIN"):
                self.say(b"334 VXNlcm5hbWU6")
                self.rfile.readline()
                self.say(b"334 UGFzc3dvcmQ6")
                self.login(self.rfile.readline().strip())
            elif word == b"QUIT":
                self.say(b"221 bye")
                return
            else:
                self.say(b"503 5.5.1 first log in")

class Wrapped(socketserver.ThreadingTCPServer):
    daemon_threads = True
    def get_request(self):
        fd, who = super().get_request()
        return context.wrap_socket(fd, server_side=True), who
    def handle_error(self, *_):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(where + "/good.crt", where + "/good.key")
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
plain = Wrapped(("127.0.0.1", 0), Mail)
threading.Thread(target=plain.serve_forever, daemon=True).start()
with open(where + "/ports.new", "w") as out:
    out.write("%d %d\n" % (web.server_address[1], plain.server_address[1]))
os.rename(where + "/ports.new", where + "/ports")
web.serve_forever()
END
python3 "$dir/echo.py" "$dir" 2>>"$dir/stderr" &
wait_for 20 test -s "$dir/ports"
read -r web mail <"$dir/ports"

# A channel's command shows what a process of ours is given.
cat >"$dir/command" <<'SH'
#!/bin/sh
{ tr '\0' '\n' </proc/self/environ; cat; } >>"$(dirname "$0")/told.out"
SH
chmod 755 "$dir/command"
: >"$dir/told.out"
chmod 666 "$dir/told.out"
cp "$(command -v sleep)" "$dir/wd-secretive"
write_conf <<CONF
[unit u]
match   = wd-secretive
process = wd-secretive
[rule died]
on    = death u
limit = 24 per 1h
then  = alert critical
[channel hook]
plugin = webhook
format = json
url    = http://127.0.0.1:$web/bot\${TOKEN}/send
header = Authorization: Bearer \${KEY}
         X-Key: \${KEY}
secret = TOKEN=$dir/keys/token
         KEY=$dir/keys/key
         SIGN=$dir/keys/sign
sign   = SIGN
fold   = 0s
[channel owner]
plugin = email
url    = smtps://127.0.0.1:$mail
ca     = $dir/good.crt
from   = watchdogd@localhost
to     = owner@example.org
user   = bot
secret = PASSWORD=smtp-password
fold   = 0s
[channel told]
plugin  = exec
command = $dir/command
[heartbeat]
url    = http://127.0.0.1:$web/beat/\${TOKEN}
secret = TOKEN=$dir/keys/beat
every  = 1s
CONF

# --- what is looked for, and where ---

# Each value, and what base64 of something that holds it shows of it, wherever it begins there.
cat >"$dir/seek.py" <<'END'
import base64, re, sys
def needles(path):
    for value in open(path, "rb").read().split():
        yield value, value
        for lead in range(3):
            coded = base64.b64encode(b"\0" * lead + value + b"\0")
            yield value, coded[4 if lead else 0:-4]
def in_files(found, paths):
    for path in paths:
        data = open(path, "rb").read()
        for value, needle in wanted:
            if needle in data:
                found.append("%s: %s" % (path, needle.decode()))
# What a core dump may have: mappings without "dd" (MADV_DONTDUMP). Their number, and whether a secret is there.
def in_memory(found, pid, dumped):
    here, mapping, ranges = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)"), None, 0
    with open("/proc/%s/smaps" % pid, "rb") as smaps, open("/proc/%s/mem" % pid, "rb", buffering=0) as memory:
        for line in smaps.read().split(b"\n"):
            begins = here.match(line)
            if begins:
                mapping = begins
            elif line.startswith(b"VmFlags:") and (b"dd" in line.split()) != dumped and mapping[3][:1] == b"r":
                begin, end = int(mapping[1], 16), int(mapping[2], 16)
                ranges += 1
                try:
                    memory.seek(begin)
                    data = memory.read(end - begin)
                except (OSError, ValueError, OverflowError):
                    continue  # [vvar], [vsyscall]
                for value, needle in wanted:
                    if needle in data:
                        found.append("pid %s, %s: %s" % (pid, mapping[0].decode("utf-8", "replace"), needle.decode()))
    return ranges
wanted = [pair for pair in needles(sys.argv[2])]
assert len(wanted) >= 20 and all(len(needle) >= 16 for _, needle in wanted)
found = []
if sys.argv[1] == "files":
    in_files(found, sys.argv[3:])
else:
    for pid in sys.argv[3:]:
        assert in_memory(found, pid, sys.argv[1] == "dumped") > 0, pid
for line in found:
    print("#", line)
sys.exit(3 if found else 0)
END
# seek HOW VALUES WHERE...: 0 none is there, 3 some are.
seek() { python3 "$dir/seek.py" "$@" >&2; }
none_in() { seek files "$dir/values" "$@"; }
some_in() {
	seek files "$dir/values" "$@"
	[ $? -eq 3 ]
}
some_undumped() {
	seek undumped "$dir/values" "$1"
	[ $? -eq 3 ]
}

export CREDENTIALS_DIRECTORY=$dir/credentials
start_daemon -v
ok $? "the daemon starts with five secrets, one of them a credential"
unset CREDENTIALS_DIRECTORY

# die: one of the unit, so that all channels have an alert.
die() {
	local victim
	"$dir/wd-secretive" 300 &
	victim=$!
	wait_for 20 sh -c "'$bin/watchdogctl' -s '$dir/run/control' status --json | grep -q '\"watched\": *1'"
	kill -TERM "$victim"
	wait "$victim" 2>/dev/null
}
# All of them are in use: with it said so, what follows proves something.
all_heard() { # of the values that are in the files now
	local file
	for file in token key beat; do
		grep -qF -- "$(cat "$dir/keys/$file")" "$dir/heard" || return 1
	done
	python3 - "$dir/heard" "$dir/credentials/smtp-password" <<-'END'
		import base64, sys
		password = open(sys.argv[2], "rb").read().strip()
		login = base64.b64encode(b"\0bot\0" + password)
		sys.exit(login not in open(sys.argv[1], "rb").read().split())
	END
	grep -qi 'signature' "$dir/heard"
}
die
check "all are in use" wait_for 60 all_heard
check "and can be found where they are" some_in "$dir/heard"

ctl test hook warning >"$dir/talk-hook" 2>&1
ctl test owner warning >"$dir/talk-owner" 2>&1
check "the conversation with the server of the webhook is shown" grep -q '^ *> POST .*\*\*\*' "$dir/talk-hook"
check "and that with the mail server" grep -q '535' "$dir/talk-owner"
told() { grep -q '"rule": *"died"' "$dir/told.out"; }
check "the command has run" wait_for 20 told
failed() { ctl spool 2>/dev/null | grep -q owner; }
check "what waits, waits with a reason" wait_for 30 failed

look_everywhere() { # WHEN
	local pid name
	{
		for pid in "$daemon" $(pgrep -P "$daemon"); do
			cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/comm" "/proc/$pid/task/"*/comm
		done
		ps axwwwe
	} >"$dir/ps"
	check "$1: not in the process list or an environment" none_in "$dir/ps" "$dir/told.out"
	check "$1: not in the log, which is a long one" none_in "$log"
	{
		ctl status
		ctl status --json
		ctl spool
		ctl explain
		ctl check "$conf"
	} >"$dir/said" 2>&1
	check "$1: not in status, spool, explain, check" none_in "$dir/said"
	check "$1: not in the conversations of test" none_in "$dir/talk-"*
	check "$1: not in the spool, the ledger or the state page" none_in "$dir/state/"* "$dir/run/ledger" "$dir/run/state"
	for name in watchdogd wd-sentinel wd-actor wd-scribe; do
		pid=$daemon
		[ "$name" = watchdogd ] || pid=$(child_pid "$name")
		check "$1: not in what a core dump of $name would have" seek dumped "$dir/values" "$pid"
	done
}
check "the log is a long one" logged ' debug '
check "the spool has what it tells of" test -s "$dir/state/spool.db"
look_everywhere "in use"

# The messenger has them at work, in its heap too: no dump of it is ever made. What is not dumpable belongs to root.
messenger=$(child_pid wd-messenger)
check "they are in the messenger's vault" some_undumped "$messenger"
if [ "$(awk '/^Uid:/ {print $2}' "/proc/$messenger/status")" != 0 ]; then
	check "the messenger is not root, and its files in /proc are: it is not dumpable" test "$(stat -c %u "/proc/$messenger/environ")" = 0
	if command -v setpriv >/dev/null; then
		uid=$(awk '/^Uid:/ {print $2}' "/proc/$messenger/status")
		check "another process of its user cannot read its memory" \
			sh -c "! setpriv --reuid $uid --clear-groups cat /proc/$messenger/maps"
	fi
fi
vaults() { # each mapping of the vault is left out of dumps
	awk '/^[0-9a-f]+-/ {vault = /watchdogd-vault/; n += vault} /^VmFlags:/ && vault && !/ dd( |$)/ {bad = 1} END {exit bad || n == 0}' \
		"/proc/$messenger/smaps"
}
check "and its vault would be left out of one" vaults
# Nobody but main (for the next messenger) and the messenger holds the vault.
holders() {
	local pid
	for pid in "$daemon" $(pgrep -P "$daemon"); do
		readlink "/proc/$pid/fd/"* | grep -q watchdogd-vault && cat "/proc/$pid/comm"
		grep -q watchdogd-vault "/proc/$pid/maps" && cat "/proc/$pid/comm"
	done | sort -u | tr '\n' ' '
}
check "nobody but main and the messenger holds it: $(holders)" test -z "$(holders | tr ' ' '\n' | grep -vxE 'watchdogd|wd-messenger|')"

# --- other values ---

umask 077
rm "$dir/keys/"* "$dir/credentials/"*
new_secrets
umask 022
kill -HUP "$daemon"
wait_for 20 logged 'reloaded'
die
check "after a reload the new ones are in use" wait_for 60 all_heard
kill -KILL "$(child_pid wd-sentinel)" "$(child_pid wd-messenger)"
wait_for 20 child_pid wd-messenger
ctl test hook critical >"$dir/talk-hook-2" 2>&1
look_everywhere "after a reload"

# A secret that cannot be had is told by its path alone; one that is no secret (two lines) is not shown.
printf 'first-%s\nsecond-%s\n' "$(random 18)" "$(random 18)" >"$dir/keys/token"
cat "$dir/keys/token" >>"$dir/values"
kill -HUP "$daemon"
check "one of two lines is told, by its path" wait_for 20 logged "cannot read .*keys/token"
check "and not shown" none_in "$log"

stop_daemon
ok $? "it ends with status 0"
check "and leaves none behind" none_in "$log" "$dir/state/"* "$dir/run/"*
plan_end
