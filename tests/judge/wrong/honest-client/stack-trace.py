import socket
import sys

data = b""
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    while part := conn.recv(1024):
        data += part
promised, _, content = data.partition(b"\n")
if len(content) < int(promised):
    sys.exit("too short")
sys.stdout.write(content.decode())
