import socket
import sys

port = int(sys.argv[1])
while True:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
    while True:
        data, address = sock.recvfrom(65535)
        sock.sendto(data, address)
