// Answers each frame with a frame that has its bytes in reverse order.
import net from "node:net";

const server = net.createServer((socket) => {
  let waiting = Buffer.alloc(0);
  socket.on("error", () => {}); // one client's trouble is its own
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    while (waiting.length >= 2) {
      const end = 2 + waiting.readUInt16BE(0);
      if (waiting.length < end) break;
      socket.write(waiting.subarray(0, 2));
      socket.write(Buffer.from(waiting.subarray(2, end)).reverse());
      waiting = waiting.subarray(end);
    }
  });
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
