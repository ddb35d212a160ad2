#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A TCP client. It prints what the server says, answers with a message of its
 * own as soon as anything has arrived, and listens to the end.
 *
 * @module
 */

import * as cli from "./cli.ts";

/** Options for {@linkcode exchange}. */
export interface ExchangeOptions {
  /** Address or name of the server. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port of the server. @default {1234} */
  port?: number;
  /** What to say, at once or as it comes. @default {"Message sent from client-side."} */
  message?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes that one read takes at most. @default {1024} */
  buffer?: number;
  /** Seconds of silence that end the conversation; 0: none. @default {30} */
  timeout?: number;
  /** Bytes that the server may send; 0: any number. @default {0} */
  maxBytes?: number;
  /** Seconds to keep trying while nobody listens there. @default {0} */
  wait?: number;
  /** Nobody listens there yet: we keep trying. */
  onRefused?(): void;
  /** We are connected: from this address of ours to that one of the server. */
  onOpen?(local: Deno.NetAddr, remote: Deno.NetAddr): void;
  /** Some bytes came; they are valid until what this returns has resolved. */
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
 * @throws {Deno.errors.ConnectionReset} If the server ends it out of order.
 * @throws {Deno.errors.TimedOut} If the silence lasts longer than `timeout`.
 * @throws {DOMException} A QuotaExceededError if more than `maxBytes` come.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export async function exchange(
  options: ExchangeOptions = {},
): Promise<cli.Totals> {
  const settings = cli.fill(options, FLAGS);
  const end = new AbortController();
  const { signal } = end;
  using meter = new cli.Meter(settings.timeout, (why) => end.abort(why));
  try {
    using conn = await connect(settings, meter, signal);
    await meter.pauseFor(settings.onOpen?.(conn.localAddr, conn.remoteAddr));
    const silence = closeOn(signal, conn);
    const arrival = Promise.withResolvers<void>();
    const said = arrival.promise.then(() => say(conn, settings, meter, end));
    said.catch(() => {}); // a server that stops listening is heard to its end
    await hear(conn, settings, meter, arrival.resolve);
    await Promise.race([said, silence]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
  const { received, sent, reads } = meter;
  return { received, sent, reads };
}

type Settings = cli.Filled<ExchangeOptions, typeof FLAGS>;

/** Connects; while nobody listens there, it tries again for `wait` seconds. */
async function connect(
  { hostname, port, wait, onRefused }: Settings,
  meter: cli.Meter,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const deadline = performance.now() + wait * 1000;
  for (let tries = 0;; tries++) {
    try {
      return await Deno.connect({ hostname, port, signal });
    } catch (error) {
      const refused = error instanceof Deno.errors.ConnectionRefused;
      if (!refused || performance.now() >= deadline) throw error;
    }
    if (tries === 0) await meter.pauseFor(onRefused?.());
    await meter.pauseFor(cli.sleep(0.05));
  }
}

/** Closes the connection when the signal comes, and rejects with its reason. */
function closeOn(signal: AbortSignal, conn: Deno.TcpConn): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {}); // mostly it comes while nobody waits for it
  signal.onabort = () => {
    conn[Symbol.dispose]();
    reject(signal.reason);
  };
  return promise;
}

/** Reports what the server says, read by read, until its end of stream. */
async function hear(
  conn: Deno.TcpConn,
  { buffer, maxBytes, onData }: Settings,
  meter: cli.Meter,
  onArrival: () => void,
): Promise<void> {
  const bytes = new Uint8Array(buffer);
  for (;;) {
    const n = await conn.read(bytes);
    onArrival(); // the first read counts; an end of stream has arrived, too
    if (n === null) break;
    meter.read(n);
    const excess = meter.excess(maxBytes);
    await meter.pauseFor(onData?.(bytes.subarray(0, n - excess)));
    if (excess > 0) throw cli.limit(`${maxBytes} bytes (maxBytes)`);
  }
}

/** Sends the message, and then says that there is no more to come. */
async function say(
  conn: Deno.TcpConn,
  { message }: Settings,
  meter: cli.Meter,
  end: AbortController,
): Promise<void> {
  const whole = typeof message === "string" || message instanceof Uint8Array;
  for await (const part of whole ? [message] : read(message, end)) {
    await cli.writeAll(conn, part, meter);
  }
  await conn.closeWrite();
}

/** Passes a message on; if it cannot be read to its end, nobody need wait. */
async function* read(message: AsyncIterable<Uint8Array>, end: AbortController) {
  try {
    yield* message;
  } catch (error) {
    end.abort(error);
    throw error;
  }
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name of the server"),
  port: cli.whole(1234, [1, 65_535], "port of the server"),
  message: cli.text(
    "Message sent from client-side.",
    "what to say; - is standard input",
  ),
  buffer: cli.whole(1024, [1, 2 ** 24], "most bytes that one read takes"),
  timeout: cli.seconds(30, "how long it may be silent; 0: for ever"),
  // None by default: this server was chosen, and what it sends is passed on.
  maxBytes: cli.whole(0, [0, 1e15], "most bytes to take; 0: any"),
  wait: cli.seconds(0, "how long to try while nobody listens"),
  verbose: cli.toggle("tell of connecting and closing, too"),
};

if (import.meta.main) {
  await cli.main({
    role: "client",
    file: "client.ts",
    about: "A TCP client: it prints what the server says, and answers once.",
    flags: FLAGS,
    example: ["--port", "8080", "--wait", "10", "--message", "Hello"],
    grant: cli.address,
    async run({ verbose, ...options }) {
      const totals = await cli.showing((show) =>
        exchange({
          ...options,
          message: options.message === "-" ? cli.input() : options.message,
          onRefused() {
            const at = cli.address(options);
            cli.tell(
              `nobody listens on ${at} yet; trying for ${options.wait} s`,
            );
          },
          onOpen: verbose ? cli.tellPath : undefined,
          onData: show,
        })
      );
      if (verbose) cli.tell(`over: ${cli.sum(totals)}`);
    },
  });
}
