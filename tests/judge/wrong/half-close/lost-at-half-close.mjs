import net from "node:net";

net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("end", () => socket.destroy());
  socket.on("error", () => {});
}).listen(Number(process.argv[2]), "127.0.0.1");
