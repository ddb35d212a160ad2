const listener = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
for await (const conn of listener) {
  const buffer = new Uint8Array(1024);
  while (await conn.read(buffer) !== null) {
    await Deno.stdout.write(buffer);
  }
  conn.close();
}
