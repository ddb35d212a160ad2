import socket
v = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
v.bind(socket.gethostname(), 1234)
v.listen(5)
clientsocket, address = v.accept()
clientsocket.send(bytes('Message from the server.', "UTF-8"))
raw_client_message = clientsocket.recv(1024)
client_message = raw_client_message.decode("UTF-8")
print(client_message)
