import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            for line in conn.makefile('rb'):
                line = line.rstrip()
                if not line:
                    break
                conn.sendall(f'{len(line)}\n'.encode())
