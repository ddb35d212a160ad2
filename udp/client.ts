#!/usr/bin/env -S deno run --allow-net=127.0.0.1:0,127.0.0.1:1234
/**
 * A UDP client. It sends a datagram, waits for the answer, and asks again where
 * none comes: what is lost on the way is told to nobody.
 *
 * @module
 */

import * as cli from "../cli.ts";

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
  /** Times to send the datagram at most. @default {3} */
  tries?: number;
  /** We have a socket: at this address of ours, for that one of the server. */
  onOpen?(local: Deno.NetAddr, remote: Deno.NetAddr): void;
  /** The answer came; its bytes are valid until what this returns has resolved. */
  onData?(bytes: Uint8Array): void | Promise<void>;
  /** No answer came in time to the try of this number. */
  onSilence?(attempt: number): void;
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
): Promise<cli.Totals> {
  const settings = cli.fill(options, FLAGS);
  const { hostname, port } = settings;
  const [socket, addresses] = await open(hostname);
  const server: Deno.NetAddr = { transport: "udp", hostname, port };
  try {
    settings.onOpen?.(socket.addr as Deno.NetAddr, server);
    const answer = hear(socket, addresses, settings);
    answer.catch(() => {}); // to close the socket ends it, when nobody waits
    const sent = await say(socket, server, answer, settings);
    const datagram = await answer;
    await settings.onData?.(datagram);
    return { received: datagram.length, sent, reads: 1 };
  } finally {
    socket.close();
  }
}

type Settings = cli.Filled<ExchangeOptions, typeof FLAGS>;

/** Opens a socket, and finds out at which addresses the host is. */
async function open(hostname: string): Promise<[Deno.DatagramConn, string[]]> {
  const transport = "udp";
  if (cli.isLoopback(hostname)) { // nobody outside needs to reach this socket
    const socket = Deno.listenDatagram({ transport, hostname, port: 0 });
    return [socket, [(socket.addr as Deno.NetAddr).hostname]];
  }
  const { lookup } = await import("node:dns/promises"); // slow, seldom needed
  const found = await lookup(hostname, { all: true });
  const any = found[0].family === 6 ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport, hostname: any, port: 0 });
  return [socket, found.map(({ address }) => address)];
}

/** Receives until a datagram comes from the server: anybody may send us one. */
async function hear(
  socket: Deno.DatagramConn,
  addresses: string[],
  { port, onStranger }: Settings,
): Promise<Uint8Array> {
  for (;;) {
    try {
      const [datagram, from] = await socket.receive();
      const peer = from as Deno.NetAddr;
      if (peer.port === port && addresses.includes(peer.hostname)) {
        return datagram;
      }
      onStranger?.(peer);
    } catch (error) {
      // Windows tells of a refusal here; elsewhere it is as silent as a loss.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }
}

/** Sends the message until an answer comes: the bytes that this took. */
async function say(
  socket: Deno.DatagramConn,
  server: Deno.NetAddr,
  answer: Promise<Uint8Array>,
  { message, timeout, tries, onSilence }: Settings,
): Promise<number> {
  let sent = 0;
  for (let attempt = 1; attempt <= tries; attempt++) {
    sent += await socket.send(cli.encode(message), server);
    if (await cli.within(timeout, answer)) return sent;
    onSilence?.(attempt);
  }
  throw new Deno.errors.TimedOut(
    "no answer; UDP cannot tell a lost datagram from a refused one",
  );
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name of the server"),
  port: cli.whole(1234, [1, 65_535], "port of the server"),
  message: cli.text(
    "Message sent from client-side.",
    "what to send",
    65_507,
  ),
  timeout: cli.seconds(1, "how long each try may take; 0: for ever"),
  tries: cli.whole(3, [1, 1000], "how often to send it while no answer comes"),
  verbose: cli.toggle("tell of both addresses, and of the end"),
};

if (import.meta.main) {
  await cli.main({
    role: "client",
    file: "udp/client.ts",
    about: "A UDP client: it sends a datagram and prints the answer to it.",
    flags: FLAGS,
    example: ["--port", "8080", "--tries", "5", "--message", "Hello"],
    grant({ hostname, port }) {
      const peer = { hostname, port };
      if (cli.isLoopback(hostname)) {
        return [{ hostname, port: 0 }, peer].map(cli.address).join();
      }
      // A name may stand for either family, and looking it up takes all ports.
      if (!/^[\d.]+$|:/.test(hostname)) return `0.0.0.0:0,[::]:0,${hostname}`;
      const any = hostname.includes(":") ? "[::]:0" : "0.0.0.0:0";
      return `${any},${cli.address(peer)}`;
    },
    async run({ verbose, ...options }) {
      const totals = await cli.showing((show) =>
        exchange({
          ...options,
          onData: show,
          onSilence(attempt) {
            const { tries, timeout } = options;
            cli.tell(`no answer to try ${attempt} of ${tries} in ${timeout} s`);
          },
          onStranger(peer) {
            cli.tell(`ignored a datagram from ${cli.address(peer)}`);
          },
          onOpen: verbose ? cli.tellPath : undefined,
        })
      );
      if (verbose) cli.tell(`over: ${cli.sum(totals)}`);
    },
  });
}
