const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
for await (const conn of listener) {
  const buffer = new Uint8Array(1024);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    let rest = buffer.subarray(0, n); // a write may take only part of it
    while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
  }
  conn.close();
}
