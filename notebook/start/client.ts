const conn = await Deno.connect({ hostname: "127.0.0.1", port: 1234 });
const buffer = new Uint8Array(1024);
const n = await conn.read(buffer);
console.log(new TextDecoder().decode(buffer.subarray(0, n ?? 0)));
await conn.write(new TextEncoder().encode("Message sent from client-side."));
conn.close();
