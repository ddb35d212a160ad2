import socket
import sys
import threading


def handle(conn):
    with conn:
        threading.Timer(0.3, conn.shutdown, [socket.SHUT_RDWR]).start()
        while data := conn.recv(1024):
            conn.sendall(data)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
