"""The article's TCP server with its mistakes mended: it greets one client,
reads once, prints, and ends. Usage: server.py HOST PORT (0: any free port)."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

listener = socket.socket(family, socket.SOCK_STREAM)
listener.bind((host, port))  # one pair, not two arguments
listener.listen(5)
print(listener.getsockname()[1], file=sys.stderr, flush=True)

conn, address = listener.accept()
conn.send(bytes("Message from the server.", "UTF-8"))
message = conn.recv(1024).decode("UTF-8")
print(message)
conn.close()
listener.close()
