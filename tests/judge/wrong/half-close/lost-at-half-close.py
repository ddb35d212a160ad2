import socket
import sys
import threading
import select

def handle(conn):
    queue = bytearray()
    conn.setblocking(False)
    with conn:
        while True:
            select.select([conn], [conn] if queue else [], [])
            try:
                data = conn.recv(65536)
                if not data:
                    return
                queue += data
            except BlockingIOError:
                pass
            try:
                del queue[: conn.send(queue)]
            except BlockingIOError:
                pass


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
