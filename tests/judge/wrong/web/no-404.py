import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            waiting = b""
            while data := conn.recv(1024):
                waiting += data
                while b"\r\n\r\n" in waiting:
                    request, waiting = waiting.split(b"\r\n\r\n", 1)
                    found = True
                    text = "Grüß Gott!\n" if found else "Nothing here.\n"
                    body = text.encode()
                    status = "200 OK" if found else "404 Not Found"
                    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
                    conn.sendall(head.encode() + body)
