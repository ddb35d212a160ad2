// A UDP server on Node: answers one datagram, prints it, and ends.
// Usage: node_udp_server.mjs HOST PORT

import dgram from "node:dgram";

const [host, port] = process.argv.slice(2);
const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
socket.on("message", (datagram, peer) => {
  process.stdout.write(datagram);
  const answer = "Message from the server.";
  socket.send(answer, peer.port, peer.address, () => socket.close());
});
socket.bind(Number(port), host);
