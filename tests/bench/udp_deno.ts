// The conversation of udp/server.ts in as few lines as Deno takes: what Deno
// itself costs.
//
//   deno run --allow-net=127.0.0.1 udp_deno.ts PORT [silent]

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const greeting = encoder.encode("Message from the server.");
const buffer = new Uint8Array(65_536);
const silent = Deno.args[1] === "silent";
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

const socket = Deno.listenDatagram({
  transport: "udp",
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
console.error(`listening ${(socket.addr as Deno.NetAddr).port}`);
for (;;) {
  const [bytes, from] = await socket.receive(buffer);
  await socket.send(greeting, from);
  const { hostname, port } = from as Deno.NetAddr;
  const text = decoder.decode(bytes);
  if (!silent) print(`${hostname}:${port}> `, text);
}
