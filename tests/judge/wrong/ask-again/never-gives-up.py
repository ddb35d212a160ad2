import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    server = ("127.0.0.1", int(sys.argv[1]))
    sock.connect(server)
    sock.settimeout(0.1)
    while True:
        sock.send(b'What time is it?')
        try:
            sys.stdout.buffer.write(sock.recv(1024))
            sys.exit()
        except TimeoutError:
            pass
