// Sends each datagram back to where it came from.
import dgram from "node:dgram";

const socket = dgram.createSocket("udp4");
socket.on("message", (message, { address, port }) => {
  socket.send(message, port, address, () => {}); // whether it arrives, nobody says
});
socket.on("error", () => {});
socket.bind(Number(process.argv.at(-1)), "127.0.0.1");
