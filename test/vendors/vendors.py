#!/usr/bin/env python3
"""The vendors of conf/formats as their documentation has them, for tests: an HTTP server that refuses what they
would refuse (lengths, types, members), and goes wrong as asked.

    vendors.py DIR [--tls CERT KEY]

DIR/port gets the port (127.0.0.1), DIR/taken one JSON line for each message that was taken: its vendor, headers,
body, and what a person then sees ("shown") or would be pinged by ("pings", "markup"). DIR/heard: every request;
DIR/noted: the JSON of each to /note.

Path: /KNOB/KNOB/.../VENDOR/REST. Knobs: status=N, retry-after=S, retry-json=S, fail=N (the first N attempts of each
id), takecut=N (taken, then cut, so often), never, cut, cutbody, slow, huge, redirect=URL (percent-encoded).
"""
import hmac
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

SIGN_KEY = b"sign-key-1"
TOKEN = "123456:TEST-token_x"
SLACK_PATH = "/services/T0/B0/slacksecret"
DISCORD_PATH = "/api/webhooks/11/discordsecret"
PAGERDUTY_KEY = "0123456789abcdef0123456789abcdef"
lock = threading.Lock()
attempts, takes, cuts = {}, set(), {}


class Refused(Exception):
    def __init__(self, status, answer):
        super().__init__(answer)
        self.status, self.answer = status, answer


def units(text):
    """Length in UTF-16: the stricter of the ways in which vendors count."""
    return len(text.encode("utf-16-le")) // 2


def need(condition, status, answer):
    if not condition:
        raise Refused(status, answer)


def members(value, known, required, status, answer):
    """An object with known members alone, those required among them, each of its type."""
    need(isinstance(value, dict), status, answer("no object"))
    for name, inner in value.items():
        need(name in known, status, answer("unknown member " + name))
        kinds = known[name] if isinstance(known[name], tuple) else (known[name],)
        need(type(inner) in kinds, status, answer(f"{name} is {type(inner).__name__}"))
    for name in required:
        need(name in value, status, answer("no " + name))


def is_time(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text) is not None


# --- vendors: each takes (path, body) and gives what is shown, or raises Refused; with its good answer ---

def telegram(path, body):
    def bad(why):
        return json.dumps({"ok": False, "error_code": 400, "description": "Bad Request: " + why})
    need(path == f"/bot{TOKEN}/sendMessage", 404, '{"ok":false,"error_code":404,"description":"Not Found"}')
    members(body, {"chat_id": (int, str), "message_thread_id": int, "text": str, "parse_mode": str, "entities": list,
                   "link_preview_options": dict, "disable_notification": bool, "protect_content": bool,
                   "reply_parameters": dict, "reply_markup": dict}, ("chat_id", "text"), 400, bad)
    need("parse_mode" not in body and "entities" not in body, 400, bad("can't parse entities"))
    need(str(body["chat_id"]) == "123456", 400, bad("chat not found"))
    need(body["text"].strip() != "", 400, bad("message text is empty"))
    need(units(body["text"]) <= 4096, 400, bad("message is too long"))
    # As the real one: \u escapes, so that the answer is longer than what was sent.
    return {"shown": body["text"], "quiet": body.get("disable_notification", False)}, \
        (200, "application/json", json.dumps({"ok": True, "result": {"message_id": 7, "text": body["text"]}}))


def slack(path, body):
    need(path == SLACK_PATH, 404, "no_service")
    members(body, {"text": str, "blocks": list, "attachments": list, "thread_ts": str, "mrkdwn": bool,
                   "unfurl_links": bool, "unfurl_media": bool}, ("text",), 400, lambda why: "invalid_payload: " + why)
    need(body["text"] != "", 400, "no_text")
    need(units(body["text"]) <= 40000, 400, "msg_too_long")
    pings = re.findall(r"<[^>]*>?", body["text"])
    shown = re.sub(r"&(amp|lt|gt);", lambda m: {"amp": "&", "lt": "<", "gt": ">"}[m[1]], body["text"])
    return {"shown": shown, "pings": pings, "markup": body.get("mrkdwn", True)}, (200, "text/plain", "ok")


def discord_text(text):
    """What is shown of Markdown, and what of it is markup."""
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", "", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text), re.findall(r"[`*_~|#\[<>]", plain)


def discord_embed(embed, bad):
    members(embed, {"title": str, "description": str, "url": str, "timestamp": str, "color": int, "footer": dict,
                    "author": dict, "fields": list}, (), 400, bad)
    members(embed.get("footer", {}), {"text": str, "icon_url": str}, (), 400, bad)
    lengths = [(embed.get("title", ""), 256), (embed.get("description", ""), 4096),
               (embed.get("footer", {}).get("text", ""), 2048), (embed.get("author", {}).get("name", ""), 256)]
    need(len(embed.get("fields", [])) <= 25, 400, bad("fields"))
    for field in embed.get("fields", []):
        members(field, {"name": str, "value": str, "inline": bool}, ("name", "value"), 400, bad)
        lengths += [(field["name"], 256), (field["value"], 1024)]
    for text, most in lengths:
        need(units(text) <= most, 400, bad(f"Must be {most} or fewer in length."))
    need(0 <= embed.get("color", 0) <= 0xffffff, 400, bad("color"))
    need("timestamp" not in embed or is_time(embed["timestamp"]), 400, bad("timestamp"))
    return sum(units(text) for text, _ in lengths)


def discord(path, body):
    def bad(why):
        return json.dumps({"message": "Invalid Form Body", "code": 50035, "errors": {"_": why}}, indent=4)
    need(path == DISCORD_PATH, 404, '{"message": "Unknown Webhook", "code": 10015}')
    members(body, {"content": str, "username": str, "avatar_url": str, "tts": bool, "embeds": list,
                   "allowed_mentions": dict, "flags": int}, (), 400, bad)
    need(body.get("content") or body.get("embeds"), 400, bad("Cannot send an empty message"))
    need(units(body.get("content", "")) <= 2000, 400, bad("Must be 2000 or fewer in length."))
    need(len(body.get("embeds", [])) <= 10, 400, bad("embeds"))
    need(sum(discord_embed(e, bad) for e in body.get("embeds", [])) <= 6000, 400, bad("Embed size exceeds 6000"))
    members(body.get("allowed_mentions", {}), {"parse": list, "roles": list, "users": list}, (), 400, bad)
    parse = body.get("allowed_mentions", {}).get("parse", ["everyone", "users", "roles"])
    pings = re.findall(r"@everyone|@here|<@[^>]*>", body.get("content", "")) if parse else []
    content, markup = discord_text(body.get("content", ""))
    description, more = discord_text(body["embeds"][0].get("description", "") if body.get("embeds") else "")
    return {"shown": content + "\n\n" + description, "pings": pings, "markup": markup + more,
            "color": body["embeds"][0].get("color")}, (204, None, "")


def ntfy(path, body):
    def bad(why):
        return json.dumps({"code": 40000, "http": 400, "error": why})
    need(path == "/", 404, bad("page not found"))
    members(body, {"topic": str, "message": str, "title": str, "tags": list, "priority": int, "actions": list,
                   "click": str, "attach": str, "markdown": bool, "icon": str, "filename": str, "delay": str,
                   "email": str, "call": str}, ("topic",), 400, bad)
    need(re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body["topic"]), 400, bad("invalid topic"))
    need(len(body.get("message", "").encode()) <= 4096, 413, bad("message is too large"))
    need(units(body.get("title", "")) <= 250, 400, bad("title is too long"))
    need(1 <= body.get("priority", 3) <= 5, 400, bad("invalid priority"))
    need(all(isinstance(tag, str) and "," not in tag for tag in body.get("tags", [])), 400, bad("invalid tags"))
    return {"shown": body["title"] + "\n\n" + body["message"], "markup": body.get("markdown", False),
            "topic": body["topic"], "priority": body.get("priority"), "tags": body.get("tags")}, \
        (200, "application/json", '{"id":"x","event":"message"}')


def alertmanager(path, body):
    need(path == "/api/v2/alerts", 404, '"path was not found"')
    need(isinstance(body, list) and body, 400, '"no array"')
    for alert in body:
        members(alert, {"labels": dict, "annotations": dict, "startsAt": str, "endsAt": str, "generatorURL": str},
                ("labels",), 400, json.dumps)
        for names in (alert["labels"], alert.get("annotations", {})):
            for name, value in names.items():
                need(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name), 400, '"invalid label name"')
                need(isinstance(value, str), 400, '"invalid label value"')
        need(alert["labels"].get("alertname"), 400, '"no alertname"')
        need(all(is_time(alert[k]) for k in ("startsAt", "endsAt") if k in alert), 400, '"no time"')
        need(alert.get("startsAt", "") <= alert.get("endsAt", "9"), 400, '"start time must be before end time"')
    notes = body[0]["annotations"]
    return {"shown": notes["summary"] + "\n\n" + notes["description"], "alerts": body}, (200, None, "")


def pagerduty(path, body):
    def bad(why):
        return json.dumps({"status": "invalid event", "message": "Event object is invalid", "errors": [why]})
    need(path == "/v2/enqueue", 404, bad("path"))
    members(body, {"routing_key": str, "event_action": str, "dedup_key": str, "payload": dict, "images": list,
                   "links": list, "client": str, "client_url": str}, ("routing_key", "event_action"), 400, bad)
    need(body["routing_key"] == PAGERDUTY_KEY, 400, bad("Invalid routing key"))
    need(body["event_action"] in ("trigger", "acknowledge", "resolve"), 400, bad("event_action"))
    need(len(body.get("dedup_key", "")) <= 255, 400, bad("dedup_key"))
    need(body["event_action"] == "trigger" or body.get("dedup_key"), 400, bad("dedup_key is missing"))
    payload = body.get("payload", {})
    if body["event_action"] == "trigger":
        members(payload, {"summary": str, "source": str, "severity": str, "timestamp": str, "component": str,
                          "group": str, "class": str, "custom_details": dict}, ("summary", "source", "severity"), 400, bad)
        need(1 <= units(payload["summary"]) <= 1024, 400, bad("summary"))
        need(payload["source"] != "", 400, bad("source"))
        need(payload["severity"] in ("critical", "error", "warning", "info"), 400, bad("severity"))
        need("timestamp" not in payload or is_time(payload["timestamp"]), 400, bad("timestamp"))
    details = payload.get("custom_details", {})
    return {"shown": payload.get("summary", "") + "\n\n" + details.get("text", ""), "action": body["event_action"],
            "dedup": body.get("dedup_key")}, (202, "application/json", '{"status":"success","message":"Event processed"}')


def own(path, body):
    texts = ("id", "thread", "told", "severity", "rule", "unit", "event", "host", "channel", "time", "subject", "title",
             "text", "doing", "todo", "history")
    known = {**{name: str for name in texts}, "version": int, "facts": list, "count": int, "attempt": int}
    members(body, known, known, 400, lambda why: why)
    for fact in body["facts"]:
        members(fact, {"name": str, "value": str}, ("name", "value"), 400, lambda why: why)
    need(is_time(body["time"]), 400, "time")
    return {"shown": body["subject"] + "\n\n" + body["text"], "path": path}, (200, "text/plain", "taken")


def gotify(path, body):
    """The example of watchdogd-format(5)."""
    need(path == "/message", 404, "path")
    members(body, {"title": str, "message": str, "priority": int, "extras": dict}, ("message",), 400, lambda why: why)
    return {"shown": body["title"] + "\n\n" + body["message"], "priority": body["priority"]}, (200, "application/json", "{}")


VENDORS = {"telegram": telegram, "slack": slack, "discord": discord, "ntfy": ntfy, "alertmanager": alertmanager,
           "pagerduty": pagerduty, "json": own, "gotify": gotify}


# --- what is common to them ---

def parse(raw, headers):
    """Strict JSON: UTF-8, no member twice, no NaN, no half of a surrogate pair."""
    def pairs(items):
        need(len({k for k, _ in items}) == len(items), 400, "a member twice")
        return dict(items)

    def constant(name):
        raise Refused(400, "no number: " + name)
    need(headers.get("Content-Type") == "application/json", 415, "unsupported media type")
    try:
        body = json.loads(raw.decode(), object_pairs_hook=pairs, parse_constant=constant)
        json.dumps(body, ensure_ascii=False).encode()
        return body
    except (UnicodeError, ValueError) as error:
        raise Refused(400, f"can't parse JSON: {error}") from error


def check_headers(headers, raw):
    names = [name.lower() for name in headers.keys()]
    need(len(set(names)) == len(names), 400, "a header twice")
    need(re.fullmatch(r"[!-~]{1,200}", headers.get("Idempotency-Key", "")), 400, "no Idempotency-Key")
    if "X-Watchdogd-Signature" in headers:
        signs = headers["X-Watchdogd-Timestamp"].encode() + b"." + raw
        want = "sha256=" + hmac.new(SIGN_KEY, signs, "sha256").hexdigest()
        need(headers["X-Watchdogd-Signature"] == want, 401, "wrong signature")
        need(abs(time.time() - int(headers["X-Watchdogd-Timestamp"])) < 300, 401, "signed long ago")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, kind, text, **headers):
        data = text.encode()
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def note(self, name, **what):
        with lock, open(os.path.join(self.server.dir, name), "a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def cut(self):
        self.close_connection = True
        self.connection.close()

    def never(self):
        """Until the other side has had enough."""
        self.connection.settimeout(60)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.cut()

    def go_wrong(self, knobs, key):
        """True: answered, or not, as the knobs say."""
        if "never" in knobs:
            self.never()
        elif "cut" in knobs:
            self.cut()
        elif "redirect" in knobs:
            self.answer(302, None, "", Location=urllib.parse.unquote(knobs["redirect"]))
        elif "retry-after" in knobs:
            self.answer(int(knobs.get("status", 429)), "text/plain", "slow down", Retry_After=knobs["retry-after"])
        elif "retry-json" in knobs:
            after = float(knobs["retry-json"])
            self.answer(429, "application/json", json.dumps(
                {"ok": False, "error_code": 429, "description": "Too Many Requests", "message": "You are being rate limited.",
                 "retry_after": after, "global": False, "parameters": {"retry_after": after}}))
        elif "status" in knobs:
            self.answer(int(knobs["status"]), "text/plain", "as you\nwanted: " + self.path)
        elif attempts[key] <= int(knobs.get("fail", 0)):
            self.answer(500, "text/plain", "not yet")
        else:
            return False
        return True

    def good_answer(self, knobs, status, kind, text):
        if "cutbody" in knobs:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(text.encode()[:20])
            self.wfile.flush()
            self.cut()
        elif "slow" in knobs:
            self.send_response(status)
            self.send_header("Content-Length", "20")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        elif "huge" in knobs:
            self.answer(status, "text/plain", text + " " * (20 << 20))
        else:
            self.answer(status, kind, text)

    def take(self, vendor, path, raw, knobs):
        key = self.headers["Idempotency-Key"]
        body = parse(raw, self.headers)
        shown, good = VENDORS[vendor](path, body)
        with lock:
            again = (vendor, key) in takes
            takes.add((vendor, key))
            cuts[key] = cuts.get(key, 0) + 1
        if not again or "twice" in knobs:
            self.note("taken", vendor=vendor, key=key, headers=dict(self.headers.items()), body=body, **shown)
        if cuts[key] <= int(knobs.get("takecut", 0)):
            self.cut()
        else:
            self.good_answer(knobs, *good)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urllib.parse.urlsplit(self.path).path  # a proxy's request has the whole URL
        parts, knobs = path.split("/")[1:], {}
        self.note("heard", path=self.path, host=self.headers.get("Host"), method=self.command)
        if parts == ["note"]:  # for those who are tested with us: what they send, as it is
            self.note("noted", body=json.loads(raw))
            self.answer(200, None, "")
            return
        while parts and parts[0] not in VENDORS:
            name, _, value = parts.pop(0).partition("=")
            knobs[name] = value
        try:
            need(parts, 404, "no vendor")
            check_headers(self.headers, raw)
            key = (self.path, self.headers["Idempotency-Key"])
            with lock:
                attempts[key] = attempts.get(key, 0) + 1
            if not self.go_wrong(knobs, key):
                self.take(parts[0], "/" + "/".join(parts[1:]), raw, knobs)
        except Refused as refused:
            kind = "application/json" if refused.answer[:1] in "{[\"" else "text/plain"
            self.answer(refused.status, kind, refused.answer)

    do_PUT = do_GET = do_POST


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that leaves, or refuses our certificate, is what some tests are about."""


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.dir = sys.argv[1]
    if len(sys.argv) > 3 and sys.argv[2] == "--tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        # The handshake is the thread's, so that one who never speaks holds up nobody.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with open(os.path.join(server.dir, "port.new"), "w", encoding="utf-8") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(os.path.join(server.dir, "port.new"), os.path.join(server.dir, "port"))
    server.serve_forever()


main()
