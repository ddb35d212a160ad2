// An echo server: each client's stream is piped into itself.
import net from "node:net";

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {}); // one client's trouble is its own
  socket.pipe(socket);
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
