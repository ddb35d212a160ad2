import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(1024):
                parts = data.split()
                found = len(parts) > 1 and parts[1] == b"/"
                body = "Grüß Gott!\n".encode() if found else b"Nothing here.\n"
                status = "200 OK" if found else "404 Not Found"
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
                conn.sendall(head.encode() + body)
