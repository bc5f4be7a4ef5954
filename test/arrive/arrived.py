#!/usr/bin/python3
"""What has reached a person: arrived.py MAILDIR-OR-LOG EXPRESSION|-

EXPRESSION is Python about `a`, the messages in a maildir or in the log of test/integration/receiver.py: mails in order of
their ids, requests as they came. True or false is the exit status; another value is printed. Each message has: id,
thread (the id that it answers, of the first its own), subject, text, severity, unit, rule; and of a mail: parts (plain
text, HTML), headers, to, reader (of this copy); of a request: path, key, status, told, count, body.

With - the expressions are read: lines "SENTENCE ?= EXPRESSION", and "NAME := EXPRESSION" for those below. Of each
sentence a line is printed: 0 or 1, and the sentence."""
import email
import email.policy
import json
import os
import re
import sys
import types


def of_mail(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects, mail.defects
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    name = re.fullmatch(r"<(\w+)@[^<>@]+>", mail["Message-ID"])[1]
    thread = re.fullmatch(r"<(\w+)@[^<>@]+>", mail.get("In-Reply-To", mail["Message-ID"]))[1]
    assert mail["References"] == mail["In-Reply-To"], "References and In-Reply-To"
    return types.SimpleNamespace(id=name, thread=thread, subject=mail["Subject"], text=parts["text/plain"], parts=parts,
                                 severity=mail["X-Watchdogd-Severity"], unit=mail.get("X-Watchdogd-Unit", ""),
                                 rule=mail["X-Watchdogd-Rule"], headers=mail, to=mail["To"],
                                 reader=mail["Envelope-to"])


def of_request(line):
    request = json.loads(line)
    body = json.loads(request["body"])
    return types.SimpleNamespace(path=request["path"], key=request["key"], status=request["status"], body=body,
                                 **{name: body[name] for name in ("id", "thread", "subject", "text", "severity", "unit",
                                                                  "rule", "told", "count")})


def read(where):
    if os.path.isdir(where):
        new = os.path.join(where, "new")
        names = os.listdir(new) if os.path.isdir(new) else []
        messages = []
        for name in names:
            with open(os.path.join(new, name), "rb") as file:
                messages.append(of_mail(file.read()))
        return sorted(messages, key=lambda m: m.id)
    if not os.path.exists(where):
        return []
    with open(where, encoding="utf-8") as file:
        return [of_request(line) for line in file]  # in the order in which they came


def tell(names):
    for line in sys.stdin:
        name, is_name, value = line.strip().partition(" := ")
        sentence, is_sentence, claim = line.strip().partition(" ?= ")
        try:
            if is_sentence:
                print(0 if eval(claim, names) else 1, sentence)
            elif is_name:
                names[name] = eval(value, names)
        except Exception as error:  # of hostile mail, too
            print(f"{error!r} in {line.strip()}", file=sys.stderr)
            if is_sentence:
                print(1, sentence)


known = {"a": read(sys.argv[1]), "re": re, "words": lambda text: re.sub(r"\s+", " ", text)}
if sys.argv[2] == "-":
    tell(known)
    sys.exit(0)
try:
    answer = eval(sys.argv[2], known)
except Exception as error:
    sys.exit(f"{error!r} in {sys.argv[2]}")
if answer not in (True, False):
    print(answer)
    sys.exit(0)
sys.exit(not answer)
