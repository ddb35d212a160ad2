import socket
import sys

def read_exactly(conn, length):
    data = b""
    while len(data) < length:
        part = conn.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            try:
                while True:
                    length = int.from_bytes(conn.recv(2), 'big')

                    content = read_exactly(conn, length)
                    conn.sendall(length.to_bytes(2, 'big') + content[::-1])
            except EOFError:
                pass
