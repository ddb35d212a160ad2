const listener = Deno.listen({ hostname: "127.0.0.1", port: 1234 });
console.log("waiting");
const conn = await listener.accept();
await conn.write(new TextEncoder().encode("Message from the server."));
const buffer = new Uint8Array(1024);
const n = await conn.read(buffer);
console.log(new TextDecoder().decode(buffer.subarray(0, n ?? 0)));
