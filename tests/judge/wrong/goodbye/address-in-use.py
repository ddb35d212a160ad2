import signal
import socket
import sys
import threading

stopping = threading.Event()


def handle(conn):
    with conn:
        while data := conn.recv(1024):
            conn.sendall(data)


def accept_all(listener):
    while True:
        conn, _ = listener.accept()
        thread = threading.Thread(target=handle, args=(conn,), daemon=False)
        thread.start()


listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())
threading.Thread(target=accept_all, args=(listener,), daemon=True).start()
stopping.wait()
listener.close()
