const [port = 1234, times = 1, seconds = 30] = Deno.args.map(Number);
const greeting = "Message from the server.".repeat(times);

const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.log("port", listener.addr.port);
while (true) {
  try {
    const conn = await listener.accept();
    converse(conn) // no await: the next client is accepted meanwhile
      .catch((error) => console.error(error.message))
      .finally(() => conn[Symbol.dispose]()); // may be closed already
  } catch (error) { // one client's trouble: the listener is still good
    console.error(`${error}`);
    if (error instanceof Deno.errors.NotConnected) continue; // it has left
    await new Promise((resolve) => setTimeout(resolve, 100)); // back off
  }
}

async function converse(conn: Deno.TcpConn) {
  let rest = new TextEncoder().encode(greeting);
  while (rest.length > 0) {
    const n = await withTimeout(conn, conn.write(rest));
    rest = rest.subarray(n);
  }
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder(); // one for each conversation
  let message = "";
  let received = 0;
  while (true) {
    const n = await withTimeout(conn, conn.read(buffer));
    if (n === null) break; // the client has ended its side
    received += n;
    if (received > 2 ** 20) throw new Error("more than a mebibyte");
    message += decoder.decode(buffer.subarray(0, n), { stream: true });
  }
  message += decoder.decode(); // half a character that was never completed
  console.log(escapeControls(message));
}

async function withTimeout<T>(conn: Deno.TcpConn, waiting: Promise<T>) {
  const timer = setTimeout(() => conn.close(), 1000 * seconds);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
  }
}

function escapeControls(text: string) {
  return text.replace(/\p{Cc}/gu, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return `\\x${hex.padStart(2, "0")}`;
  });
}
