// Answers each line with the number of its characters. The socket decodes UTF-8
// as a stream, so a character may come in two reads.
import net from "node:net";

const server = net.createServer((socket) => {
  let waiting = "";
  socket.setEncoding("utf8");
  socket.on("error", () => {}); // one client's trouble is its own
  socket.on("data", (text) => {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop();
    for (const line of lines) {
      socket.write(`${[...line.replace(/\r$/, "")].length}\n`);
    }
  });
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
