"""The conversation of udp/server.ts in Python: a loop of two calls that wait.

Usage: python3 udp_blocking.py PORT [silent]
"""

import signal
import socket
import sys

silent = sys.argv[2:] == ["silent"]
answer = b"Message from the server."


def show(lead, text):
    """Prints each line of a text, with the peer's address before it."""
    for line in text.removesuffix("\n").split("\n"):
        print(f"{lead}{line}")


# Python gathers what is printed to a file, and writes it when it has 8 KiB or
# exits; it exits in order when SIGTERM raises an exception.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind(("127.0.0.1", int(sys.argv[1])))
    print(f"listening {s.getsockname()[1]}", file=sys.stderr, flush=True)
    while True:
        datagram, (host, port) = s.recvfrom(2**16)
        text = datagram.decode(errors="replace")
        if not silent:
            show(f"{host}:{port}> ", text)
        s.sendto(answer, (host, port))
