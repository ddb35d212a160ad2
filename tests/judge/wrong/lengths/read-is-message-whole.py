import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(70000):
                conn.sendall(data[:2] + data[2:][::-1])
