import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    conn.setblocking(False)
    data = bytes(i % 251 for i in range(8 * 2**20))
    for at in range(0, len(data), 100_000):
        try:
            conn.send(data[at : at + 100_000])
        except BlockingIOError:
            pass
