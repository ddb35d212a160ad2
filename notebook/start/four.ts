const conn = await Deno.connect({ hostname: "127.0.0.1", port: 1234 });
await conn.write(new TextEncoder().encode("Message sent from client-side."));
const buffer = new Uint8Array(4);
for (;;) {
  const n = await conn.read(buffer);
  if (n === null) break;
  console.log(new TextDecoder().decode(buffer.subarray(0, n)));
}
