import { serve } from "../../server.ts";

const [port = 1234, times = 1, seconds = 30] = Deno.args.map(Number);
const messages = new Map<number, string>(); // what each client has said so far

const server = serve({
  port,
  message: "Message from the server.".repeat(times),
  timeout: seconds,
  maxBytes: 2 ** 20,
  maxConnections: 1000,
  onText(text, peer) {
    messages.set(peer.port, (messages.get(peer.port) ?? "") + text);
  },
  onDone(peer) {
    console.log(escapeControls(messages.get(peer.port) ?? ""));
    messages.delete(peer.port);
  },
  onError: (error) => console.error(error.message),
});
console.log("port", server.addr.port);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => server.shutdown());
}

function escapeControls(text: string) {
  return text.replace(/\p{Cc}/gu, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return `\\x${hex.padStart(2, "0")}`;
  });
}
