// Asks a server for the time, five times at most.
import dgram from "node:dgram";

const port = Number(process.argv.at(-1));
const socket = dgram.createSocket("udp4");
let tries = 0;

function ask() {
  if (++tries > 5) {
    console.error("no answer");
    process.exit(1);
  }
  socket.send("What time is it?", port, "127.0.0.1");
}

socket.on("message", (message, from) => {
  if (from.port !== port || from.address !== "127.0.0.1") return; // a stranger
  process.stdout.write(message, () => process.exit(0));
});
socket.on("error", () => {});
ask();
setInterval(ask, 100);
