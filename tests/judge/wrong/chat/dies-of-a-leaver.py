import socket
import sys
import threading

people = []


def handle(conn):
    people.append(conn)
    conn.sendall(b"Welcome.\n")
    for line in conn.makefile("rb"):
        for other in people:
            if other is not conn:
                other.sendall(line)
    conn.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
