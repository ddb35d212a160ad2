import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            waiting = ''
            while data := conn.recv(1024):
                waiting += data.decode()
                *lines, waiting = waiting.split('\n')
                for line in lines:
                    conn.sendall(f'{len(line)}\n'.encode())
