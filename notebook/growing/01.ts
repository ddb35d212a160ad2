const [port = 1234, times = 1] = Deno.args.map(Number);
const greeting = "Message from the server.".repeat(times);

const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.log("port", listener.addr.port);
while (true) {
  const conn = await listener.accept();
  await conn.write(new TextEncoder().encode(greeting));
  const buffer = new Uint8Array(1024);
  const n = await conn.read(buffer) ?? 0;
  console.log(new TextDecoder().decode(buffer.subarray(0, n)));
  conn.close();
}
