import socket
import sys
import threading

HOST = "127.0.0.1"
PORT = int(sys.argv[-1])


def listen_to(conn):
    with conn:
        while True:
            try:
                data = conn.recv(1024)
            except ConnectionError:
                break
            if not data:
                break
            print(data.decode("utf-8", errors="ignore"), end="", flush=True)


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, PORT))
server.listen()

while True:
    conn, addr = server.accept()
    threading.Thread(target=listen_to, args=(conn,), daemon=True).start()
