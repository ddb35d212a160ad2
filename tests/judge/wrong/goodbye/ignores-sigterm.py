import socket
import sys
import threading
import signal

def handle(conn):
    with conn:
        while data := conn.recv(1024):
            conn.sendall(data)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
