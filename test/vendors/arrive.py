"""Sends by the webhook plugin to vendors.py and compares what arrived. Called by webhooks_arrive.sh; prints TAP.

    arrive.py DIR TOP CHANNEL_SEND BIN
"""
import json
import os
import re
import subprocess
import sys
import urllib.parse

work, top, send_program, binaries = sys.argv[1:5]
TOKEN = "123456:TEST-token_x"
ROUTING = "0123456789abcdef0123456789abcdef"
URLS = {"telegram": "/telegram/bot${TOKEN}/sendMessage", "slack": "/slack/services/T0/B0/${PATH}",
        "discord": "/discord/api/webhooks/11/${PATH}", "ntfy": "/ntfy/", "json": "/json/in",
        "alertmanager": "/alertmanager/api/v2/alerts", "pagerduty": "/pagerduty/v2/enqueue"}
PATHS = {"slack": "slacksecret", "discord": "discordsecret"}
CHAT = {"telegram": "123456", "ntfy": "alerts"}
HOSTILE = [
    b"a\r\nX-Evil: 1\r\n\r\n{\"text\":\"b\"}", b"\",\"text\":\"owned\",\"x\":\"", b"\\\"}]", b"back\\", b"\x01\x02\x1f\x7f",
    b"\x1b[31mred\x1b[0m\x07", b"<b>bold</b> <img src=x onerror=alert(1)> &amp; &lt;", b"\xe2\x80\xaeevil\xe2\x81\xa6\xef\xbb\xbf",
    b"\xff\xfe \xc0\x80 \xed\xa0\x80 \xe2\x80", b"${secret:KEY} ${secret:TOKEN} ${text} ${if text}", b"@everyone @here <@123>",
    b"<!channel> <!here|x> <@U1> <http://evil|ok>", b"[bank](http://evil) **b** __u__ ~~s~~ `c` ||s|| # h > q",
    b"%s%n%00%0d%0a", "\U0001f415 ä ▁▂▃ \u2028".encode(), b"x" * 4096, "ä".encode() * 2048, "\U0001f415".encode() * 1024,
    b"\xff" * 1365, b"<&>" * 1365, b"\"\\" * 2048,
]
count = failures = next_id = 0


def ok(condition, sentence, found=""):
    global count, failures
    count += 1
    failures += not condition
    print(f"{'ok' if condition else 'not ok'} {count} - {sentence}", flush=True)
    if not condition:
        print("# " + str(found)[:2000].replace("\n", "\n# "), file=sys.stderr)


def port(name):
    with open(f"{work}/{name}/port", encoding="utf-8") as file:
        return file.read().strip()


def noted(server="plain", name="taken"):
    with open(f"{work}/{server}/{name}", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def code(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    return "".join(chr(b) if 32 < b < 127 and b != 37 else f"%{b:02x}" for b in value)


def new_id():
    global next_id
    next_id += 1
    return f"test-{next_id}"


def message(**with_):
    return {"id": new_id(), "thread": "thread-1", "told": "alert", "severity": "critical", "rule": "oom", "unit": "nodira",
            "event": "oom-kill", "host": "host-1", "subject": "[critical] nodira: claude killed", "title": "claude killed",
            "text": "What happened.", "doing": "Restarting.", "todo": "Look at it.", "history": "▁▂▃", "at": 1769051481042,
            "fact.host": "1.0 GiB", **with_}


def channel(vendor, knobs="", server="plain", host="127.0.0.1", scheme="http"):
    with_ = {"name": vendor, "format": vendor, "template": f"{top}/conf/formats/{vendor}.tmpl", "chat": CHAT.get(vendor, ""),
             "url": f"{scheme}://{host}:{port(server)}/{knobs}{URLS[vendor]}", "timeout": 20000}
    if vendor == "telegram":
        with_["secret.TOKEN"] = TOKEN
    if vendor in PATHS:
        with_["secret.PATH"] = PATHS[vendor]
    if vendor == "pagerduty":
        with_["secret.KEY"] = ROUTING
    return with_


def send(*sends):
    """Each a dict of fields; what became of each: (number, result, again_ms, text), in the order of their ends."""
    path = f"{work}/fields"
    with open(path, "w", encoding="utf-8") as file:
        for fields in sends:
            file.write("begin\n")
            file.writelines(f"{code(k) if k.startswith('fact.') else k}={code(v)}\n" for k, v in fields.items())
            file.write("send\n")
    run = subprocess.run([send_program, f"{binaries}/plugins/webhook.so", path], capture_output=True, timeout=300, check=False)
    out = run.stdout.decode(errors="replace")
    send.talk = "\n".join(line for line in out.split("\n") if line.startswith("talk"))
    send.all = out + run.stderr.decode(errors="replace")
    return [(int(m[1]), m[2], int(m[3]), m[4]) for m in re.finditer(r"^sent (\d+) (\w+) (\d+) (.*)$", out, re.M)]


def one(fields, **with_):
    ended = send({**fields, **with_})
    return ended[0][1:] if len(ended) == 1 else ("none", 0, send.all)


def taken(key):
    return [note for note in noted() if note["key"] == key]


# --- what arrives ---

def as_json(value):
    """Bytes that are no UTF-8 are U+FFFD, each of them."""
    out, i = "", 0
    while i < len(value):
        for n in range(1, 5):
            try:
                out += value[i:i + n].decode()
                i += n
                break
            except UnicodeDecodeError:
                pass
        else:
            out += "\ufffd"
            i += 1
    return out


def cut(text, most, size):
    if size(text) <= most:
        return text
    while size(text + "…") > most:
        text = text[:-1]
    return text + "…"


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def expected(vendor, m):
    """What the person sees, as the vendor's program shows it."""
    lines = m["text"] + f"\n\nhost: {m['fact.host']}"
    rest = f"\n\n{m['doing']}\n\n{m['todo']}"
    if vendor in ("telegram", "slack"):
        whole = f"{m['subject']}\n\n{lines}\n{m['history']}{rest}"
        return cut(whole, 4096, utf16) if vendor == "telegram" else whole  # Slack's counts what & < > become
    if vendor == "discord":
        return None  # its limits count the backslashes: compared in discord_is
    if vendor == "ntfy":
        return cut(m["subject"], 250, utf16) + "\n\n" + cut(lines + f"\n{m['history']}" + rest, 4096, lambda t: len(t.encode()))
    if vendor == "pagerduty":
        return cut(m["subject"], 1024, utf16) + "\n\n" + m["text"]
    return m["subject"] + "\n\n" + m["text"]


def is_shown(vendor, shown, m):
    if vendor == "discord":
        return discord_is(shown, m)
    if vendor == "slack" and len(shown) > 5000 and shown.endswith("…"):
        return expected(vendor, m).startswith(re.sub("&[a-z]{0,3}$", "", shown[:-1]))
    return shown == expected(vendor, m)


def discord_is(shown, m):
    content, _, description = shown.partition("\n\n") if "\n\n" not in m["subject"] else (None, "", shown)
    want = m["text"] + f"\n\nhost: {m['fact.host']}\n{m['history']}\n\n{m['doing']}\n\n{m['todo']}"
    if content is None:
        return shown == m["subject"] + "\n\n" + want
    return all(part == whole or (part.endswith("…") and whole.startswith(part[:-1].rstrip("\\")))
               for part, whole in ((content, m["subject"]), (description, want)))


def arrives(vendor):
    m = message()
    result = one({**channel(vendor), **m})
    notes = taken(m["id"])
    ok(result[0] == "taken" and len(notes) == 1, f"{vendor}: an alert is taken", result)
    if len(notes) != 1:
        return
    shown = notes[0]["shown"]
    ok(is_shown(vendor, shown, m), f"{vendor}: all of it is shown", shown)
    for told in ("result", "reply", "repeat", "resolved", "test"):
        m = message(told=told, severity="info", rule="", unit="")
        result = one({**channel(vendor), **m})
        if result[0] != "taken":
            break
    ok(result[0] == "taken", f"{vendor}: every kind of message is taken", (told, result))
    m = message(subject="s", text="", doing="", todo="", history="", title="t")
    ok(one({**channel(vendor), **m})[0] == "taken", f"{vendor}: a message of a subject alone is taken")


def hostile(vendor):
    wrong = []
    sends = []
    for value in HOSTILE:
        m = message(**{name: value for name in ("subject", "title", "text", "doing", "todo", "unit", "rule", "event", "history")})
        m["fact.host"] = value[:1000]
        sends.append({**channel(vendor), **m})
    results = {number: rest for number, *rest in send(*sends)}
    for i, fields in enumerate(sends):
        notes = taken(fields["id"])
        if results.get(i + 1, ["none"])[0] != "taken" or len(notes) != 1:
            wrong.append((fields["text"][:40], results.get(i + 1)))
            continue
        note = notes[0]
        m = {k: as_json(v) if isinstance(v, bytes) else v for k, v in fields.items()}
        good = is_shown(vendor, note["shown"], m)
        good = good and not note.get("pings") and not note.get("markup")
        if vendor == "json":
            good = good and all(note["body"][k] == m[k] for k in ("subject", "title", "text", "doing", "todo", "unit", "rule"))
            good = good and note["body"]["facts"] == [{"name": "host", "value": m["fact.host"]}]
        if not good:
            wrong.append((fields["text"][:40], note["shown"][:200], note.get("pings"), note.get("markup")))
        if "X-Evil" in note["headers"] or (vendor != "pagerduty" and ROUTING in json.dumps(note["body"])):
            wrong.append((fields["text"][:40], "injected"))
    ok(not wrong, f"{vendor}: {len(HOSTILE)} hostile values stay values, within the vendor's limits", wrong)


def vendors_own():
    m = message(told="alert")
    one({**channel("pagerduty"), **m})
    ok(taken(m["id"])[0]["action"] == "trigger" and taken(m["id"])[0]["dedup"] == "thread-1", "pagerduty: an alert triggers")
    m = message(told="resolved")
    one({**channel("pagerduty"), **m})
    ok(taken(m["id"])[0]["action"] == "resolve" and taken(m["id"])[0]["dedup"] == "thread-1",
       "pagerduty: the all-clear resolves the same incident")
    m = message(told="alert", severity="warning")
    one({**channel("alertmanager"), **m})
    alert = taken(m["id"])[0]["alerts"][0]
    m = message(told="resolved", severity="info")
    one({**channel("alertmanager"), **m})
    ends = [a for a in taken(m["id"])[0]["alerts"] if a["labels"] == alert["labels"]]
    ok(len(ends) == 1 and ends[0]["endsAt"] == "2026-01-22T03:11:21.042Z" and alert["endsAt"] == "2026-01-23T03:11:21.042Z",
       "alertmanager: the all-clear ends the alert of the same labels", (alert, ends))
    m = message(severity="info")
    one({**channel("telegram"), **m})
    ok(taken(m["id"])[0]["quiet"], "telegram: info makes no sound")
    m = message()
    one({**channel("ntfy"), **m})
    ok((taken(m["id"])[0]["topic"], taken(m["id"])[0]["priority"]) == ("alerts", 5), "ntfy: critical has the highest priority")


# --- what servers do ---

def judged():
    rows = [
        ("slack", "status=500", "later", 0, "HTTP 500: as you wanted: /status=500/slack/services/T0/B0/***"),
        ("slack", "status=503/retry-after=7", "later", 7000, "HTTP 503: slow down"),
        ("slack", "retry-after=3", "later", 3000, "HTTP 429: slow down"),
        ("telegram", "retry-json=34", "later", 34000, "HTTP 429: "),
        ("discord", "retry-json=0.25", "later", 250, "HTTP 429: "),
        ("telegram", "retry-json=1e12", "later", 86400000, "HTTP 429: "),
        ("telegram", "status=408", "later", 0, "HTTP 408"),
        ("telegram", "status=404", "never", 0, "HTTP 404: as you wanted: /status=404/telegram/bot***/sendMessage"),
        ("json", "status=401", "never", 0, "HTTP 401"),
        ("json", "cut", "later", 0, "Empty reply from server"),
        ("json", "huge", "taken", 0, "HTTP 200"),
        ("json", "slow", "taken", 0, "HTTP 200"),
        ("telegram", "cutbody", "taken", 0, "HTTP 200"),
        ("telegram", "huge", "taken", 0, "HTTP 200"),
        ("telegram", "slow", "later", 0, "HTTP 200, but ok in its answer is not true: xxx"),
        ("pagerduty", "status=202", "taken", 0, "HTTP 202"),
    ]
    for vendor, knobs, result, again, text in rows:
        found = one({**channel(vendor, knobs), **message()})
        ok(found[0] == result and found[1] == again and found[2].startswith(text), f"{vendor}: {knobs} is {result}", found)
    found = one({**channel("json", "never"), **message(), "timeout": 1500})
    ok(found[0] == "later" and "time" in found[2].lower(), "one that never answers is given up after the channel's timeout", found)


def hidden(text):
    return not any(secret in text for secret in (TOKEN, "slacksecret", "discordsecret", ROUTING, "header-secret", "sign-key"))


def redirects():
    away = f"http://127.0.0.1:{port('elsewhere')}/json/x?token={TOKEN}"
    found = one({**channel("telegram", "redirect=" + urllib.parse.quote(away, safe="")), **message()})
    where = f"http://127.0.0.1:{port('elsewhere')}"
    ok(found[0] == "never" and f"a redirect to {where}: put that into url" in found[2], "a redirect is told with its host", found)
    ok(not noted("elsewhere", "heard"), "nothing is sent to where it redirects", noted("elsewhere", "heard"))
    ok(hidden(send.all), "no secret is told of it", send.all)


def once():
    m = message()
    first = one({**channel("json", "takecut=1"), **m})
    second = one({**channel("json", "takecut=1"), **m}, attempt=2)
    ok((first[0], second[0]) == ("later", "taken"), "an answer that was lost is asked for again", (first, second))
    ok(len(taken(m["id"])) == 1, "by its Idempotency-Key the receiver takes it once", taken(m["id"]))
    m = message()
    results = [one({**channel("json", "fail=2"), **m}, attempt=i)[0] for i in (1, 2, 3)]
    ok(results == ["later", "later", "taken"] and len(taken(m["id"])) == 1, "two failures, then it is taken", results)


def certificates():
    good = {"ca": f"{work}/good.crt"}
    m = message()
    found = one({**channel("telegram", "", "tls", "localhost", "https"), **good, **m})
    ok(found[0] == "taken" and [n for n in noted("tls") if n["key"] == m["id"]], "TLS with the channel's own authority", found)
    found = one({**channel("telegram", "", "tls", "localhost", "https"), **message()})
    ok(found[0] == "later" and "certificate" in found[2], "an authority that nobody knows is refused", found)
    found = one({**channel("telegram", "", "wrong", "localhost", "https"), "ca": f"{work}/other.crt", **message()})
    ok(found[0] == "later" and ("name" in found[2] or "certificate" in found[2]), "a certificate of another host is refused", found)
    ok(not noted("wrong", "heard"), "and hears nothing of us")
    found = one({**channel("telegram", "", "plain", "127.0.0.1", "https"), **message()})
    ok(found[0] == "later", "one who speaks no TLS is tried again", found)


def headers():
    m = message(id="id\"\r\n: 7")
    fields = {**channel("json"), "secret.TOKEN": "header-secret", "header": "Authorization: Bearer ${TOKEN}", **m}
    found = one(fields)
    notes = taken('id"  : 7')
    ok(not notes and found[0] == "never", "an id that is no word is no header of its own", (found, notes))
    m = message()
    found = one({**fields, "id": m["id"]})
    ok(taken(m["id"]) and taken(m["id"])[0]["headers"]["Authorization"] == "Bearer header-secret", "a header with a secret", found)
    ok(hidden(send.all) and "> POST" in send.talk, "the conversation is told without the secret", send.all)


def signed():
    m = message()
    fields = {**channel("json"), "sign": "SIGN", "secret.SIGN": "sign-key-1", **m}
    found = one(fields)
    ok(found[0] == "taken" and "X-Watchdogd-Signature" in taken(m["id"])[0]["headers"], "a signature that the receiver computes too",
       found)
    found = one({**fields, "secret.SIGN": "another"})
    ok(found[0] == "never" and "wrong signature" in found[2], "a wrong one is noticed", found)


def ways():
    m = message()
    fields = channel("json")
    found = one({**fields, "url": "http://vendor.invalid/json/in", "proxy": f"http://127.0.0.1:{port('plain')}", **m})
    heard = [n for n in noted(name="heard") if n["host"] == "vendor.invalid"]
    ok(found[0] == "taken" and heard and taken(m["id"]), "by a proxy", found)
    found = one({**fields, "url": "http://no-such-host.invalid/", **message()})
    ok(found[0] == "later" and "resolve" in found[2].lower(), "a name that nobody knows is tried again", found)
    found = one({**fields, "url": "http://127.0.0.1:1/", **message()})
    ok(found[0] == "later" and "connect" in found[2].lower(), "nobody there: tried again", found)
    quick = [{**channel("json"), **message()} for _ in range(20)]
    ended = send({**channel("json", "never"), **message(), "timeout": 8000}, *quick)
    ok([n for n, *_ in ended][-1:] == [1] and [r for _, r, *_ in ended] == ["taken"] * 20 + ["later"],
       "one that never answers holds up none of twenty others", ended)


def page():
    """The example of the page, as it stands there."""
    with open(f"{top}/man/watchdogd-format.5", encoding="utf-8") as file:
        text = file.read()
    example = re.search(r"\.Bd -literal -offset indent\n(; Gotify.*?)\.Ed", text, re.S)[1]
    with open(f"{work}/gotify.tmpl", "w", encoding="utf-8") as file:
        file.write(example.replace("\\e", "\\").replace("\\&", ""))
    m = message(text='say "hi"')
    found = one({**channel("json"), "url": f"http://127.0.0.1:{port('plain')}/gotify/message", "secret.TOKEN": "gotifytoken",
                 "name": "gotify", "format": "gotify", "template": f"{work}/gotify.tmpl", **m})
    notes = taken(m["id"])
    ok(found[0] == "taken" and notes and notes[0]["shown"] == m["title"] + "\n\n" + m["text"] + "\n\nLook at it.",
       "the example of watchdogd-format(5) arrives", (found, notes))


for name in URLS:
    arrives(name)
    hostile(name)
for part in (vendors_own, judged, redirects, once, certificates, headers, signed, ways, page):
    part()
leaked = [path for path in ("plain", "tls") if not hidden(json.dumps([n["body"] for n in noted(path)]).replace(ROUTING, ""))]
ok(not leaked, "no secret went out in a body but where its template names it", leaked)
print(f"1..{count}")
sys.exit(failures > 0)
