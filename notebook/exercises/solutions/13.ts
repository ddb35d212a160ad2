const MOST = 1000;
const encoder = new TextEncoder();

async function refuse(conn: Deno.TcpConn): Promise<void> {
  await conn.write(encoder.encode("too long\n"));
  await conn.closeWrite();
  const timer = setTimeout(() => conn.close(), 1000); // nobody may keep us for long
  const buffer = new Uint8Array(65_536);
  // Unread bytes would turn our close into a reset.
  while (await conn.read(buffer).catch(() => null) !== null);
  clearTimeout(timer);
}

async function handle(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  let waiting: number[] = [];
  for (let n; (n = await conn.read(buffer)) !== null;) {
    for (const byte of buffer.subarray(0, n)) {
      if (byte !== 10) waiting.push(byte);
      if (waiting.length > MOST) return await refuse(conn);
      if (byte !== 10) continue;
      const line = new TextDecoder().decode(Uint8Array.from(waiting));
      waiting = [];
      const characters = [...line.replace(/\r$/, "")];
      await conn.write(encoder.encode(`${characters.length}\n`));
    }
  }
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  await handle(conn);
  try {
    conn.close();
  } catch { /* the timer was first */ }
}
