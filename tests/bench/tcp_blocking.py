"""The conversation of server.ts in Python as the article holds it, with its
mistakes mended, in a loop: one client at a time, and of each the first read.

Usage: python3 tcp_blocking.py PORT [GREETING_BYTES | silent]
"""

import signal
import socket
import string
import sys

greeting = b"Message from the server."


def converse(conn, host, port):
    """Holds one conversation; the next client waits for its end."""
    conn.sendall(greeting)
    text = conn.recv(1024).decode(errors="replace")
    if text and not silent:
        for line in text.removesuffix("\n").split("\n"):
            print(f"{host}:{port}> {line}")


silent = sys.argv[2:] == ["silent"]
if len(sys.argv) > 2 and not silent:
    size = int(sys.argv[2])
    alphabet = string.ascii_lowercase.encode()
    greeting = (alphabet * (size // 26 + 1))[:size]

# Python gathers what is printed to a file, and writes it when it has 8 KiB or
# exits; it exits in order when SIGTERM raises an exception.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())

with socket.create_server(
    ("127.0.0.1", int(sys.argv[1])), backlog=511
) as listener:
    port = listener.getsockname()[1]
    print(f"listening {port}", file=sys.stderr, flush=True)
    while True:
        try:
            conn, address = listener.accept()
            with conn:
                converse(conn, *address)
        except OSError:
            pass  # a reset, say: it ends this conversation, and no other
