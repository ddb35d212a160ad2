import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            waiting = b""
            while data := conn.recv(1024):
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    length = len(line.removesuffix(b"\r").decode())
                    conn.sendall(f"{length}\n".encode())
