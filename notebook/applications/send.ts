#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234 --allow-read=.
/**
 * Sends a file over TCP to `receive.ts`, which says how that goes. If the
 * connection breaks, send the same file again: it resumes where it stopped.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { ProgressBar } from "@std/cli/unstable-progress-bar";
import { format as formatBytes } from "@std/fmt/bytes";
import { formatAddress } from "../../lib/address.ts";
import { Connection, watchIdle } from "../../lib/connection.ts";
import { FileError } from "../../lib/errors.ts";
import { escapeControls } from "../../lib/escape.ts";
import * as flag from "../../lib/flags.ts";
import { ByteReader } from "../../lib/framing.ts";
import { writeAll } from "../../lib/io.ts";
import { Output } from "../../lib/output.ts";
import { main } from "../../lib/program.ts";
import { Patience } from "../../lib/ticker.ts";

/** Options for {@linkcode send}. */
export interface SendOptions {
  /** Address or name of the receiver. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port of the receiver. @default {1234} */
  port?: number;
  /** What the file is called there. @default {"" (its own name)} */
  name?: string;
  /** Seconds of silence that end a transfer; 0: none. @default {30} */
  timeout?: number;
  /**
   * Seconds for which the receiver may say nothing but WAIT, which it does while
   * it reads what it has; 0: for ever. @default {3600}
   */
  maxWait?: number;
  /** So many bytes of the file are read for its SHA-256. */
  onRead?(bytes: number, size: number): void;
  /**
   * The receiver has these bytes already. 0: it turned out that what it had was
   * damaged, and all of the file is sent after all.
   */
  onResume?(bytes: number): void;
  /** So many bytes of the file are on their way. */
  onProgress?(bytes: number, size: number): void;
}

/** What was sent. */
export interface Sent {
  /** Bytes of the file. */
  size: number;
  /** Bytes that had to be sent; usually the rest was there. */
  sent: number;
  /** Its SHA-256, in hexadecimal digits, which the receiver has found, too. */
  digest: string;
}

/**
 * Sends a file. It is read twice: first for its SHA-256, by which the receiver
 * knows what it has of it.
 *
 * @example To a receiver that has it already
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./receive.ts";
 * import { send } from "./send.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await using server = serve({ port: 0, folder });
 * const file = `${folder}/greeting.txt`;
 * await Deno.writeTextFile(file, "Hello");
 * const { size, sent } = await send(file, { port: server.addr.port });
 * assertEquals({ size, sent }, { size: 5, sent: 0 });
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path The file.
 * @param options Overrides of the defaults.
 * @returns What was sent; the receiver has confirmed it.
 * @throws {FileError} If it is no file, or has a name that nobody takes.
 * @throws {Deno.errors.InvalidData} If the receiver says no, with its reason.
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {Deno.errors.ConnectionRefused} If nobody listens there.
 * @throws {Deno.errors.TimedOut} If the receiver was silent for too long.
 * @throws {DOMException} A `QuotaExceededError`, if it said WAIT for too long.
 */
export async function send(
  path: string,
  options: SendOptions = {},
): Promise<Sent> {
  const settings = flag.withDefaults(options, FLAGS);
  const name = settings.name || path.split(/[/\\]/).at(-1)!;
  await check(path, name);
  using file = await Deno.open(path);
  const { size, digest } = await measure(file, settings.onRead);
  using conn = new Connection(await connect(settings));
  using _watch = watchIdle(conn, settings.timeout);
  // WAIT breaks the silence, but not for ever: it doesn't renew our patience.
  using patience = new Patience(settings.maxWait, () => {
    conn.abort(waitedTooLong(settings));
  });
  try {
    const reader = new ByteReader(conn);
    const to = { conn, reader, patience, onProgress: settings.onProgress };
    await writeAll(conn, `FILE ${size} ${digest} ${name}\n`);
    const from = await readFrom(to, size);
    if (from > 0) settings.onResume?.(from);
    let reply = await sendFrom(from, file, size, to);
    let sent = size - from;
    if (from > 0 && reply === "FROM 0") { // what it had was of no use
      settings.onResume?.(0);
      reply = await sendFrom(0, file, size, to);
      sent += size;
    }
    if (reply !== "DONE") throw unexpected(reply);
    return { size, sent, digest };
  } catch (error) {
    throw conn.reason ?? error;
  }
}

type Settings = flag.WithDefaults<SendOptions, typeof FLAGS>;

async function connect(
  { hostname, port, timeout }: Settings,
): Promise<Deno.TcpConn> {
  const signal = timeout ? AbortSignal.timeout(timeout * 1000) : undefined;
  try {
    return await Deno.connect({ hostname, port, signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new Deno.errors.TimedOut(`silent for ${timeout} s`);
  }
}

function waitedTooLong({ maxWait }: { maxWait: number }): Error {
  const words = `it has said WAIT for ${maxWait} s (maxWait)`;
  return new DOMException(words, "QuotaExceededError");
}

/** The receiver, and what watches over the transfer to it. */
interface Receiver {
  conn: Connection;
  reader: ByteReader;
  /** Ends when nothing but WAIT is said. */
  patience: Patience;
  onProgress: SendOptions["onProgress"];
}

/** Bytes that are read, and sent, at once. */
const PIECE = 2 ** 18;

/** Refuses what cannot be sent, before anybody is asked to take it. */
async function check(path: string, name: string): Promise<void> {
  const { isFile, isDirectory } = await Deno.stat(path);
  if (!isFile) {
    const what = isDirectory ? "folder" : "stream or device";
    throw new FileError(`${path} is a ${what}; what can be sent is a file`);
  }
  if (escapeControls(name) !== name) { // a newline would end our own line
    throw new FileError(
      `the name ${
        escapeControls(name)
      } is not plain; give it another with --name`,
    );
  }
}

/** Finds out how long a file is, and what its SHA-256 is. */
async function measure(
  file: Deno.FsFile,
  onRead: SendOptions["onRead"],
): Promise<{ size: number; digest: string }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(PIECE);
  const expected = (await file.stat()).size;
  let size = 0;
  for (let n; (n = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, n));
    size += n;
    onRead?.(size, expected);
  }
  return { size, digest: hash.digest("hex") };
}

/** Reads from where the receiver wants to have it. */
async function readFrom(to: Receiver, size: number): Promise<number> {
  const line = await readReply(to);
  const from = /^FROM (\d{1,15})$/.exec(line)?.[1];
  if (from === undefined || Number(from) > size) throw unexpected(line);
  return Number(from);
}

/** Reads what the receiver says, once it has said WAIT often enough. */
async function readReply({ reader, patience }: Receiver): Promise<string> {
  for (;;) {
    if (await reader.atEnd()) {
      throw new Deno.errors.UnexpectedEof(
        "the receiver is gone; send the file again, and it resumes from there",
      );
    }
    const line = await reader.readLine(1000);
    if (line === "WAIT") continue;
    patience.renew();
    if (!line.startsWith("NO ")) return line;
    const why = escapeControls(line.slice(3));
    throw new Deno.errors.InvalidData(`the receiver says no: ${why}`);
  }
}

function unexpected(line: string): Error {
  const words = `"${escapeControls(line)}" is not what a receiver says`;
  return new Deno.errors.InvalidData(words);
}

/** Sends a file from somewhere to its end; resolves to what is said of it. */
async function sendFrom(
  from: number,
  file: Deno.FsFile,
  size: number,
  to: Receiver,
): Promise<string> {
  let replied = false; // a receiver may say no before it has all
  const reply = readReply(to).finally(() => replied = true);
  reply.catch(() => to.conn[Symbol.dispose]()); // a write that waits fails now
  await file.seek(from, Deno.SeekMode.Start);
  const piece = new Uint8Array(PIECE);
  let sent = from;
  while (sent < size && !replied) {
    const n = await file.read(piece);
    if (n === null) { // it has become shorter: the receiver will notice
      await to.conn.closeWrite();
      return await reply;
    }
    try {
      await writeAll(to.conn, piece.subarray(0, n));
    } catch (error) {
      await reply; // it has a better reason, if there is one
      throw error;
    }
    sent += n;
    to.patience.renew();
    to.onProgress?.(sent, size);
  }
  // There is no need to say that no more comes: the size was said at first. Some
  // proxies pass on the end of one direction as the end of both.
  const line = await reply;
  if (sent < size) throw unexpected(line); // it cannot have all of it
  return line;
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name of the receiver"),
  port: flag.integer(1234, [1, 65_535], "port of the receiver"),
  file: flag.required("FILE", "the file"),
  name: flag.text("", "its name at the receiver, if not its own"),
  timeout: flag.seconds(30, "how long the receiver may be silent; 0: for ever"),
  maxWait: flag.seconds(3600, "how long it may only say WAIT; 0: for ever"),
  verbose: flag.boolean("report how much was sent, and in what time"),
};

/** A bar on a terminal that shows how far something has come. */
function drawBar(max: number, what: string): ProgressBar {
  return new ProgressBar({
    max,
    clear: true,
    formatter: ({ styledTime, progressBar, value, max }) =>
      `${styledTime} [${progressBar}] ${formatBytes(value)} of ` +
      `${formatBytes(max)} ${what}`,
  });
}

if (import.meta.main) {
  await main({
    role: "client",
    file: "notebook/applications/send.ts",
    about: "Sends a file to receive.ts, and prints its SHA-256, as sha256sum " +
      "does.\nIf the connection breaks, send it again: it resumes.",
    flags: FLAGS,
    example: ["--port", "8080", "--file", "holiday.jpg"],
    grant: formatAddress,
    also: ({ file }) => [`--allow-read=${file}`],
    async run({ file, verbose, ...options }, { log }) {
      let bar: ProgressBar | undefined;
      async function show(bytes: number, size: number, what: string) {
        if (!Deno.stderr.isTerminal()) return;
        bar ??= drawBar(size, what);
        bar.value = bytes;
        if (bytes < size) return;
        const done = bar;
        bar = undefined; // the next one is of something else
        await done.stop();
      }
      const begin = performance.now();
      const { digest, sent } = await send(file, {
        ...options,
        onRead: (bytes, size) => void show(bytes, size, "read"),
        onResume(bytes) {
          if (bytes > 0) log(`${formatBytes(bytes)} are there already`);
          else log("what was there is damaged; all of it is sent");
        },
        onProgress: (bytes, size) => void show(bytes, size, "sent"),
      }).finally(() => bar?.stop());
      const output = new Output(log);
      output.write(`${digest}  ${file}\n`);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      if (verbose) log(`${formatBytes(sent)} sent in ${seconds} s`);
      await output.flush();
    },
  });
}
