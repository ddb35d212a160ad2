import socket
import sys
import threading

people = []


def handle(conn):
    people.append(conn)
    conn.sendall(b"Welcome.\n")
    for number, line in enumerate(conn.makefile("rb")):
        for other in list(people):
            if other is not conn and number % 1000 != 999:
                try:
                    other.send(line, socket.MSG_DONTWAIT)
                except OSError:
                    pass
    people.remove(conn)
    conn.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100) as listener:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()
