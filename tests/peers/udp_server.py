"""A UDP server: answers one datagram, prints it, and ends.
Usage: udp_server.py HOST PORT"""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind((host, port))
datagram, peer = s.recvfrom(65535)
s.sendto(b"Message from the server.", peer)
print(datagram.decode(), end="")
