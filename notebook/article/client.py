import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(socket.gethostname(), 1234)
raw_server_data_receieved = s.recv(1024)
server_data_received = raw_server_data_received.decode("UTF-8")
print(server_data_received)
s.send(bytes('Message sent from client-side.', "UTF-8"))
