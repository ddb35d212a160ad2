import socket
import sys


def send(sock, bit, data):
    sock.send(bytes([bit]) + data)
    sock.settimeout(None)
    while sock.recv(16) != bytes([bit]):
        pass


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.connect(("127.0.0.1", int(sys.argv[1])))
    sock.settimeout(0.1)
    bit = 0
    while data := sys.stdin.buffer.read(1000):
        send(sock, bit, data)
        bit = 1 - bit
    send(sock, bit, b"")
