/**
 * A small service for other processes: they send messages, and it sends each
 * back in capitals. It does not know over which kind of socket.
 *
 * It is a program, too, which listens on a Unix domain socket. What it is allowed
 * is named by its whole path:
 *
 * ```sh
 * deno run --allow-net=unix:$PWD/door --allow-read=$PWD/door --allow-write=$PWD/door notebook/lib/upper.ts $PWD/door
 * ```
 *
 * @module
 */

import { writeAll } from "../../cli.ts";
import { frame, frames } from "./framing.ts";
import { serve as serveAll, type ServeOptions, type Server } from "./serve.ts";
import { listenUnix } from "./unix.ts";

/** Bytes that a message may have. */
const MOST = 2 ** 20;

/**
 * Serves whoever comes in.
 *
 * @example Over TCP
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ask, serve } from "./upper.ts";
 *
 * await using server = serve(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
 * using conn = await Deno.connect({ port: server.addr.port });
 * const said = ask(conn);
 * assertEquals(await said("hello"), "HELLO");
 * ```
 *
 * @param listener Where they come in: TCP, TLS, or a Unix domain socket.
 * @param options Overrides of the defaults.
 * @returns The server; it accepts already.
 */
export function serve<C extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<C, A>,
  options?: ServeOptions<A>,
): Server<A> {
  async function talk(conn: C): Promise<void> {
    for await (const message of frames(conn, MOST)) {
      const text = decoder.decode(message).toUpperCase();
      await writeAll(conn, frame(encoder.encode(text)));
    }
  }
  return serveAll(listener, talk, options);
}

/**
 * Prepares to ask such a service.
 *
 * @param conn The connection to it.
 * @returns A function that sends a text, and resolves to what comes back. One
 * question at a time: the answers come in the order of the questions.
 */
export function ask(
  conn: Deno.Conn<Deno.Addr>,
): (text: string) => Promise<string> {
  const answers = frames(conn, 3 * MOST); // capitals may be longer: ŉ is ʼN
  return async (text) => {
    await writeAll(conn, frame(encoder.encode(text)));
    const { value } = await answers.next();
    if (!value) throw new Deno.errors.UnexpectedEof("there was no answer");
    return decoder.decode(value);
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

if (import.meta.main) {
  const [path] = Deno.args;
  const server = serve(await listenUnix(path));
  console.error(`listening on ${path}`);
  Deno.addSignalListener("SIGTERM", async () => {
    await server.shutdown(); // removes the file, too
    Deno.exit();
  });
}
