// A chat: a set of people, each with the half line that they have said so far.
import net from "node:net";
import readline from "node:readline";

const people = new Set();
const server = net.createServer((socket) => {
  people.add(socket);
  socket.write("Welcome.\n");
  readline.createInterface({ input: socket }).on("line", (line) => {
    for (const other of people) if (other !== socket) other.write(line + "\n");
  });
  socket.on("error", () => {}); // gone without a word
  socket.on("close", () => people.delete(socket));
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
