import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    conn.sendall(bytes(i % 251 for i in range(8 * 2**20)))
    conn.recv(1)
