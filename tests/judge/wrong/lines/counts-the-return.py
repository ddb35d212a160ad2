import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            for line in conn.makefile('rb'):
                conn.sendall(f'{len(line) - 1}\n'.encode())
