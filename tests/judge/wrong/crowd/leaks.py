import socket
import sys
import threading
import time

forgotten = []


def handle(conn):
    while data := conn.recv(1024):
        conn.sendall(data)
    forgotten.append(conn)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            time.sleep(0.05)
            forgotten and forgotten.pop(0).close()
            continue
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
