# usage: silence.py [milliseconds] port
import select
import socket
import sys

PORT = int(sys.argv[-1])
LIMIT = (int(sys.argv[1]) if len(sys.argv) > 2 else 300) / 1000

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", PORT))
server.listen()
server.setblocking(False)

clients = {}        # socket -> bytes still to be sent back
ended = set()       # clients that will say nothing more


def drop(sock):
    clients.pop(sock, None)
    ended.discard(sock)
    sock.close()


while True:
    inputs = [server] + [c for c in clients if c not in ended]
    outputs = [c for c in clients if clients[c]]
    readable, writable, _ = select.select(inputs, outputs, [], LIMIT)

    if not readable and not writable:
        # timeout: they have been silent for too long
        for sock in list(clients):
            drop(sock)
        continue

    for sock in readable:
        if sock is server:
            try:
                conn, addr = server.accept()
            except OSError:
                continue
            conn.setblocking(False)
            clients[conn] = b""
            continue
        try:
            data = sock.recv(4096)
        except BlockingIOError:
            continue
        except OSError:
            drop(sock)
            continue
        if data:
            clients[sock] += data
        else:
            ended.add(sock)

    for sock in list(clients):
        if clients[sock]:
            try:
                sent = sock.send(clients[sock])
                clients[sock] = clients[sock][sent:]
            except BlockingIOError:
                pass
            except OSError:
                drop(sock)
                continue
        if sock in ended and not clients[sock]:
            drop(sock)
