import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            waiting = b''
            while data := conn.recv(1024):
                waiting += data
                while b'\n' in waiting:
                    line, waiting = waiting.split(b'\n', 1)
                    conn.sendall(f'{len(line)}\n'.encode())
