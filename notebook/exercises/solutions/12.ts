async function readExactly(conn: Deno.TcpConn, length: number) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = await conn.read(bytes.subarray(at));
    if (n === null) return undefined;
    at += n;
  }
  return bytes;
}

async function handle(conn: Deno.TcpConn): Promise<void> {
  for (;;) {
    const head = await readExactly(conn, 2);
    const content = head && await readExactly(conn, head[0] * 256 + head[1]);
    if (!content) return; // between two frames, or in the middle of one
    let rest = Uint8Array.of(...head, ...content.reverse());
    while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
  }
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  await handle(conn);
  conn.close();
}
