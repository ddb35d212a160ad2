import socket
import sys

buffer = bytearray(4096)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            while conn.recv_into(buffer):
                sys.stdout.buffer.write(buffer.rstrip(b"\0"))
                sys.stdout.buffer.flush()
