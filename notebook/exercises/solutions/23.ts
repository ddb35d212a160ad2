const port = Number(Deno.args[0]);
const socket = Deno.listenDatagram({
  hostname: "127.0.0.1",
  port,
  transport: "udp",
});
const buffer = new Uint8Array(65_535);
for (;;) {
  const [data, address] = await socket.receive(buffer);
  await socket.send(data, address);
}
