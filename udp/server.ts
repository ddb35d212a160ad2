#!/usr/bin/env -S deno run --allow-net=127.0.0.1
/**
 * A UDP server. It prints every datagram and answers its sender: nobody
 * connects, so there is nobody to remember.
 *
 * @module
 */

import { formatAddress, isLoopback } from "../lib/address.ts";
import { type Answer, answerWith } from "../lib/answer.ts";
import { serve as serveSocket } from "../lib/datagrams.ts";
import * as flag from "../lib/flags.ts";
import { encode } from "../lib/io.ts";
import { main } from "../lib/program.ts";
import { guard, type Reports } from "../lib/reports.ts";
import type { Server } from "../lib/serve.ts";
import { runServer } from "../lib/service.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends Reports {
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
export function serve(options: ServeOptions = {}): Server {
  const settings = guard(flag.withDefaults(options, FLAGS));
  const { hostname, port, message } = settings;
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port });
  const answerTo = answerWith(encode(message), socket.addr as Deno.NetAddr);
  return serveSocket(
    socket,
    (datagram, peer) => converse(socket, datagram, peer, answerTo, settings),
    settings,
  );
}

type Settings = flag.WithDefaults<ServeOptions, typeof FLAGS>;

/** The conversation with one client. If it fails, the others never notice. */
async function converse(
  socket: Deno.DatagramConn,
  datagram: Uint8Array,
  peer: Deno.NetAddr,
  answerTo: Answer,
  { onText, onDone }: Settings,
): Promise<void> {
  // A datagram is a message: it comes as a whole, or not at all. And there is
  // no connection: each one says who sent it.
  const shown = onText?.(decoder.decode(datagram), peer);
  if (shown) await shown; // our output isn't read fast enough
  // We can't be sure who really sent it, because anybody can write any address
  // on it. So some get less than they ask for, or nothing.
  const answer = answerTo(datagram, peer);
  const sent = answer ? await socket.send(answer, peer) : 0;
  onDone?.(peer, { received: datagram.length, sent, reads: 1 });
}

// One for all datagrams: no character begins in one and ends in the next.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name to receive on"),
  port: flag.integer(1234, [0, 65_535], "port; 0 takes any free one"),
  message: flag.text(
    "Message from the server.",
    "answer to every datagram",
    65_507,
  ),
  once: flag.boolean("handle one datagram, then exit"),
  verbose: flag.boolean("report each datagram, too"),
};

/** The flags of this script. */
export const flags: flag.Flags = FLAGS;

/** What somebody might wonder at who sees the answers. */
function noteOn({ hostname }: Deno.NetAddr): string | undefined {
  if (isLoopback(hostname)) return undefined;
  return "beyond this machine an answer is shorter than its question";
}

if (import.meta.main) {
  await main({
    role: "server",
    file: "udp/server.ts",
    about: "A UDP server: it prints every datagram, and answers it.",
    flags: FLAGS,
    example: ["--port", "8080", "--message", "Hello"],
    // Every answer is checked, and who will ask is not known beforehand.
    grant({ hostname }) {
      if (!isLoopback(hostname)) return "";
      if (hostname === "localhost") return "localhost,127.0.0.1,[::1]";
      return formatAddress({ hostname });
    },
    run: (options, running) => runServer(serve, options, running, { noteOn }),
  });
}
