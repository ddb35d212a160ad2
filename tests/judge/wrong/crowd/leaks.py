import socket
import sys
import threading

forgotten = []


def handle(conn):
    while data := conn.recv(1024):
        conn.sendall(data)
    forgotten.append(conn)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
