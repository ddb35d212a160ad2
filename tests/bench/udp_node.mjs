// The conversation of udp/server.ts in Node: its dgram module calls us for each
// datagram.
//
//   node udp_node.mjs PORT [silent]

import dgram from "node:dgram";

const answer = Buffer.from("Message from the server.");
const silent = process.argv[3] === "silent";
const socket = dgram.createSocket("udp4");

socket.on("message", (datagram, { address, port }) => {
  const text = datagram.toString();
  if (!silent) print(`${address}:${port}> `, text);
  socket.send(answer, port, address, () => {}); // a failure is one client's
});

let waiting = "";

/** Prints each line of a text; the lines of one turn become one write. */
function print(lead, text) {
  if (waiting === "") setImmediate(flush);
  for (const line of text.replace(/\n$/, "").split("\n")) {
    waiting += `${lead}${line}\n`;
  }
}

function flush() {
  process.stdout.write(waiting);
  waiting = "";
}

socket.on("listening", () => {
  process.stderr.write(`listening ${socket.address().port}\n`);
  socket.on("error", () => {}); // one datagram that could not be received
});
socket.bind(Number(process.argv[2]), "127.0.0.1");

process.on("SIGTERM", () => {
  flush();
  process.exit(0);
});
