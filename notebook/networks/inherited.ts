// A server that doesn't listen: its listener was there before it.
import net from "node:net";

const server = net.createServer((socket) => {
  socket.on("error", () => {}); // a client that has left is no reason to end
  socket.end(`Hello from process ${Deno.pid}.\n`);
});
const fd = Number(Deno.args[0] ?? 3); // systemd begins to count at 3
server.listen({ fd }, () => console.log("ready"));
