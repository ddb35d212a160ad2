import socket
import sys

MOST = 1000


def refuse(conn):
    conn.sendall(b"too long\n")
    conn.shutdown(socket.SHUT_WR)
    conn.settimeout(1)  # nobody may keep us for long
    try:
        while conn.recv(65536):
            pass  # unread bytes would turn our close into a reset
    except OSError:
        pass


def handle(conn):
    waiting = b""
    while data := conn.recv(1024):
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            if len(line) > MOST:
                return refuse(conn)
            length = len(line.removesuffix(b"\r").decode())
            conn.sendall(f"{length}\n".encode())
        if len(waiting) > MOST:
            return refuse(conn)


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            handle(conn)
