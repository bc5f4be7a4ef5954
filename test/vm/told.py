#!/usr/bin/env python3
"""told.py STATUS.json RULE AT_MS WORD...: how many ms after AT_MS (since 1970) the rule's first action was
told whose text holds all the words. Prints nothing, and ends with 1, when none was."""
import json
import sys

name, rule, at_ms, words = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
with open(name, encoding="utf-8") as file:
    status = json.load(file)
told = [action["at_ms"] for action in status["actions"]
        if action["rule"] == rule and action["at_ms"] >= at_ms
        and all(word in action["text"] for word in words)]
if not told:
    sys.exit(1)
print(min(told) - at_ms)
