import signal
import socket
import sys
import threading

running = True


def stop(signum, frame):
    global running
    running = False


def handle(conn):
    with conn:
        try:
            while True:
                data = conn.recv(4096)
                if not data:
                    break
                conn.sendall(data)
        except ConnectionError:
            pass


signal.signal(signal.SIGTERM, stop)

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[-1])))
server.listen()
server.settimeout(0.1)      # look at "running" now and then

while running:
    try:
        conn, addr = server.accept()
    except socket.timeout:
        continue
    t = threading.Thread(target=handle, args=(conn,))
    t.daemon = True
    t.start()

server.close()
sys.exit(0)
