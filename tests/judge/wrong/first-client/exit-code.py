import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
    data = conn.recv(1024)
    sys.stdout.write(data.decode())
    sys.exit(1)
