async function handle(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    let rest = buffer.subarray(0, n);
    while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
  }
  conn.close();
}

const port = Number(Deno.args[0]);
// Deno sets SO_REUSEADDR by itself.
const listener = Deno.listen({ hostname: "127.0.0.1", port });
Deno.addSignalListener("SIGTERM", () => listener.close());
const conversations: Promise<void>[] = [];
for await (const conn of listener) conversations.push(handle(conn));
await Promise.all(conversations);
Deno.exit(0);
