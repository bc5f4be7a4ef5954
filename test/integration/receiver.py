#!/usr/bin/python3
"""An HTTP server that takes alerts as an idempotent receiver does: receiver.py PORT-FILE LOG [FAIL-PERCENT SEED].

Each request is one line of JSON in LOG: its Idempotency-Key, whether that was new, the status it got, its method, its
path, its body.
FAIL-PERCENT of the requests are answered 503, as many cut off after they were taken. A path that begins with a status,
/404/x, is answered with that. The port is a free one, or $PORT."""
import http.server
import json
import os
import random
import sys

port_file, log_file = sys.argv[1:3]
fail_percent = int(sys.argv[3]) if len(sys.argv) > 3 else 0
chance = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
seen = set()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", "replace")
        key = self.headers.get("Idempotency-Key", "")
        dice = chance.randrange(100)
        status = 503 if dice < fail_percent else 200
        first = self.path.split("/")[1]
        status = int(first) if first.isdigit() else status
        with open(log_file, "a", encoding="utf-8") as log:
            log.write(json.dumps({"key": key, "new": key not in seen, "status": status,
                                  "method": self.command, "path": self.path, "body": body}) + "\n")
        if status == 200:
            seen.add(key)
        if status == 200 and dice < 2 * fail_percent:  # taken, and nobody is told
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 0))), Receiver)
with open(port_file + ".new", "w", encoding="ascii") as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
