"""The article's TCP client with its mistakes mended: it reads once, prints,
answers, and ends. Usage: client.py HOST PORT."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

s = socket.socket(family, socket.SOCK_STREAM)
s.connect((host, port))  # one pair, not two arguments
message = s.recv(1024).decode("UTF-8")  # one name, spelled one way
print(message)
s.send(bytes("Message sent from client-side.", "UTF-8"))
s.close()
