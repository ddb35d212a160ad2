#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A TCP server. It greets every client, prints what the client says, and closes
 * when the client has said everything: many clients at once.
 *
 * The conversation is here, and nothing else but the command line. How clients
 * are accepted, and what happens when one of them misbehaves, is the second file
 * to read: `lib/serve.ts`.
 *
 * @module
 */

import { formatAddress } from "./lib/address.ts";
import { putBack, takeBuffer } from "./lib/buffers.ts";
import type { Connection } from "./lib/connection.ts";
import { StreamDecoder } from "./lib/decoder.ts";
import { limitReached } from "./lib/errors.ts";
import * as flag from "./lib/flags.ts";
import { encode } from "./lib/io.ts";
import { main } from "./lib/program.ts";
import { guard, type Reports } from "./lib/reports.ts";
import { serve as serveListener, type Server } from "./lib/serve.ts";
import { runServer } from "./lib/service.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends Reports {
  /** Address or name to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port to listen on; 0 is any free one. @default {1234} */
  port?: number;
  /** What greets every client. @default {"Message from the server."} */
  message?: string | Uint8Array;
  /** Whether one conversation is enough. @default {false} */
  once?: boolean;
  /** Bytes that one read takes at most. @default {1024} */
  buffer?: number;
  /** Seconds of silence that end a conversation; 0: none. @default {30} */
  timeout?: number;
  /** Bytes that a client may send; 0: no limit. @default {1048576} */
  maxBytes?: number;
  /** Connections at once; further ones wait in the backlog. @default {10000} */
  maxConnections?: number;
  /** Connections that may wait to be accepted. @default {511} */
  backlog?: number;
}

/**
 * Starts a TCP server.
 *
 * @example Hear the greeting
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./server.ts";
 *
 * await using server = serve({ port: 0, message: "Hello!" });
 * using conn = await Deno.connect({ port: server.addr.port });
 * await conn.closeWrite(); // nothing to say
 * assertEquals(await new Response(conn.readable).text(), "Hello!");
 * ```
 *
 * @param options Overrides of the defaults.
 * @returns The server; it listens already.
 * @throws {Deno.errors.AddrInUse} If another program has the port.
 * @throws {Deno.errors.AddrNotAvailable} If the address is not this machine's.
 * @throws {Deno.errors.PermissionDenied} If the port is kept for root.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export function serve(options: ServeOptions = {}): Server {
  const settings = guard(flag.withDefaults(options, FLAGS));
  settings.message = encode(settings.message); // once for all clients
  const { hostname, port, backlog } = settings;
  const listener = Deno.listen({ hostname, port, tcpBacklog: backlog });
  // The loop around accept() is in lib/serve.ts. It gives us each client.
  return serveListener(listener, (conn) => converse(conn, settings), settings);
}

type Settings = flag.WithDefaults<ServeOptions, typeof FLAGS>;

/** The conversation with one client. If it throws, the others never notice. */
async function converse(conn: Connection, settings: Settings): Promise<void> {
  // We speak first, but we do not wait until all of it is out: a client that
  // does not read yet may have something to say.
  const greeting = greet(conn, settings);
  // If it fails while we still read, nobody waits for it yet, and an error that
  // nobody waits for ends a program. We get it below, where we do wait.
  greeting.catch(() => {});
  const { buffer, maxBytes, onText } = settings;
  const bytes = takeBuffer(buffer);
  // A read may end inside a character: the decoder keeps its first bytes.
  const decoder = new StreamDecoder();
  for (;;) {
    // A read is not a message. TCP carries bytes, and a read brings as many as
    // are there: half of what the client wrote, or two of its messages at once.
    const n = conn.count(await conn.socket.read(bytes));
    // The client has closed its sending side. It can still read: a connection
    // has two directions, and each ends by itself (half-close).
    if (n === null) break;
    // What is within the limit is shown, even if this read went beyond it.
    const excess = conn.excess(maxBytes);
    const text = decoder.decode(bytes.subarray(0, n - excess));
    const shown = text && onText?.(text, conn.remoteAddr);
    // If our output isn't read fast enough, we read no further (and don't count
    // that as the client's silence). Then the system's buffers fill, and TCP
    // slows the client down: that is flow control.
    if (shown) await conn.pauseFor(shown);
    if (excess > 0) throw limitReached(`${maxBytes} bytes (maxBytes)`);
  }
  putBack(bytes); // nothing is read into it any more
  const rest = decoder.end(); // a character that never became complete
  if (rest) await conn.pauseFor(onText?.(rest, conn.remoteAddr));
  await greeting;
}

/** Sends the message. */
async function greet(conn: Connection, { message }: Settings): Promise<void> {
  // One write may be short: it takes what fits into the system's buffer, and
  // returns how much that was. So we write again until nothing is left.
  for (let rest = message as Uint8Array; rest.length > 0;) {
    const n = await conn.socket.write(rest);
    conn.sent += n;
    rest = rest.subarray(n);
  }
  // The client answers when its first read brings something, or the end. With an
  // empty message there's only the end to send.
  if (message.length === 0) await conn.closeWrite();
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name to listen on"),
  port: flag.integer(1234, [0, 65_535], "port; 0 takes any free one"),
  message: flag.text("Message from the server.", "greeting for every client"),
  once: flag.boolean("handle one conversation, then exit"),
  buffer: flag.integer(1024, [1, 2 ** 24], "most bytes that one read takes"),
  timeout: flag.seconds(30, "how long a client may be silent; 0: for ever"),
  maxBytes: flag.integer(
    2 ** 20,
    [0, 1e15],
    "most bytes that a client may send; 0: no limit",
  ),
  maxConnections: flag.integer(10_000, [1, 1e6], "most connections at once"),
  backlog: flag.integer(
    511,
    [0, 65_535],
    "most connections waiting to be accepted",
  ),
  verbose: flag.boolean("report each connection, too"),
};

/** The flags of this script. */
export const flags: flag.Flags = FLAGS;

if (import.meta.main) {
  await main({
    role: "server",
    file: "server.ts",
    about: "A TCP server: it greets every client and prints what it says.",
    flags: FLAGS,
    example: ["--port", "8080", "--message", "Hello"],
    grant: formatAddress,
    run: (options, running) => runServer(serve, options, running),
  });
}
