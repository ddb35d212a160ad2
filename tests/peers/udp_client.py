"""A UDP client: sends its standard input as one datagram and prints the answer.
Usage: udp_client.py HOST PORT"""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.connect((host, port))
s.send(sys.stdin.buffer.read())
print(s.recv(65535).decode(), end="")
