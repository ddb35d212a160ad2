import socket
import sys

listener = socket.socket()
listener.bind(('127.0.0.1', sys.argv[1]))
listener.listen()
conn, _ = listener.accept()
conn.sendall(b'Message from the server.')
