import socket
import sys
import threading

people = []


def handle(conn):
    people.append(conn)
    conn.sendall(b"Welcome.\n")
    for line in conn.makefile("rb"):
        for other in list(people):
            if other is people[-1] and other is not conn:
                try:
                    other.sendall(line)
                except OSError:
                    people.remove(other)
    people.remove(conn)
    conn.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
