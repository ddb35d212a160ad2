import socket
import sys

def read_exactly(conn, length):
    data = b""
    while len(data) < length:
        part = conn.recv(length - len(data))
        if not part:
            break
        data += part
    return data


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            while len(head := read_exactly(conn, 2)) == 2:
                content = read_exactly(conn, int.from_bytes(head, 'big'))
                conn.sendall(len(content).to_bytes(2, 'big') + content[::-1])
