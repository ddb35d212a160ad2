#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A TCP server. It greets every client, prints what the client says, and closes
 * when the client has said everything: many clients at once.
 *
 * @module
 */

import * as cli from "./cli.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends cli.Reports {
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
  /** Bytes that a client may send; 0: any number. @default {1048576} */
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
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.guard(cli.fill(options, FLAGS));
  settings.message = cli.encode(settings.message); // once for all clients
  const { hostname, port, backlog } = settings;
  const listener = Deno.listen({ hostname, port, tcpBacklog: backlog });
  const open = new cli.Crowd<Deno.TcpConn>();
  const finished = acceptAll(listener, open, settings);
  settings.onListen?.(listener.addr);
  return {
    addr: listener.addr,
    finished,
    async shutdown() {
      listener[Symbol.dispose]();
      await cli.within(GRACE, finished);
      open.forEach(close);
      await cli.within(1, finished);
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

/** Seconds that conversations in flight are given at a shutdown. */
const GRACE = 5;

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** Accepts clients until the listener is closed, and sees the last one out. */
async function acceptAll(
  listener: Deno.TcpListener,
  open: cli.Crowd<Deno.TcpConn>,
  settings: Settings,
): Promise<void> {
  const complain = cli.sparingly(settings.onError, listener.addr);
  for (;;) {
    try {
      const conn = await listener.accept();
      open.add(conn);
      converse(conn, settings).finally(() => open.delete(conn));
      if (settings.once) break;
      if (open.size < settings.maxConnections) continue;
      complain(cli.limit(`${open.size} connections (maxConnections)`));
      await open.departure(); // further clients wait in the backlog
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) break; // closed
      await survive(error as Error, complain);
    }
  }
  listener[Symbol.dispose]();
  await open.empty();
}

/** No failure to accept one client is a reason not to accept the next. */
async function survive(
  error: Error,
  complain: (error: Error) => void,
): Promise<void> {
  const { NotConnected, ConnectionAborted, ConnectionReset } = Deno.errors;
  const early = [NotConnected, ConnectionAborted, ConnectionReset];
  if (early.some((kind) => error instanceof kind)) {
    return complain(new Error("a client left before it was accepted"));
  }
  complain(error);
  // No descriptor or memory is left. That passes, but not at once.
  await cli.sleep(0.1);
}

/** Holds one conversation: what goes wrong in it is reported, and stays in it. */
async function converse(conn: Deno.TcpConn, settings: Settings): Promise<void> {
  const peer = conn.remoteAddr;
  let trouble: Error | undefined;
  function end(reason: Error) {
    trouble ??= reason;
    close(conn); // a read or a write that waits fails now
  }
  using meter = new cli.Meter(settings.timeout, end);
  // Meanwhile: a client that does not listen may still have something to say.
  const greeted = greet(conn, settings, meter).catch((e) => trouble ??= e);
  try {
    await hear(conn, settings, meter);
  } catch (error) {
    end(error as Error);
  }
  await greeted;
  close(conn);
  if (trouble) settings.onError?.(trouble, peer);
  settings.onDone?.(peer, meter);
}

/** Sends the message at once: in this conversation the server speaks first. */
async function greet(
  conn: Deno.TcpConn,
  { message }: Settings,
  meter: cli.Meter,
): Promise<void> {
  await cli.writeAll(conn, message, meter);
  // An empty greeting still has an end, for which the client can wait.
  if (message.length === 0) await conn.closeWrite();
}

/** Reports what the client says, read by read, until its end of stream. */
async function hear(
  conn: Deno.TcpConn,
  { buffer, maxBytes, onOpen, onText }: Settings,
  meter: cli.Meter,
): Promise<void> {
  const peer = conn.remoteAddr;
  await meter.pauseFor(onOpen?.(peer));
  const bytes = new Uint8Array(buffer);
  // A read may end inside a character: the decoder keeps the beginning of it
  // until the next read brings the rest.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  function report(text: string): Promise<void> | void {
    const shown = text ? onText?.(text, peer) : undefined;
    if (shown) return meter.pauseFor(shown);
  }
  for (;;) {
    const n = await conn.read(bytes);
    if (n === null) break; // the client's end of stream
    meter.read(n);
    const excess = meter.excess(maxBytes);
    const heard = bytes.subarray(0, n - excess);
    await report(decoder.decode(heard, { stream: true }));
    if (excess > 0) throw cli.limit(`${maxBytes} bytes (maxBytes)`);
  }
  await report(decoder.decode()); // a character that never became whole
}

function close(conn: Deno.TcpConn): void {
  conn[Symbol.dispose](); // unlike close(), it may be called twice
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name to listen on"),
  port: cli.whole(1234, [0, 65_535], "port; 0 takes any free one"),
  message: cli.text("Message from the server.", "greeting for every client"),
  once: cli.toggle("hold one conversation, then exit"),
  buffer: cli.whole(1024, [1, 2 ** 24], "most bytes that one read takes"),
  timeout: cli.seconds(30, "how long a client may be silent; 0: for ever"),
  maxBytes: cli.whole(
    2 ** 20,
    [0, 1e15],
    "most bytes that a client may send; 0: any",
  ),
  maxConnections: cli.whole(10_000, [1, 1e6], "most connections at once"),
  backlog: cli.whole(
    511,
    [0, 65_535],
    "most connections that wait to be accepted",
  ),
  verbose: cli.toggle("tell of each connection, too"),
};

if (import.meta.main) {
  await cli.main({
    role: "server",
    file: "server.ts",
    about: "A TCP server: it greets every client and prints what it says.",
    flags: FLAGS,
    example: ["--port", "8080", "--message", "Hello"],
    grant: cli.address,
    run: (options) => cli.runServer(serve, options),
  });
}
