#!/usr/bin/env -S deno run --allow-net=127.0.0.1
/**
 * A UDP server. It prints every datagram and answers its sender: nobody
 * connects, so there is nobody to keep in mind.
 *
 * @module
 */

import * as cli from "../cli.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends cli.Reports {
  /** Address or name to receive on. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port to receive on; 0 is any free one. @default {1234} */
  port?: number;
  /** The answer; beyond loopback shorter than its question. @default {"Message from the server."} */
  message?: string | Uint8Array;
  /** Whether one conversation is enough. @default {false} */
  once?: boolean;
}

/**
 * Starts a UDP server.
 *
 * @example Get an answer
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./server.ts";
 *
 * await using server = serve({ port: 0, message: "Hello!" });
 * const own = { transport: "udp", hostname: "127.0.0.1", port: 0 } as const;
 * const socket = Deno.listenDatagram(own);
 * await socket.send(new Uint8Array(), server.addr); // no bytes, but a datagram
 * const [answer] = await socket.receive();
 * assertEquals(new TextDecoder().decode(answer), "Hello!");
 * socket.close();
 * ```
 *
 * @param options Overrides of the defaults.
 * @returns The server; it receives already.
 * @throws {Deno.errors.AddrInUse} If another program has the port.
 * @throws {Deno.errors.AddrNotAvailable} If the address is not this machine's.
 * @throws {Deno.errors.PermissionDenied} If the port is kept for root.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.guard(cli.fill(options, FLAGS));
  const { hostname, port } = settings;
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port });
  const addr = socket.addr as Deno.NetAddr;
  const flight = { conversation: Promise.resolve() };
  const finished = receiveAll(socket, flight, settings);
  settings.onListen?.(addr);
  return {
    addr,
    finished,
    async shutdown() {
      await cli.within(GRACE, flight.conversation);
      close(socket);
      await cli.within(1, finished);
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

/** Seconds that a conversation in flight is given at a shutdown. */
const GRACE = 5;

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** Receives datagrams until the socket is closed. */
async function receiveAll(
  socket: Deno.DatagramConn,
  flight: { conversation: Promise<void> },
  settings: Settings,
): Promise<void> {
  const complain = cli.sparingly(settings.onError, socket.addr);
  const own = socket.addr as Deno.NetAddr;
  const answerTo = cli.answerWith(cli.encode(settings.message), own);
  const buffer = new Uint8Array(2 ** 16); // the rest of a longer one is lost
  for (;;) {
    try {
      const [datagram, from] = await socket.receive(buffer);
      const peer = from as Deno.NetAddr;
      const conversation = converse(socket, datagram, peer, answerTo, settings);
      flight.conversation = conversation;
      await conversation;
      if (settings.once) break;
    } catch (error) {
      if (isClosed(error)) break;
      await survive(error as Error, complain);
    }
  }
  close(socket);
}

/** No failure to receive one datagram is a reason not to receive the next. */
async function survive(
  error: Error,
  complain: (error: Error) => void,
): Promise<void> {
  // On Windows an answer that nobody took makes the next receive fail.
  if (error instanceof Deno.errors.ConnectionReset) {
    return complain(new Error("a client left before it was answered"));
  }
  complain(error);
  // No memory is left. That passes, but not at once.
  await cli.sleep(0.1);
}

// One for all datagrams: each is a whole, no character of it comes in another.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Holds one conversation: what goes wrong in it is reported, and stays in it. */
async function converse(
  socket: Deno.DatagramConn,
  datagram: Uint8Array,
  peer: Deno.NetAddr,
  answerTo: cli.Answer,
  { onText, onError, onDone }: Settings,
): Promise<void> {
  try {
    const shown = onText?.(decoder.decode(datagram), peer);
    if (shown) await shown; // the reader of our output is behind
    // Who sent it is not certain: some get less than they ask for, or nothing.
    const answer = answerTo(datagram, peer);
    const sent = answer ? await socket.send(answer, peer) : 0;
    onDone?.(peer, { received: datagram.length, sent, reads: 1 });
  } catch (error) {
    onError?.(error as Error, peer);
  }
}

function isClosed(error: unknown): boolean {
  const { BadResource, Interrupted } = Deno.errors;
  return error instanceof BadResource || error instanceof Interrupted;
}

function close(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name to receive on"),
  port: cli.whole(1234, [0, 65_535], "port; 0 takes any free one"),
  message: cli.text(
    "Message from the server.",
    "answer to every datagram",
    65_507,
  ),
  once: cli.toggle("answer one datagram, then exit"),
  verbose: cli.toggle("tell of each datagram, too"),
};

/** Starts the server, and says what a stranger might wonder at. */
function serveNoting(options: ServeOptions): cli.Server {
  const server = serve(options);
  if (!cli.isLoopback(server.addr.hostname)) {
    cli.tell("beyond this machine an answer is shorter than its question");
  }
  return server;
}

if (import.meta.main) {
  await cli.main({
    role: "server",
    file: "udp/server.ts",
    about: "A UDP server: it prints every datagram, and answers it.",
    flags: FLAGS,
    example: ["--port", "8080", "--message", "Hello"],
    // Every answer is checked, and who will ask is not known beforehand.
    grant({ hostname }) {
      if (!cli.isLoopback(hostname)) return "";
      if (hostname === "localhost") return "localhost,127.0.0.1,[::1]";
      return cli.address({ hostname });
    },
    run: (options) => cli.runServer(serveNoting, options),
  });
}
