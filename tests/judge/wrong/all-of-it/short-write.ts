const conn = await Deno.connect({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
await conn.write(Uint8Array.from({ length: 8 * 2 ** 20 }, (_, i) => i % 251));
conn.close();
