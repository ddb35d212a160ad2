import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    server = ("127.0.0.1", int(sys.argv[1]))
    sock.connect(server)
    sock.send(b'What time is it?')
    sys.stdout.buffer.write(sock.recv(1024))
