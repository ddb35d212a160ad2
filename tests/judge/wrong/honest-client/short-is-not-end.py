import socket
import sys

data = b""
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
        while part := conn.recv(1024):
            data += part
except OSError as error:
    sys.exit(f"failed: {error}")
sys.stdout.write(data.partition(b"\n")[2].decode())
