// A TCP server on Node: greets one client, prints all that it says, and ends.
// Usage: node_server.mjs HOST PORT

import net from "node:net";

const [host, port] = process.argv.slice(2);
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.write("Message from the server.");
  socket.on("data", (bytes) => process.stdout.write(bytes));
  socket.on("end", () => {
    socket.end();
    server.close();
  });
});
server.listen(Number(port), host);
