import socket
import sys
import threading
import time


def handle(conn):
    with conn:
        try:
            while data := conn.recv(1024):
                conn.sendall(data)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError as error:  # too many open files: wait until some are closed
            print(error, file=sys.stderr)
            time.sleep(0.05)
            continue
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
