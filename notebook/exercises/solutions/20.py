import socket
import sys


def answer(request):
    method, path, *_ = request.decode(errors="replace").split()
    found = path == "/"
    status = "200 OK" if found else "404 Not Found"
    body = ("Grüß Gott!\n" if found else "Nothing here.\n").encode()
    head = (
        f"HTTP/1.1 {status}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"  # of the bytes, not the characters
    )
    return head.encode() + body


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            waiting = b""
            while data := conn.recv(1024):
                *requests, waiting = (waiting + data).split(b"\r\n\r\n")
                for request in requests:
                    conn.sendall(answer(request))
