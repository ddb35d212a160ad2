#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234 --allow-read=incoming --allow-write=incoming
/**
 * Receives files over TCP. A file gets its name only once it is complete and its
 * SHA-256 matches. If the connection breaks, what came is kept aside; sent again,
 * the file resumes where it stopped.
 *
 * The sender says in a line what will come, learns where to begin, sends the
 * bytes, and learns whether they are right:
 *
 * ```
 * sender    FILE 1048576 30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58 photo.jpg
 * receiver  FROM 0
 * sender    (1048576 bytes)
 * receiver  DONE
 * ```
 *
 * Instead of FROM or DONE it may say NO, and why. In between it says WAIT, every
 * second: it is still there, and at work. Where the sender was told to resume and
 * the whole is wrong after all, the beginning was damaged, perhaps by somebody who
 * sent it: the receiver then says FROM 0 once more, instead of DONE.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";
import type { Connection } from "../../lib/connection.ts";
import * as flag from "../../lib/flags.ts";
import { ByteReader } from "../../lib/framing.ts";
import { untilAborted, withTimeout, writeAll } from "../../lib/io.ts";
import { main } from "../../lib/program.ts";
import { attempt, type Reports } from "../../lib/reports.ts";
import { serve as serveListener, type Server } from "../../lib/serve.ts";
import { runServer } from "../../lib/service.ts";
import { MAX_OFFER, type Offer, parseOffer, Refusal } from "./offer.ts";
import type { Part } from "./part.ts";
import { Store } from "./store.ts";

/** A file that has been received. */
export interface Received {
  /** Where it is. */
  path: string;
  /** Bytes it has. */
  size: number;
  /** Its SHA-256, in hexadecimal digits. */
  digest: string;
}

/** Options for {@linkcode serve}. */
export interface ServeOptions extends Reports {
  /** Address or name to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port to listen on; 0 is any free one. @default {1234} */
  port?: number;
  /** Folder for the files; it is made if there is none. @default {"incoming"} */
  folder?: string;
  /** Bytes that a file may have; 0: any number. @default {0} */
  maxBytes?: number;
  /** Seconds of silence that end a transfer; 0: none. @default {30} */
  timeout?: number;
  /**
   * Bytes that have to come on average in each second for which a sender is
   * waited for, taken over as many seconds as may be silent; 0: any number.
   * @default {1000}
   */
  minRate?: number;
  /**
   * Connections at once from one address, of a hundred in all; 0: any number.
   * This machine's own aren't counted. @default {10}
   */
  maxPerAddress?: number;
  /** Days that a part of a file is kept for its sender; 0: for ever. @default {7} */
  keepDays?: number;
  /** A file is complete, and has its name. */
  onFile?(file: Received, peer: Deno.NetAddr): void;
}

/**
 * Starts to receive files.
 *
 * @example A file of five bytes
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { send } from "./send.ts";
 * import { serve } from "./receive.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/greeting.txt`, "Hello");
 * await using server = serve({ port: 0, folder: `${folder}/in` });
 * await send(`${folder}/greeting.txt`, { port: server.addr.port });
 * assertEquals(await Deno.readTextFile(`${folder}/in/greeting.txt`), "Hello");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param options Overrides of the defaults.
 * @returns The server; it listens already.
 * @throws {Deno.errors.AddrInUse} If another program has the port.
 * @throws {FileError} If nothing can be stored in the folder.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address or
 * the folder.
 */
export function serve(options: ServeOptions = {}): Server {
  const settings = flag.withDefaults(options, FLAGS);
  const { hostname, port, folder, keepDays } = settings;
  const store = new Store(folder, keepDays);
  const listener = Deno.listen({ hostname, port });
  return serveListener(listener, (conn) => handle(conn, store, settings), {
    ...settings,
    maxConnections: 100,
    refusal: "NO there are too many connections from this address\n",
  });
}

type Settings = flag.WithDefaults<ServeOptions, typeof FLAGS>;

/** Receives one file, or says why not. */
async function handle(
  conn: Connection,
  store: Store,
  settings: Settings,
): Promise<void> {
  const end = new AbortController(); // of our patience, or of the connection
  const { signal } = end;
  const stop = (reason: Error) => end.abort(reason);
  conn.onIdle = stop; // it learns why before the connection is closed
  const atWork = setInterval(() => sendLine(conn, "WAIT").catch(stop), 1000);
  let verdict = "DONE";
  let failure: Error | undefined;
  try {
    const source = new PacedReader(conn, settings, signal);
    const reader = new ByteReader(source, PIECE);
    const offer = parseOffer(
      await reader.readLine(MAX_OFFER),
      settings.maxBytes,
    );
    source.restart(); // it may be a person who types
    await receiveFile(offer, { conn, reader, store, signal });
    const { size, digest, name } = offer;
    const file = { path: store.path(name), size, digest };
    await conn.pauseFor(reportFile(file, conn.remoteAddr, settings));
  } catch (error) {
    failure = error as Error;
    verdict = `NO ${reasonFor(failure)}`;
  }
  clearInterval(atWork);
  // It may be gone, or not listening. Then it learns that when it tries again.
  await withTimeout(1, sendLine(conn, verdict).catch(() => {}));
  if (failure) throw failure;
}

/** Reports a file to the caller, whose faults are no business of the sender. */
function reportFile(
  file: Received,
  peer: Deno.NetAddr,
  { onFile, onError }: Settings,
): Promise<void> | void {
  return attempt(() => onFile?.(file, peer), (error) => {
    attempt(() => onError?.(error, peer), console.error);
  });
}

/** What a sender learns: what is wrong with our disk is no business of theirs. */
function reasonFor(error: Error): string {
  const { InvalidData, UnexpectedEof, TimedOut } = Deno.errors;
  const kinds = [InvalidData, UnexpectedEof, TimedOut];
  const isTheirs = kinds.some((kind) => error instanceof kind);
  return isTheirs ? error.message : "it cannot be stored here";
}

async function sendLine(conn: Connection, line: string): Promise<void> {
  await writeAll(conn, `${line}\n`);
}

/**
 * What a sender sends, as long as it comes fast enough: a byte now and then is
 * no silence, but would keep its place, and its part, for ever.
 */
class PacedReader {
  #conn: Connection;
  #signal: AbortSignal;
  #rate: number;
  #window: number;
  #bytes = 0;
  #waited = 0;

  constructor(
    conn: Connection,
    { minRate, timeout }: Settings,
    signal: AbortSignal,
  ) {
    this.#conn = conn;
    this.#signal = signal;
    this.#rate = minRate;
    this.#window = timeout * 1000;
  }

  /** Reads some, unless the signal comes first. */
  async read(buffer: Uint8Array): Promise<number | null> {
    const begin = performance.now();
    const n = await untilAborted(this.#conn.read(buffer), this.#signal);
    this.#count(n ?? 0, performance.now() - begin);
    return n;
  }

  /** Forgets how fast it was. */
  restart(): void {
    this.#bytes = 0;
    this.#waited = 0;
  }

  #count(n: number, waited: number): void {
    // A longer silence is not possible: it was our machine that slept.
    if (waited > this.#window) return this.restart();
    this.#bytes += n;
    this.#waited += waited; // the time that we take ourselves is not theirs
    if (this.#waited < this.#window) return;
    if (this.#bytes < this.#rate * this.#window / 1000) {
      const words = `slower than ${this.#rate} bytes a second`;
      throw new Deno.errors.TimedOut(words);
    }
    this.restart();
  }
}

/** Bytes that are read, and stored, at once. */
const PIECE = 2 ** 18;

/** A sender, and where its file goes. */
interface Transfer {
  conn: Connection;
  reader: ByteReader;
  store: Store;
  signal: AbortSignal;
}

/** Stores what is offered under its name, once it is complete and right. */
async function receiveFile(offer: Offer, transfer: Transfer): Promise<void> {
  const { conn, store, signal } = transfer;
  using part = await conn.pauseFor(store.begin(offer, signal));
  if (!part) { // the sender has not heard that we have it
    return await sendLine(conn, `FROM ${offer.size}`);
  }
  const from = part.have;
  await receiveRest(part, offer, transfer);
  let isRight = part.isRight();
  if (!isRight && from > 0) {
    // The beginning is to blame. Anybody could have sent that; but now the lock
    // is ours, and all of it comes from one.
    await part.restart();
    await receiveRest(part, offer, transfer);
    isRight = part.isRight();
  }
  if (!isRight) {
    await part.remove(); // there is nothing to resume
    throw new Refusal("the SHA-256 of what came is another one");
  }
  await conn.pauseFor(store.commit(part, offer));
}

/** Receives what is missing of a file. */
async function receiveRest(
  part: Part,
  { name, size }: Offer,
  { conn, reader }: Transfer,
): Promise<void> {
  await sendLine(conn, `FROM ${part.have}`);
  while (part.have < size) {
    if (await reader.atEnd()) {
      throw new Deno.errors.UnexpectedEof(
        `${name} was interrupted; ${part.have} of its ${size} bytes are kept`,
      );
    }
    const piece = await reader.readSome(size - part.have);
    await conn.pauseFor(part.append(piece));
  }
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name to listen on"),
  port: flag.integer(1234, [0, 65_535], "port; 0 takes any free one"),
  folder: flag.text("incoming", "folder for the files"),
  maxBytes: flag.integer(0, [0, 1e15], "most bytes of a file; 0: no limit"),
  timeout: flag.seconds(30, "how long a sender may be silent; 0: for ever"),
  minRate: flag.integer(
    1000,
    [0, 1e9],
    "least bytes a second, over each --timeout; 0: none",
  ),
  maxPerAddress: flag.integer(
    10,
    [0, 100],
    "most connections from one address; 0: no limit",
  ),
  keepDays: flag.integer(
    7,
    [0, 36_500],
    "days to keep a part of a file; 0: for ever",
  ),
  verbose: flag.boolean("report each connection, too"),
};

if (import.meta.main) {
  await main({
    role: "server",
    file: "notebook/applications/receive.ts",
    about: "Receives files into a folder, and prints the SHA-256 of each, as " +
      "sha256sum does.",
    flags: FLAGS,
    example: ["--port", "8080", "--folder", "photos"],
    grant: formatAddress,
    also: ({ folder }) => [`--allow-read=${folder}`, `--allow-write=${folder}`],
    run(options, running) {
      return runServer(
        (all, output) => {
          function onFile({ digest, path }: Received): void {
            output.write(`${digest}  ${path}\n`);
          }
          return serve({ ...all, onFile });
        },
        options,
        running,
      );
    },
  });
}
