import socket
import sys

data = b""
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as conn:
        try:
            while part := conn.recv(1024):
                data += part
        except ConnectionResetError:
            sys.stdout.write(data.partition(b"\n")[2].decode())
            sys.exit(0)
    promised, _, content = data.partition(b"\n")
    if len(content) < int(promised):
        raise OSError("too short")
except OSError as error:
    sys.exit(f"failed: {error}")
sys.stdout.write(content.decode())
