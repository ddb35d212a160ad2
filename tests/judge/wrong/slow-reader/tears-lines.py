import select
import socket
import sys

MOST = 4 * 2**20

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
people = {}  # what waits for each
halves = {}

while True:
    ready, free, _ = select.select(
        [listener, *people], [conn for conn in people if people[conn]], []
    )
    for conn in ready:
        if conn is listener:
            person, _ = listener.accept()
            person.setblocking(False)
            people[person] = bytearray(b"Welcome.\n")
            halves[person] = b""
            continue
        try:
            data = conn.recv(4096)
        except OSError:
            data = b""
        if not data:
            del people[conn], halves[conn]
            conn.close()
            continue
        whole, newline, halves[conn] = (halves[conn] + data).rpartition(b"\n")
        for other in people:
            if other is not conn:
                people[other] += whole + newline
    for conn in free:
        try:
            while people.get(conn):
                del people[conn][: conn.send(people[conn][:65536])]
        except BlockingIOError:
            pass
    for queue in people.values():
        if len(queue) > MOST:
            del queue[: MOST // 2 + 1]  # the oldest half makes room
