import net from "node:net";

const data = Buffer.from(
  Uint8Array.from({ length: 8 * 2 ** 20 }, (_, i) => i % 251),
);
const socket = net.connect(Number(process.argv[2]), "127.0.0.1", () => {
  socket.write(data);
  setTimeout(() => process.exit(0), 20);
});
