#!/usr/bin/env -S deno run --allow-net=127.0.0.1
/**
 * A UDP server. It prints every datagram and answers it to whoever sent it:
 * nobody connects, so nobody has to be kept in mind.
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
  /** What answers every datagram. @default {"Message from the server."} */
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
 * const socket = Deno.listenDatagram({ transport: "udp", port: 0, hostname: "127.0.0.1" });
 * await socket.send(new Uint8Array(), server.addr); // no bytes, but a datagram
 * const [answer] = await socket.receive();
 * assertEquals(new TextDecoder().decode(answer), "Hello!");
 * socket.close();
 * ```
 *
 * @param options What is not to be as the defaults have it.
 * @returns The server; it receives already.
 * @throws {Deno.errors.AddrInUse} If another program has the port.
 * @throws {Deno.errors.AddrNotAvailable} If the address is not this machine's.
 * @throws {Deno.errors.PermissionDenied} If the port is kept for root.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.fill(options, FLAGS);
  const { hostname, port } = settings;
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port });
  const addr = socket.addr as Deno.NetAddr;
  const finished = receiveAll(socket, settings);
  settings.onListen?.(addr);
  return {
    addr,
    finished,
    async shutdown() {
      close(socket);
      await finished;
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** Receives datagrams until the socket is closed. */
async function receiveAll(
  socket: Deno.DatagramConn,
  settings: Settings,
): Promise<void> {
  const buffer = new Uint8Array(2 ** 16); // the rest of a longer one is lost
  for (;;) {
    try {
      const [datagram, peer] = await socket.receive(buffer);
      await converse(socket, datagram, peer as Deno.NetAddr, settings);
      if (settings.once) break;
    } catch (error) {
      if (isClosed(error)) break;
      settings.onError?.(error as Error, socket.addr as Deno.NetAddr);
      await pauseAfter(error);
    }
  }
  close(socket);
}

/**
 * On Windows an answer that nobody took makes the next receive fail. That
 * concerns one peer; other failures pass with time, and would come again at
 * once.
 */
async function pauseAfter(error: unknown): Promise<void> {
  if (error instanceof Deno.errors.ConnectionReset) return;
  await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Holds one conversation: what goes wrong in it is reported, and stays in it. */
async function converse(
  socket: Deno.DatagramConn,
  datagram: Uint8Array,
  peer: Deno.NetAddr,
  { message, onText, onError, onDone }: Settings,
): Promise<void> {
  // A datagram is a whole: no character of it comes in another one.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  await onText?.(decoder.decode(datagram), peer);
  try {
    const sent = await socket.send(cli.encode(message), peer);
    onDone?.(peer, { received: datagram.length, sent, reads: 1 });
  } catch (error) {
    if (isClosed(error)) throw error;
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

if (import.meta.main) {
  await cli.main({
    role: "server",
    file: "udp/server.ts",
    about: "A UDP server: it prints every datagram, and answers it.",
    flags: FLAGS,
    example: ["--port", "8080", "--message", "Hello"],
    // Every answer is checked, and no peer's port is known before it asks.
    grant: ({ hostname }) =>
      hostname === "localhost"
        ? "localhost,127.0.0.1,[::1]"
        : cli.address({ hostname }),
    run: (options) =>
      cli.runServer(() => serve({ ...options, ...cli.report(options) })),
  });
}
