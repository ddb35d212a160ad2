const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
for await (const conn of listener) {
  await conn.write(new TextEncoder().encode("Message from the server."));
  const buffer = new Uint8Array(1024);
  // What the client says is not for us; its end is.
  while (await conn.read(buffer) !== null);
  conn.close();
}
