async function handle(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    for (;;) {
      // Set anew for each read, so each byte starts the clock anew.
      const timer = setTimeout(() => conn.close(), 300);
      const n = await conn.read(buffer).finally(() => clearTimeout(timer));
      if (n === null) break;
      let rest = buffer.subarray(0, n);
      while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
    }
    conn.close();
  } catch { /* closed by the timer, or by the other side */ }
}

const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
for await (const conn of listener) handle(conn);
