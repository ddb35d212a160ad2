import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.connect(("127.0.0.1", int(sys.argv[1])))  # only its datagrams get here
    sock.settimeout(0.1)
    for _ in range(5):
        sock.send(b"What time is it?")
        try:
            sys.stdout.buffer.write(sock.recv(65535))
            sys.exit(0)
        except OSError:
            pass  # lost, late, or nobody is there
sys.exit("no answer")
