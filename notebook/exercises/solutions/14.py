import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            try:
                while data := conn.recv(1024):
                    conn.sendall(data)
            except OSError as error:
                print(f"a client is gone: {error}", file=sys.stderr)
