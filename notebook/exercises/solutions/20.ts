const encoder = new TextEncoder();

function answer(request: string): Uint8Array {
  const found = request.split(" ")[1] === "/";
  const body = encoder.encode(found ? "Grüß Gott!\n" : "Nothing here.\n");
  const head = encoder.encode(
    `HTTP/1.1 ${found ? "200 OK" : "404 Not Found"}\r\n` +
      "Content-Type: text/plain; charset=utf-8\r\n" +
      `Content-Length: ${body.length}\r\n\r\n`, // of the bytes, not the characters
  );
  return Uint8Array.of(...head, ...body);
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  const buffer = new Uint8Array(1024);
  let waiting = "";
  for (let n; (n = await conn.read(buffer)) !== null;) {
    waiting += new TextDecoder().decode(buffer.subarray(0, n));
    const requests = waiting.split("\r\n\r\n");
    waiting = requests.pop()!;
    for (const request of requests) await conn.write(answer(request));
  }
  conn.close();
}
