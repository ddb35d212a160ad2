// The conversation of server.ts in as few lines as Deno takes: what Deno itself
// costs. It has no limits, no timeouts and no flags, and trouble with a single
// client ends it.
//
//   deno run --allow-net=127.0.0.1 tcp_deno.ts PORT [GREETING_BYTES [BUFFER]]
//   deno run --allow-net=127.0.0.1 tcp_deno.ts PORT silent

const [port, bytes, size = 1024] = Deno.args.map(Number);
const silent = Deno.args[1] === "silent";
const encoder = new TextEncoder();
const text = "abcdefghijklmnopqrstuvwxyz";
const greeting = bytes
  ? encoder.encode(text.repeat(bytes / 26 + 1)).subarray(0, bytes)
  : encoder.encode("Message from the server.");

async function converse(conn: Deno.TcpConn): Promise<void> {
  for (let sent = 0; sent < greeting.length;) {
    sent += await conn.write(greeting.subarray(sent));
  }
  const { hostname, port } = conn.remoteAddr;
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(size);
  for (let n; (n = await conn.read(buffer)) !== null;) {
    const text = decoder.decode(buffer.subarray(0, n), { stream: true });
    if (!silent) print(`${hostname}:${port}> `, text);
  }
  conn.close();
}

let waiting = "";

/** Prints each line of a text; the lines of one turn become one write. */
function print(lead: string, text: string): void {
  if (waiting === "") setTimeout(flush);
  for (const line of text.replace(/\n$/, "").split("\n")) {
    waiting += `${lead}${line}\n`;
  }
}

function flush(): void {
  const bytes = encoder.encode(waiting);
  waiting = "";
  for (let sent = 0; sent < bytes.length;) {
    sent += Deno.stdout.writeSync(bytes.subarray(sent));
  }
}

Deno.addSignalListener("SIGTERM", () => {
  flush();
  Deno.exit(0);
});

const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.error(`listening ${listener.addr.port}`);
for await (const conn of listener) converse(conn);
