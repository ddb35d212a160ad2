// A TCP client on Node: prints what it is told, and answers with its standard
// input. Usage: node_client.mjs HOST PORT

import net from "node:net";

const [host, port] = process.argv.slice(2);
const socket = net.connect(Number(port), host);
socket.pipe(process.stdout);
socket.once("data", () => process.stdin.pipe(socket));
