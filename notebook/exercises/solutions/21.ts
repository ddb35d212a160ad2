const people = new Set<Deno.TcpConn>();

async function send(to: Deno.TcpConn, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await to.write(rest));
}

async function handle(conn: Deno.TcpConn): Promise<void> {
  people.add(conn);
  await send(conn, "Welcome.\n");
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let waiting = "";
  for (let n; (n = await conn.read(buffer)) !== null;) {
    waiting += decoder.decode(buffer.subarray(0, n), { stream: true });
    const lines = waiting.split("\n");
    waiting = lines.pop()!;
    for (const line of lines) {
      const others = [...people].filter((other) => other !== conn);
      await Promise.allSettled(others.map((other) => send(other, `${line}\n`)));
    }
  }
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  handle(conn).catch(() => {}).finally(() => {
    people.delete(conn);
    conn.close();
  });
}
