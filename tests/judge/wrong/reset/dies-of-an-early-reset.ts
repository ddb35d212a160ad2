async function handle(conn: Deno.TcpConn): Promise<void> {
  try {
    const buffer = new Uint8Array(1024);
    for (let n; (n = await conn.read(buffer)) !== null;) {
      await conn.write(buffer.slice(0, n));
    }
  } catch { /* this client is gone */ }
  conn.close();
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  handle(conn);
}
