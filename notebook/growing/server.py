import socket
import sys

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(5)
print("port", listener.getsockname()[1], flush=True)
while True:
    conn, _ = listener.accept()
    conn.send(b"Message from the server.")
    print(conn.recv(1024).decode("UTF-8"), flush=True)
    conn.close()
