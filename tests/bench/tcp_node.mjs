// The conversation of server.ts in Node: its net module calls us when there is
// something to do.
//
//   node tcp_node.mjs PORT [GREETING_BYTES | silent]

import net from "node:net";

const [port, bytes] = process.argv.slice(2).map(Number);
const silent = process.argv[3] === "silent";
const greeting = bytes
  ? Buffer.alloc(bytes, "abcdefghijklmnopqrstuvwxyz")
  : Buffer.from("Message from the server.");

// A client may close its sending side, and be answered all the same.
const options = { allowHalfOpen: true };

const server = net.createServer(options, (socket) => {
  const lead = `${socket.remoteAddress}:${socket.remotePort}> `;
  socket.setEncoding("utf8");
  socket.write(greeting);
  socket.on("data", (text) => {
    if (silent) return;
    // Node reads 64 KiB at a time and has no option for it. What it has read
    // is printed as if each read had taken 1,024.
    for (let i = 0; i < text.length; i += 1024) {
      print(lead, text.slice(i, i + 1024));
    }
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => {}); // a reset: the socket is closed already
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

server.listen({ host: "127.0.0.1", port, backlog: 511 }, () => {
  process.stderr.write(`listening ${server.address().port}\n`);
  server.on("error", () => {}); // one client that could not be accepted
});

process.on("SIGTERM", () => {
  flush();
  process.exit(0);
});
