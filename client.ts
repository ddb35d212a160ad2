#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A TCP client. It prints what the server says, answers with a message of its
 * own as soon as anything has arrived, and listens to the end.
 *
 * @module
 */

import { formatAddress } from "./lib/address.ts";
import { Connection, type Totals, watchIdle } from "./lib/connection.ts";
import { limitReached } from "./lib/errors.ts";
import * as flag from "./lib/flags.ts";
import { delay, writeAll } from "./lib/io.ts";
import { describePath, summarize } from "./lib/log.ts";
import { main } from "./lib/program.ts";
import { printing, readInput } from "./lib/stdio.ts";

/** Options for {@linkcode exchange}. */
export interface ExchangeOptions {
  /** Address or name of the server. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port of the server. @default {1234} */
  port?: number;
  /** What to say, in one piece or as it comes. @default {"Message sent from client-side."} */
  message?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes that one read takes at most. @default {1024} */
  buffer?: number;
  /** Seconds of silence that end the conversation; 0: none. @default {30} */
  timeout?: number;
  /** Bytes that the server may send; 0: no limit. @default {0} */
  maxBytes?: number;
  /** Seconds to keep trying while nobody listens there. @default {0} */
  wait?: number;
  /** Nobody listens there yet: we keep trying. */
  onRefused?(): void;
  /** We are connected: from this address of ours to that one of the server. */
  onOpen?(local: Deno.NetAddr, remote: Deno.NetAddr): void;
  /** Some bytes came. The next read, which overwrites them, waits for what this returns. */
  onData?(bytes: Uint8Array): void | Promise<void>;
}

/**
 * Holds one conversation with a server.
 *
 * @example Greet and be greeted
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
 * @returns The bytes that went either way, and the reads that it took.
 * @throws {Deno.errors.ConnectionRefused} If nobody listens there.
 * @throws {Deno.errors.ConnectionReset} If the server resets the connection.
 * @throws {Deno.errors.TimedOut} If the silence lasts longer than `timeout`.
 * @throws {DOMException} A QuotaExceededError if more than `maxBytes` come.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export async function exchange(options: ExchangeOptions = {}): Promise<Totals> {
  const settings = flag.withDefaults(options, FLAGS);
  using conn = new Connection(await connect(settings));
  using _watch = watchIdle(conn, settings.timeout);
  // We read from the beginning to the end. The first thing that arrives starts
  // the sending, which goes on while we read; at the end we wait for both.
  const arrival = Promise.withResolvers<void>();
  try {
    await conn.pauseFor(settings.onOpen?.(conn.localAddr, conn.remoteAddr));
    const sending = arrival.promise.then(() => sendMessage(conn, settings));
    // A server that no longer reads may still have something to say: we read on.
    sending.catch(() => {});
    await readToEnd(conn, settings, arrival.resolve);
    await Promise.race([sending, conn.aborted]);
  } catch (error) {
    throw conn.reason ?? error;
  }
  const { received, sent, reads } = conn;
  return { received, sent, reads };
}

type Settings = flag.WithDefaults<ExchangeOptions, typeof FLAGS>;

/** Connects; while nobody listens there, it tries again for `wait` seconds. */
async function connect(settings: Settings): Promise<Deno.TcpConn> {
  const { hostname, port, timeout, wait, onRefused } = settings;
  const deadline = performance.now() + wait * 1000;
  for (let tries = 0;; tries++) {
    // If nobody answers at all, the system itself would wait for two minutes.
    const signal = timeout ? AbortSignal.timeout(timeout * 1000) : undefined;
    try {
      return await Deno.connect({ hostname, port, signal });
    } catch (error) {
      if (signal?.aborted) {
        throw new Deno.errors.TimedOut(`silent for ${timeout} s`);
      }
      const refused = error instanceof Deno.errors.ConnectionRefused;
      if (!refused || performance.now() >= deadline) throw error;
    }
    if (tries === 0) await onRefused?.();
    await delay(0.05);
  }
}

/** Reports what the server says, read by read, until its end of stream. */
async function readToEnd(
  conn: Connection,
  { buffer, maxBytes, onData }: Settings,
  onArrival: () => void,
): Promise<void> {
  const bytes = new Uint8Array(buffer);
  for (;;) {
    // A read brings what is there: perhaps half of the message, perhaps all.
    const n = await conn.read(bytes);
    onArrival(); // the first read counts; an end of stream has arrived, too
    if (n === null) break;
    const excess = conn.excess(maxBytes);
    await conn.pauseFor(onData?.(bytes.subarray(0, n - excess)));
    if (excess > 0) throw limitReached(`${maxBytes} bytes (maxBytes)`);
  }
}

/** Sends the message, and then closes the sending side. */
async function sendMessage(
  conn: Connection,
  { message }: Settings,
): Promise<void> {
  const complete = typeof message === "string" || message instanceof Uint8Array;
  for await (const part of complete ? [message] : relay(message, conn)) {
    await writeAll(conn, part); // a single write may take only a part of it
  }
  // Half-close: the server reads our end of stream, and we can still read.
  await conn.closeWrite();
}

/** Passes a message on; if it can't be read to its end, it ends the connection. */
async function* relay(
  message: AsyncIterable<Uint8Array>,
  conn: Connection,
): AsyncGenerator<Uint8Array> {
  try {
    yield* message;
  } catch (error) {
    conn.abort(error as Error);
    throw error;
  }
}

// --- The command line --------------------------------------------------------
const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name of the server"),
  port: flag.integer(1234, [1, 65_535], "port of the server"),
  message: flag.text(
    "Message sent from client-side.",
    "what to say; - is standard input",
  ),
  buffer: flag.integer(1024, [1, 2 ** 24], "most bytes that one read takes"),
  timeout: flag.seconds(30, "how long the server may be silent; 0: for ever"),
  // No limit by default: you chose this server, and nothing of it is kept.
  maxBytes: flag.integer(0, [0, 1e15], "most bytes to take; 0: no limit"),
  wait: flag.seconds(0, "how long to try while nobody listens"),
  verbose: flag.boolean("report connecting and closing, too"),
};

/** The flags of this script. */
export const flags: flag.Flags = FLAGS;

if (import.meta.main) {
  await main({
    role: "client",
    file: "client.ts",
    about: "A TCP client: it prints what the server says, and answers once.",
    flags: FLAGS,
    example: ["--port", "8080", "--wait", "10", "--message", "Hello"],
    grant: formatAddress,
    async run({ verbose, ...options }, { log }) {
      const totals = await printing((print) =>
        exchange({
          ...options,
          message: options.message === "-" ? readInput() : options.message,
          onRefused() {
            const at = formatAddress(options);
            log(
              `nobody listens on ${at} yet; trying for ${options.wait} s`,
            );
          },
          onOpen: verbose
            ? (local, remote) => log(describePath(local, remote))
            : undefined,
          onData: print,
        })
      );
      if (verbose) log(`over: ${summarize(totals)}`);
    },
  });
}
