import socket
import sys

data = bytes(i % 251 for i in range(8 * 2**20))
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    conn.sendall(data)  # send() alone may take only part of it
