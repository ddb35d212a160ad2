#!/usr/bin/env -S deno run --allow-net=127.0.0.1:0,127.0.0.1:1234
/**
 * A UDP client. It sends a datagram, waits for the answer, and asks again where
 * none comes: nothing reports what is lost on the way.
 *
 * @module
 */

import {
  canonical,
  formatAddress,
  isAddress,
  localFor,
  resolve,
} from "../lib/address.ts";
import type { Totals } from "../lib/connection.ts";
import * as flag from "../lib/flags.ts";
import { encode, withTimeout } from "../lib/io.ts";
import { describePath, summarize } from "../lib/log.ts";
import { main } from "../lib/program.ts";
import { printing } from "../lib/stdio.ts";

/** Options for {@linkcode exchange}. */
export interface ExchangeOptions {
  /** Address or name of the server. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port of the server. @default {1234} */
  port?: number;
  /** What to send. @default {"Message sent from client-side."} */
  message?: string | Uint8Array;
  /** Seconds that each try waits for an answer; 0: for ever. @default {1} */
  timeout?: number;
  /** Times to send the datagram at most, to each address. @default {3} */
  tries?: number;
  /** We ask: from this address of ours, at that one of the server. */
  onOpen?(local: Deno.NetAddr, remote: Deno.NetAddr): void;
  /** The answer came; its bytes are valid until what this returns has resolved. */
  onData?(bytes: Uint8Array): void | Promise<void>;
  /** No answer came in time to the try of this number. */
  onTimeout?(attempt: number): void;
  /** A datagram came from somebody else, and is ignored. */
  onStranger?(peer: Deno.NetAddr): void;
}

/**
 * Holds one conversation with a server.
 *
 * @example Ask and be answered
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exchange } from "./client.ts";
 * import { serve } from "./server.ts";
 *
 * await using server = serve({ port: 0 });
 * const { received, sent } = await exchange({ port: server.addr.port });
 * assertEquals(received, "Message from the server.".length);
 * assertEquals(sent, "Message sent from client-side.".length);
 * ```
 *
 * @param options Overrides of the defaults.
 * @returns The bytes that went either way; sent again counts again.
 * @throws {Deno.errors.TimedOut} If no try was answered in time.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export async function exchange(
  options: ExchangeOptions = {},
): Promise<Totals> {
  const settings = flag.withDefaults(options, FLAGS);
  const paths = await openAll(settings);
  try {
    const answer = Promise.race(
      paths.map((path) => receiveAnswer(path, settings)),
    );
    answer.catch(() => {}); // to close a socket ends it, when nobody waits
    const sent = await sendUntilAnswered(paths, answer, settings);
    const datagram = await answer;
    await settings.onData?.(datagram);
    return { received: datagram.length, sent, reads: 1 };
  } finally {
    for (const { socket } of paths) socket.close();
  }
}

type Settings = flag.WithDefaults<ExchangeOptions, typeof FLAGS>;

/** A socket of ours, and the address of the server that we ask from it. */
interface Path {
  socket: Deno.DatagramConn;
  server: Deno.NetAddr;
}

/** Opens a socket for each address of the server: a name may have several. */
async function openAll({ hostname, port }: Settings): Promise<Path[]> {
  const paths: Path[] = [];
  let failure: unknown;
  for (const address of await resolve(hostname)) {
    try {
      const server = { transport: "udp", hostname: address, port } as const;
      const own = { ...server, hostname: localFor(address), port: 0 };
      paths.push({ socket: Deno.listenDatagram(own), server });
    } catch (error) { // this machine may lack one of the two families
      failure ??= error;
    }
  }
  if (paths.length === 0) throw failure;
  return paths;
}

/** Receives until a datagram comes from the server: anybody may send us one. */
async function receiveAnswer(
  { socket, server }: Path,
  { onStranger }: Settings,
): Promise<Uint8Array> {
  const hostname = canonical(server.hostname);
  for (;;) {
    try {
      const [datagram, from] = await socket.receive();
      const peer = from as Deno.NetAddr;
      if (peer.port === server.port && canonical(peer.hostname) === hostname) {
        return datagram;
      }
      onStranger?.(peer);
    } catch (error) {
      // Windows reports a refusal here; elsewhere it's as silent as a loss.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }
}

/** Sends the message until an answer comes: the bytes that this took. */
async function sendUntilAnswered(
  paths: Path[],
  answer: Promise<Uint8Array>,
  { message, timeout, tries, onOpen, onTimeout }: Settings,
): Promise<number> {
  let sent = 0;
  const open = new Set(paths);
  for (let attempt = 1; attempt <= tries; attempt++) {
    for (const path of open) {
      const { socket, server } = path;
      if (attempt === 1) onOpen?.(socket.addr as Deno.NetAddr, server);
      try {
        sent += await socket.send(encode(message), server);
      } catch (error) { // unreachable, but another address may not be
        if (open.size === 1) throw error;
        open.delete(path);
      }
      if (open.size > 1 && await withTimeout(HEAD_START, answer)) return sent;
    }
    if (await withTimeout(timeout, answer)) return sent;
    onTimeout?.(attempt);
  }
  throw new Deno.errors.TimedOut(
    "no answer; UDP cannot tell a lost datagram from a refused one",
  );
}

/** Seconds until the next address is asked, too (RFC 8305). */
const HEAD_START = 0.25;

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name of the server"),
  port: flag.integer(1234, [1, 65_535], "port of the server"),
  message: flag.text(
    "Message sent from client-side.",
    "what to send",
    65_507,
  ),
  timeout: flag.seconds(1, "how long each try may take; 0: for ever"),
  tries: flag.integer(
    3,
    [1, 1000],
    "how many times to send while no answer comes",
  ),
  verbose: flag.boolean("report both addresses, and the end"),
};

/** The flags of this script. */
export const flags: flag.Flags = FLAGS;

/** To ask at an address takes that, and any free port of our own. */
function grantAt(hostname: string, port: number): string {
  const own = { hostname: localFor(hostname), port: 0 };
  return [own, { hostname, port }].map(formatAddress).join();
}

if (import.meta.main) {
  await main({
    role: "client",
    file: "udp/client.ts",
    about: "A UDP client: it sends a datagram and prints the answer to it.",
    flags: FLAGS,
    example: ["--port", "8080", "--tries", "5", "--message", "Hello"],
    grant({ hostname, port }) {
      if (hostname === "localhost") {
        const both = ["127.0.0.1", "::1"].map((own) => grantAt(own, port));
        return ["localhost", ...both].join(); // to look it up, and to ask there
      }
      // Which addresses a name stands for is not known beforehand.
      return isAddress(hostname) ? grantAt(hostname, port) : "";
    },
    async run({ verbose, ...options }, { log }) {
      const totals = await printing((print) =>
        exchange({
          ...options,
          onData: print,
          onTimeout(attempt) {
            const { tries, timeout } = options;
            log(`no answer to try ${attempt} of ${tries} in ${timeout} s`);
          },
          onStranger(peer) {
            log(`ignored a datagram from ${formatAddress(peer)}`);
          },
          onOpen: verbose
            ? (local, remote) => log(describePath(local, remote))
            : undefined,
        })
      );
      if (verbose) log(`over: ${summarize(totals)}`);
    },
  });
}
