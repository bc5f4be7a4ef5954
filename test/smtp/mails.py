"""What was sent arrives, and nothing else: sends messages by channel_send, reads the mailbox back, compares.

    mails.py CASE SEND PLUGIN MAILDIR URL [FIELD=VALUE...]

Ends with 0 when all is well; says on standard error what is not."""
import email
import email.policy
import html.parser
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata

MAX_LINE = 998
FACTS = [("host", "0.9 GiB of 7.7 GiB available"), ("nodira", "5.1 GiB"), ("largest", "claude 4.9 GiB")]
HISTORY = "▁▁▂▂▃▃▄▄▅▅▆▆▇▇██" * 3
MESSAGE = {
    "id": "0123456789", "thread": "0123456789", "told": "alert", "severity": "critical", "rule": "oom", "unit": "nodira",
    "event": "oom-kill", "host": "host-1", "subject": "[critical] nodira: claude killed by the OOM killer (5.1 GiB)",
    "title": "claude killed by the OOM killer (5.1 GiB)", "text": "The kernel killed claude. It held 5.1 GiB.\n.\n..two dots",
    "doing": "Restarting nodira.", "todo": "When you have seen it:\n  watchdogctl ack 0123456789",
    "history": HISTORY, "at": "1769107081000",
}
CHANNEL = {"from": "watchdogd@example.org", "to": ["owner@example.org"]}
HOSTILE = {
    "line ends": b"a\r\nBcc: evil@example.org\r\n\r\nbody\nX-Evil: 1\rY-Evil: 2",
    "end of mail": b"a\r\n.\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<evil@example.org>\r\n",
    "quotes": b"\"'`\\\" <evil@example.org>, (comment) ; group: x;",
    "html": b"</div></table><script>alert(1)</script><img src=x onerror=y>\"'&lt;&amp;amp;<!--",
    "terminal": b"\x1b[31mred\x1b]0;title\x07\x08\x7f\x9b",
    "bidi": "a\u202egnp.exe\u2066b\u200b\u200fc\ufeff\u2028d\U000e0041".encode(),
    "no utf-8": b"\xff\xfe\xc3(\xed\xa0\x80\xf5\x80\x80\x80\xc0\xafend\xe2\x82",
    "encoded word": b"=?utf-8?q?a=0d=0aBcc:_evil@example.org?= =?utf-8?B?DQpYLUV2aWw6IDE=?=",
    "boundary": b"--\r\n--------------------------\r\nContent-Type: text/html\r\n\r\n<b>",
    "4 KiB word": b"x" * 4096,
    "4 KiB of controls": b"\r\n" * 2048,
    "4 KiB of blocks": "█".encode() * 1365,
    "percent": b"%s%n%99999d${PASSWORD}$(id)`id`",
    "spaces": b"   \t  ",
}


def coded(value):
    value = value if isinstance(value, bytes) else value.encode()
    return "".join(chr(b) if 48 <= b < 58 or 65 <= b < 91 or 97 <= b < 123 else "%%%02X" % b for b in value)


def fields(url, message, channel, facts, more):
    lines = ["url=" + coded(url), "notto="]
    lines += ["to=" + coded(to) for to in channel["to"]]
    lines += ["from=" + coded(channel["from"])]
    lines += [key + "=" + coded(value) for key, value in message.items()]
    lines += ["fact." + coded(name) + "=" + coded(value) for name, value in facts]
    lines += [pair.split("=", 1)[0] + "=" + coded(pair.split("=", 1)[1]) for pair in more]
    return "\n".join(lines + ["send", ""])


class Post:
    def __init__(self, send, plugin, maildir, url, more):
        self.send, self.plugin, self.maildir, self.url, self.more = send, plugin, maildir, url, more

    def arrived(self):
        new = os.path.join(self.maildir, "new")
        return {os.path.join(new, name) for name in os.listdir(new)} if os.path.isdir(new) else set()

    def post(self, message=None, channel=None, facts=FACTS):
        """What channel_send printed of the one attempt, and the mails that came."""
        before = self.arrived()
        channel = {**CHANNEL, **(channel or {})}
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(fields(self.url, {**MESSAGE, **(message or {})}, channel, facts, self.more))
            file.flush()
            done = subprocess.run([self.send, self.plugin, file.name], capture_output=True, check=False)
        out = done.stdout.decode()
        assert done.returncode == 0, (done.returncode, out, done.stderr)
        sent = re.search(r"^sent 1 (\w+) (\d+) (.*)$", out, re.M)
        wanted = len(channel["to"]) - sent[3].count("(4") - sent[3].count("(5") if sent[1] == "taken" else 0
        end = time.time() + 30
        while len(self.arrived() - before) < wanted and time.time() < end:
            time.sleep(0.02)
        mails = []
        for path in sorted(self.arrived() - before):
            with open(path, "rb") as file:
                mails.append(Mail(file.read()))
        assert len(mails) == wanted, (len(mails), wanted, sent[0])
        return sent[1], sent[3], out, mails


    def post_each(self, messages):
        """The mails of several messages (what differs, facts) sent at once, each to a receiver of its own."""
        before = self.arrived()
        receivers = ["owner%d@example.org" % i for i in range(len(messages))]
        with tempfile.NamedTemporaryFile("w") as file:
            for (message, facts), receiver in zip(messages, receivers):
                file.write("begin\n" + fields(self.url, {**MESSAGE, **message}, {**CHANNEL, "to": [receiver]}, facts, self.more))
            file.flush()
            done = subprocess.run([self.send, self.plugin, file.name], capture_output=True, check=False)
        out = done.stdout.decode()
        assert done.returncode == 0, (done.returncode, out, done.stderr)
        equal(len(re.findall(r"^sent \d+ taken ", out, re.M)), len(messages), out)
        end = time.time() + 30
        while len(self.arrived() - before) < len(messages) and time.time() < end:
            time.sleep(0.02)
        mails, paths = {}, self.arrived() - before
        equal(len(paths), len(messages), "mails")
        for path in paths:
            with open(path, "rb") as file:
                mail = Mail(file.read())
            equal(mail["To"], mail["Envelope-To"], "To")
            mails[mail["Envelope-To"]] = mail
        equal(sorted(mails), sorted(receivers), "who got one")
        return [mails[receiver] for receiver in receivers]


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.style = [], "", False
        self.loads = []

    def handle_starttag(self, tag, attrs):
        self.style = tag == "style"
        self.text += "\n" if tag in ("br", "div", "tr", "td") else ""
        if tag != "br":
            self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.loads += [v for n, v in attrs if n in ("src", "href", "background") or "url(" in (v or "")]
        assert not any(name.startswith("on") for name, _ in attrs), attrs

    def handle_endtag(self, tag):
        self.style = False

    def handle_comment(self, data):
        raise AssertionError("a comment: " + data)

    def handle_data(self, data):
        if not self.style:
            self.text += data


class Mail:
    def __init__(self, raw):
        self.raw = raw
        self.mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert not self.mail.defects, self.mail.defects
        for line in raw.split(b"\n"):
            assert len(line.rstrip(b"\r")) <= MAX_LINE, len(line)
            assert all(byte < 128 for byte in line), line
        assert self.mail.get_content_type() == "multipart/alternative", self.mail.get_content_type()
        parts = list(self.mail.iter_parts())
        assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"], parts
        assert all(p.get_content_charset() == "utf-8" and not p.defects and p.get_filename() is None for p in parts)
        self.text, self.html = (p.get_content() for p in parts)
        self.tags = Tags()
        self.tags.feed(self.html)
        self.tags.close()

    def names(self):
        return sorted(name.lower() for name in self.mail.keys())

    def __getitem__(self, name):
        return self.mail[name]


def clean(raw, lines=False):
    """What a person may read of hostile bytes."""
    out = ""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    text = text.replace("\r\n", "\n") if lines else text
    for c in text:
        if c == "\n" and lines:
            out += c
        elif ord(c) < 32 or ord(c) == 127:
            out += " "
        elif unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp"):
            out += "\ufffd"
        else:
            out += c
    return out


def words(text):
    """Without white space: lines are folded and wrapped."""
    return re.sub(r"\s+|\xa0", "", text)


def equal(a, b, what):
    assert a == b, "%s: %r is not %r" % (what, a, b)


def whole(post):
    """A usual message: every header and every word of both parts."""
    result, why, _, mails = post.post({"subject": MESSAGE["subject"] + " — ½ 日本語", "thread": "0000000001"},
                                      {"to": ["owner@example.org", "second.person+x@example.org"]})
    equal(result, "taken", why)
    assert why.startswith("250 "), why
    for mail in mails:
        equal(mail["Subject"], MESSAGE["subject"] + " — ½ 日本語", "Subject")
        equal(mail["From"], "watchdogd <watchdogd@example.org>", "From")
        equal(mail["To"], "owner@example.org, second.person+x@example.org", "To")
        equal(mail["Date"].datetime.timestamp(), 1769107081, "Date")
        equal(mail["Message-ID"], "<0123456789@host-1>", "Message-ID")
        equal(mail["In-Reply-To"], "<0000000001@host-1>", "In-Reply-To")
        equal(mail["References"], "<0000000001@host-1>", "References")
        equal(mail["Auto-Submitted"], "auto-generated", "Auto-Submitted")
        equal([mail["X-Watchdogd-" + n] for n in ("Severity", "Unit", "Rule")], ["critical", "nodira", "oom"], "X-")
        equal(mail["Importance"], "high", "Importance")
        equal(mail["Return-Path"], "<watchdogd@example.org>", "Return-Path")
        for text in (mail.text, mail.tags.text):
            for field in ("text", "doing", "todo"):
                assert words(MESSAGE[field]) in words(text), (field, text)
            for name, value in FACTS:
                assert words(name + value) in words(text), (name, text)
            assert HISTORY in text and "0123456789" in text
        assert "\n.\n..two dots\n" in mail.text, mail.text
        assert all(len(line) <= 72 for line in mail.text.split("\n")), mail.text
        assert "\n  watchdogctl ack 0123456789\n" in mail.text
    equal(sorted(mail["Envelope-To"] for mail in mails), ["owner@example.org", "second.person+x@example.org"], "Envelope-To")
    equal(mails[0].tags.loads, [], "what the HTML loads")


def first(post):
    """The first of a thread answers nothing; a warning is not urgent."""
    mail = post.post({"severity": "warning"})[3][0]
    for name in ("In-Reply-To", "References", "Importance", "Priority"):
        assert mail[name] is None, name


def hostile_texts(post):
    """Each hostile text in each field: the same headers, receivers, parts and tags as ever."""
    facts = [("a", "b")]
    usual = post.post(facts=facts)[3][0]
    where = ("subject", "title", "text", "doing", "todo", "history", "host", "unit", "rule", "event", "severity", "told",
             "id", "thread")
    for name, raw in HOSTILE.items():
        mails = post.post_each([({field: raw}, facts) for field in where] + [({}, [(raw, raw)])])
        for field, mail in zip(where + ("facts",), mails):
            check_hostile(usual, mail, name, raw, field)


def check_hostile(usual, mail, name, raw, field):
    what = "%s in %s" % (name, field)
    new = set(mail.names()) - set(usual.names())
    assert new <= ({"in-reply-to", "references"} if field in ("id", "thread") else set()), (what, new)
    assert len(mail.names()) == len(set(mail.names())), (what, mail.names())
    tags = [t for t in mail.tags.tags if t[0] != "span"]
    equal(tags, [t for t in usual.tags.tags if t[0] != "span"], what)
    equal(mail.tags.loads, [], what)
    for text in (mail.text, mail.tags.text):
        bad = [c for c in text if c not in "\n\xa0" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
        equal(bad, [], what)
    if field in ("text", "doing", "todo", "facts") and not name.startswith("no utf-8"):
        assert words(clean(raw[:1020] if field == "facts" else raw, True)) in words(mail.text), (what, mail.text)
        assert words(clean(raw[:255] if field == "facts" else raw, True))[:200] in words(mail.tags.text), what
    if field == "subject" and name != "no utf-8":
        assert words(mail["Subject"]).startswith(words(clean(raw[:400]))[:100]), (what, mail["Subject"])


def addresses(post):
    """An address that could be more than one is never sent to."""
    for bad in ("evil@example.org>\r\nRCPT TO:<other@example.org", "a@b c", "a@b\n", "a@b,c@d", "<a@b>", "a", "", "@b", "a@",
                "a b@c", "\"a b\"@c", "a@[1.2.3", "a@[]", "é@b", "a@b\x7f", "group:a@b", "a@b@c", "a@" + "x" * 300):
        for channel in ({"from": bad}, {"to": ["owner@example.org", bad]}):
            result, why, out, mails = post.post(channel=channel)
            equal((result, mails), ("never", []), "%r %s" % (bad, why))
            assert "talk" not in out, out
    equal(post.post(channel={"to": []})[0], "never", "no receiver")
    equal(post.post(channel={"to": ["o'neil+a_b@sub.example.org"]})[0], "taken", "an unusual address")


def refused(post):
    """One refused receiver of several does not keep it from the others, and is named."""
    result, why, _, mails = post.post(channel={"to": ["nobody-here@example.org", "owner@example.org"]})
    equal(result, "taken", why)
    assert "refused: nobody-here@example.org (550 5.1.1 no such person)" in why, why
    equal([m["Envelope-To"] for m in mails], ["owner@example.org"], "who got it")
    result, why, _, _ = post.post(channel={"to": ["nobody-here@example.org"]})
    equal(result, "never", why)
    assert "nobody-here@example.org (550 5.1.1 no such person)" in why, why
    result, why, _, _ = post.post(channel={"to": ["full@example.org"]})
    equal(result, "later", why)
    result, why, _, _ = post.post(channel={"to": ["nobody-here@example.org", "full@example.org"]})
    equal(result, "later", why)


def login(post):
    """With the right password it is taken, over TLS, as who logged in; the password is told nowhere."""
    result, why, out, mails = post.post()
    equal(result, "taken", why)
    assert "tls yes as <bot>" in mails[0]["Received"], mails[0]["Received"]
    assert "s3cret" not in out and "AGJvdABzM2NyZXQgcHc" not in out, out


def later(post):
    """Not now, but a person may mend it."""
    result, why, out, _ = post.post()
    equal(result, "later", why)
    assert "s3cret" not in out, out
    print(why)


def in_clear(post):
    """A password goes to nobody in clear."""
    result, why, out, _ = post.post()
    equal(result, "later", why)
    assert "AUTH" not in re.sub(r"(?m)^talk \d+ <.*$", "", out), out


CASES = {f.__name__: f for f in (whole, first, hostile_texts, addresses, refused, login, later, in_clear)}

if __name__ == "__main__":
    CASES[sys.argv[1]](Post(*sys.argv[2:6], sys.argv[6:]))
