const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
const encoder = new TextEncoder();

for await (const conn of listener) {
  const buffer = new Uint8Array(1024);
  // As a stream, the decoder keeps half a character until the rest has come.
  const decoder = new TextDecoder();
  let waiting = "";
  for (let n; (n = await conn.read(buffer)) !== null;) {
    waiting += decoder.decode(buffer.subarray(0, n), { stream: true });
    const lines = waiting.split("\n");
    waiting = lines.pop()!;
    for (const line of lines) {
      const characters = [...line.replace(/\r$/, "")];
      await conn.write(encoder.encode(`${characters.length}\n`));
    }
  }
  conn.close();
}
