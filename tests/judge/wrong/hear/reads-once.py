import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            data = conn.recv(1024)
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
