import socket
import sys
import threading


def handle(conn):
    while data := conn.recv(1024):
        conn.sendall(data)
    conn.recv(1)
    while True:
        threading.Event().wait()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
