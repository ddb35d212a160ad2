// Greets each client; what it says is thrown away until it ends.
import net from "node:net";

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.write("Message from the server.");
  socket.resume();
  socket.on("end", () => socket.end());
  socket.on("error", () => {}); // one client's trouble is its own
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
