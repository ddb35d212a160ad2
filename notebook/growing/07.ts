const [port = 1234, times = 1] = Deno.args.map(Number);
const greeting = "Message from the server.".repeat(times);

const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.log("port", listener.addr.port);
while (true) {
  try {
    const conn = await listener.accept();
    converse(conn) // no await: the next client is accepted meanwhile
      .catch((error) => console.error(error.message))
      .finally(() => conn.close());
  } catch (error) { // one client's trouble: the listener is still good
    console.error(`${error}`);
  }
}

async function converse(conn: Deno.TcpConn) {
  let rest = new TextEncoder().encode(greeting);
  while (rest.length > 0) {
    const n = await conn.write(rest);
    rest = rest.subarray(n);
  }
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder(); // one for each conversation
  let message = "";
  while (true) {
    const n = await conn.read(buffer);
    if (n === null) break; // the client has ended its side
    message += decoder.decode(buffer.subarray(0, n), { stream: true });
  }
  message += decoder.decode(); // half a character that was never completed
  console.log(message);
}
