// A UDP client on Node: sends its standard input as one datagram and prints the
// answer. Usage: node_udp_client.mjs HOST PORT

import dgram from "node:dgram";
import { readFileSync } from "node:fs";

const [host, port] = process.argv.slice(2);
const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
socket.on("message", (answer) => {
  process.stdout.write(answer);
  socket.close();
});
socket.send(readFileSync(0), Number(port), host);
