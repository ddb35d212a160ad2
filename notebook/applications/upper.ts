/**
 * A small service for other processes: they send messages, and it sends each
 * back in capitals. It doesn't know over which kind of socket.
 *
 * It is a program, too, which listens on a Unix domain socket. What it is allowed
 * is named by its whole path:
 *
 * ```sh
 * deno run --allow-net=unix:$PWD/door --allow-read=$PWD/door --allow-write=$PWD/door notebook/applications/upper.ts $PWD/door
 * ```
 *
 * @module
 */

import type { Connection } from "../../lib/connection.ts";
import { escapeControls } from "../../lib/escape.ts";
import { frame, frames } from "../../lib/framing.ts";
import { withTimeout, writeAll } from "../../lib/io.ts";
import * as serving from "../../lib/serve.ts";
import { listenUnix } from "./unix.ts";

/** Bytes that a message may have. */
const MOST = 2 ** 20;

/** Options for {@linkcode serve}; `maxPerAddress` is 100 here. */
export interface ServeOptions<A extends Deno.Addr>
  extends serving.ServeOptions<A> {
  /** Seconds that a message, or its answer, may take; 0: any. @default {3600} */
  timeout?: number;
}

/**
 * Serves everybody who connects.
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
 * @param listener Where they connect: TCP, TLS, or a Unix domain socket.
 * @param options Overrides of the defaults.
 * @returns The server; it accepts already.
 */
export function serve<S extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<S, A>,
  { timeout = 3600, ...options }: ServeOptions<A> = {},
): serving.Server<A> {
  async function handle(conn: Connection<S>): Promise<void> {
    const messages = frames(conn, MOST);
    for (;;) {
      const { value: message } = await inTime(timeout, messages.next());
      if (!message) return;
      const text = decoder.decode(message).toUpperCase();
      await inTime(timeout, writeAll(conn, frame(encoder.encode(text))));
    }
  }
  return serving.serve(listener, handle, {
    maxPerAddress: 100,
    ...options,
  });
}

/** Waits for some work, but gives the other side up if it takes too long. */
async function inTime<T>(seconds: number, work: Promise<T>): Promise<T> {
  const done = await withTimeout(seconds, work.then((value) => ({ value })));
  if (done) return done.value;
  throw new Deno.errors.TimedOut(`without a whole message for ${seconds} s`);
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
  const server = await open(path);
  console.error(`listening on ${path}`);
  Deno.addSignalListener("SIGTERM", async () => {
    await server.shutdown(); // removes the file, too
    Deno.exit();
  });
}

/** Starts to serve at a path, or says in one line why that can't be. */
async function open(path = ""): Promise<serving.Server<Deno.UnixAddr>> {
  if (path === "") {
    console.error("upper.ts needs the path to listen on");
    Deno.exit(2);
  }
  try {
    return serve(await listenUnix(path));
  } catch (error) {
    const { name, message } = error as Error;
    console.error(
      `cannot listen on ${escapeControls(path)}: ${name}: ${message}`,
    );
    Deno.exit(1);
  }
}
