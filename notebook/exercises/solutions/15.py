import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            conn.sendall(b"Message from the server.")
            while conn.recv(1024):
                pass  # what the client says is not for us; its end is
