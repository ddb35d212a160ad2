import socket
import sys

data = b""
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    while b"\n" not in data:
        data += conn.recv(1024)
    promised, _, content = data.partition(b"\n")
    while len(content) < int(promised):
        content += conn.recv(1024)
sys.stdout.write(content.decode())
