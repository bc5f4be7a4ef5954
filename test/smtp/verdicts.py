"""What becomes of a mail at servers that refuse, cut, hang or talk nonsense: a scripted server for each, all at once.

    verdicts.py SEND PLUGIN DIR

Prints "pass SENTENCE" or "fail SENTENCE: why" for each. DIR holds tls.cert and tls.key of "localhost"."""
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

WIDE_S = 60
LONG = "x" * 100_000
quit_seen, good_done, waited = threading.Event(), threading.Event(), queue.Queue()


class Cut(Exception):
    pass


class Server:
    """Answers each command by `script`: {"GREET": ..., "EHLO": ..., "MAIL": ..., ".": ...}; a callable gets the server."""

    def __init__(self, script):
        self.script, self.listener, self.heard = script, socket.create_server(("127.0.0.1", 0)), []
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.conn, _ = self.listener.accept()
            try:
                self.talk()
            except (Cut, OSError):
                pass
            self.conn.close()

    def say(self, text):
        self.conn.sendall(text.encode() + b"\r\n")

    def line(self):
        while b"\n" not in self.left:
            got = self.conn.recv(65536)
            if not got:
                raise Cut
            self.left += got
        line, self.left = self.left.split(b"\n", 1)
        return line.strip().decode("latin-1")

    def answer(self, word, default):
        what = self.script.get(word, default)
        if callable(what):
            what(self)
        else:
            self.say(what)

    def talk(self):
        self.left = b""
        self.answer("GREET", "220 here")
        while True:
            command = self.line()
            self.heard.append(command)
            word = command[:4].upper()
            if word == "DATA":
                self.answer(word, "354 go on")
                if self.script.get(word, "3")[0] != "3":
                    continue
                while self.line() != ".":
                    pass
                self.answer(".", "250 2.0.0 taken")
            elif word == "QUIT":
                self.answer(word, "221 bye")
                raise Cut
            else:
                self.answer(word, {"EHLO": "250-here\r\n250 HELP", "STAR": "220 go"}.get(word, "250 ok"))


def cut(_):
    raise Cut


def silent(server):
    server.conn.recv(1 << 20)
    threading.Event().wait(WIDE_S)


def drip(server):
    while True:
        server.conn.sendall(b"2")
        time.sleep(0.2)


def endless(server):
    for _ in range(4000):
        server.say("250-" + "y" * 500)
    raise Cut


def starts_tls_and_cuts(server):
    server.say("220 go")
    server.conn.recv(1)
    raise Cut


def starts_tls_wrongly(server):
    server.say("220 go")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3] + "/tls.cert", sys.argv[3] + "/tls.key")
    server.conn = context.wrap_socket(server.conn, server_side=True)


def never_lets_go(server):
    """The client says QUIT; no answer comes until another mail, which begins only now, has arrived."""
    quit_seen.set()
    waited.put(good_done.wait(20))


def injects(server):
    """A second answer before TLS, as an attacker on the way would put it there."""
    server.conn.sendall(b"220 go\r\n250-here\r\n250 HELP\r\n")
    server.conn.recv(1)
    raise Cut


OFFERS = {"EHLO": "250-here\r\n250 STARTTLS"}
# sentence, script, fields, result, words of the text
CASES = [
    ("421 at the greeting: later", {"GREET": "421 busy"}, {}, "later", "421 busy"),
    ("554 at the greeting: later, as it is not about this mail", {"GREET": "554 go away"}, {}, "later", "554 go away"),
    ("450 for the sender: later", {"MAIL": "450 4.7.1 grey"}, {}, "later", "the sender: 450 4.7.1 grey"),
    ("550 for the sender: never", {"MAIL": "550 5.7.1 no"}, {}, "never", "the sender: 550 5.7.1 no"),
    ("530 for the sender, log in first: later", {"MAIL": "530 5.7.0 log in"}, {}, "later", "530 5.7.0 log in"),
    ("450 for the receiver: later", {"RCPT": "450 4.2.1 full"}, {}, "later", "refused: owner@example.org (450 4.2.1 full)"),
    ("550 for the receiver: never", {"RCPT": "550 5.1.1 who?"}, {}, "never", "refused: owner@example.org (550 5.1.1 who?)"),
    ("451 for DATA: later", {"DATA": "451 not now"}, {}, "later", "the mail: 451 not now"),
    ("554 for DATA: never", {"DATA": "554 never"}, {}, "never", "the mail: 554 never"),
    ("452 for the mail: later", {".": "452 no space"}, {}, "later", "the mail: 452 no space"),
    ("552 for the mail: never", {".": "552-too\r\n552 large"}, {}, "never", "the mail: 552 large"),
    ("taken: the server's words are told", {}, {}, "taken", "250 2.0.0 taken"),
    ("cut at once: later", {"GREET": cut}, {}, "later", ""),
    ("cut after the greeting: later", {"EHLO": cut}, {}, "later", ""),
    ("cut in place of the last answer: later", {".": cut}, {}, "later", "the mail: "),
    ("cut after 550 for another: later", {"RCPT": "550 no", "DATA": cut, "MAIL": cut}, {}, "later", ""),
    ("cut in place of QUIT's answer: taken", {"QUIT": cut}, {}, "taken", "250 2.0.0 taken"),
    ("silent from the start: later", {"GREET": silent}, {"timeout": "3000"}, "later", "imed out"),
    ("silent after the mail: later", {".": silent}, {"timeout": "3000"}, "later", "time"),
    ("a byte now and then: later", {"GREET": drip}, {"timeout": "3000"}, "later", "imed out"),
    ("an answer without an end: later", {"EHLO": endless}, {"timeout": "5000"}, "later", ""),
    ("of an answer of 100 KB the beginning is told", {".": "250 %s" % LONG}, {}, "taken", "250 xxx"),
    ("lines of 100 KB before the mail", {"EHLO": "250-%s\r\n250 HELP" % LONG}, {}, "taken", "250 2.0.0 taken"),
    ("a greeting of 100 KB", {"GREET": "220 " + LONG}, {}, "taken", "250 2.0.0 taken"),
    ("no SMTP at all: later", {"GREET": "HTTP/1.1 400 Bad Request\r\n\r\n"}, {"timeout": "3000"}, "later", ""),
    ("an escape sequence is escaped", {"RCPT": "550 \x1b[31mred\x07"}, {}, "never", "550 \\x1b[31mred\\x07"),
    ("STARTTLS required and not offered: later", {}, {"tls": "1"}, "later", ""),
    ("STARTTLS offered and then cut: later", {**OFFERS, "STAR": starts_tls_and_cuts}, {"tls": "1"}, "later", ""),
    ("STARTTLS offered and then refused: later", {**OFFERS, "STAR": "454 not now"}, {"tls": "1"}, "later", ""),
    ("STARTTLS with a strange certificate: later", {**OFFERS, "STAR": starts_tls_wrongly}, {"tls": "1"}, "later", ""),
    ("an answer smuggled in before TLS: later", {**OFFERS, "STAR": injects}, {"tls": "1"}, "later", ""),
    ("tls = never: STARTTLS is not used", {**OFFERS, "STAR": cut}, {"tls": "2"}, "taken", "250 2.0.0 taken"),
    ("refused, and QUIT never answered", {"RCPT": "550 no", "QUIT": never_lets_go}, {}, "never", "550 no"),
    ("the mail beside it is not held up", {"GREET": lambda s: (quit_seen.wait(WIDE_S), s.say("220 here")),
                                           ".": lambda s: (s.say("250 2.0.0 taken"), good_done.set())}, {}, "taken", ""),
]
LOGIN = {"EHLO": "250-here\r\n250 AUTH PLAIN LOGIN", "AUTH": "535 5.7.8 wrong"}
CASES += [
    ("a password is not said without TLS", LOGIN, {"user": "bot", "secret.PASSWORD": "hush", "tls": "0"}, "later", ""),
    ("with tls = never it is, and 535 is for later", LOGIN, {"user": "bot", "secret.PASSWORD": "hush", "tls": "2"}, "later",
     "login: 535 5.7.8 wrong"),
    ("a server that says the password back", {**LOGIN, "AUTH": "535 no aHVzaA== hush"},
     {"user": "bot", "secret.PASSWORD": "hush", "tls": "2"}, "later", "login: 535 no *** ***"),
]


def coded(text):
    return "".join(c if c.isalnum() else "%%%02X" % ord(c) for c in text)


def run(servers):
    """All at once, in one process."""
    common = {"id": "1", "thread": "1", "host": "h", "subject": "s", "text": "t", "severity": "critical",
              "from": "watchdogd@example.org"}
    with tempfile.NamedTemporaryFile("w") as file:
        for key, value in common.items():
            file.write("%s=%s\n" % (key, coded(value)))
        file.write("to=owner%40example.org\n")
        for (_, _, fields, _, _), server in zip(CASES, servers):
            file.write("url=%s\nuser=\ntls=0\ntimeout=40000\n" % coded("smtp://127.0.0.1:%d" % server.port))
            file.write("".join("%s=%s\n" % (key, coded(value)) for key, value in fields.items()) + "send\n")
        file.flush()
        return subprocess.run([sys.argv[1], sys.argv[2], file.name], capture_output=True, check=False).stdout.decode()


def wrong_with(case, server, got):
    _, _, fields, result, words = case
    if got is None:
        return "it never ended"
    if got[0] != result:
        return "it is %s: %s" % got
    if words not in got[1]:
        return "it says " + got[1]
    if len(got[1]) > 1024 or not got[1]:
        return "it says %d bytes" % len(got[1])
    if "hush" in got[1] or "aHVzaA" in got[1]:
        return "it tells the password"
    if fields.get("user") and fields["tls"] != "2" and any(h.upper().startswith("AUTH") for h in server.heard):
        return "it logged in in clear"
    return None


def in_time():
    """Was the other mail there before the answer to QUIT? That server's thread says so, which may end after the mail."""
    try:
        return waited.get(timeout=30)
    except queue.Empty:
        return False


def main():
    servers = [Server(case[1]) for case in CASES]
    out = run(servers)
    sent = {int(n): (result, text) for n, result, text in re.findall(r"^sent (\d+) (\w+) \d+ (.*)$", out, re.M)}
    for i, (case, server) in enumerate(zip(CASES, servers)):
        wrong = wrong_with(case, server, sent.get(i + 1))
        if case[0].startswith("refused, and QUIT") and not in_time():
            wrong = "it waited for the answer to QUIT, and all others with it"
        print("fail %s: %s" % (case[0], wrong) if wrong else "pass " + case[0])
    talk = [line for line in out.split("\n") if line.startswith("talk ")]
    print("%s no password in any line of the conversations" % ("fail" if "hush" in out or "aHVzaA" in out or
                                                               "AGJvdABodXNo" in out else "pass"))
    print("%s every line of the conversations is short and printable" %
          ("pass" if talk and all(len(line) < 270 and line.isprintable() for line in talk) else "fail"))


main()
