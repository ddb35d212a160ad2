async function handle(conn: Deno.TcpConn): Promise<void> {
  try {
    const buffer = new Uint8Array(1024);
    for (let n; (n = await conn.read(buffer)) !== null;) {
      let rest = buffer.subarray(0, n);
      while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
    }
  } catch (error) {
    console.error(`a client is gone: ${(error as Error).message}`);
  }
  conn.close();
}

const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
for (;;) {
  try {
    handle(await listener.accept());
  } catch (error) { // of this one client; the listener is as good as before
    console.error(`a client was gone early: ${(error as Error).message}`);
  }
}
