"""A TCP server that greets one client, waits for its first words, and resets
the connection. Usage: resetting_server.py"""

import socket
import struct
import sys

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], file=sys.stderr, flush=True)
conn, _ = listener.accept()
conn.sendall(b"Hi")
conn.recv(1)
# To linger for zero seconds means to close by a reset (RST) instead of FIN.
conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
conn.close()
