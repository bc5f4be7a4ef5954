"""A mail server that has none of the receivers: refuse.py PORT-FILE LOG [GATE].

Each RCPT is a line of LOG and is answered 550; with GATE not before that file is there."""
import os
import socket
import sys
import threading
import time

port_file, log_file = sys.argv[1:3]
gate = sys.argv[3] if len(sys.argv) > 3 else None
listener = socket.create_server(("127.0.0.1", 0))
with open(port_file + ".new", "w", encoding="ascii") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)


def answer(command):
    word = command[:4].upper()
    if word == b"RCPT":
        with open(log_file, "a", encoding="ascii") as log:
            log.write("RCPT\n")
        while gate and not os.path.exists(gate):
            time.sleep(0.02)
        return b"550 5.1.1 no such user\r\n"
    return {b"EHLO": b"250 here\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")


def talk(conn):
    try:
        conn.sendall(b"220 here\r\n")
        for command in conn.makefile("rb"):
            conn.sendall(answer(command))
    except OSError:
        pass
    conn.close()


while True:
    threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()
