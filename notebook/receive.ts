#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234 --allow-read=incoming --allow-write=incoming
/**
 * Receives files over TCP. A file has its name only when it is whole: what was
 * torn is kept aside, and goes on where it stopped when it is sent again.
 *
 * Whoever sends says in a line what will come, is told where to begin, sends the
 * bytes, and is told whether they are right:
 *
 * ```
 * sender    FILE 1048576 30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58 photo.jpg
 * receiver  FROM 0
 * sender    (1048576 bytes)
 * receiver  DONE
 * ```
 *
 * Instead of FROM or DONE it may say NO, and why; and before FROM, any number of
 * times, WAIT: it is reading what it has already.
 *
 * @module
 */

import { createHash } from "node:crypto";
import * as cli from "../cli.ts";
import { ByteReader } from "./lib/framing.ts";
import { serve as serveAll } from "./lib/serve.ts";

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
export interface ServeOptions extends cli.Reports {
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
  /** A file is whole, and has its name. */
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
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address or
 * the folder.
 */
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.fill(options, FLAGS);
  const { hostname, port, folder, onListen, onError } = settings;
  Deno.mkdirSync(folder, { recursive: true });
  const listener = Deno.listen({ hostname, port });
  const server = serveAll(listener, (conn) => attend(conn, settings), {
    maxConnections: 100,
    onError,
  });
  onListen?.(listener.addr);
  return server;
}

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** What a sender says that will come. */
interface Offer {
  size: number;
  digest: string;
  name: string;
}

/** Why a file is not taken. */
class Refusal extends Deno.errors.InvalidData {}

/** Takes one file, or says why not. */
async function attend(conn: Deno.TcpConn, settings: Settings): Promise<void> {
  const peer = conn.remoteAddr;
  let silence: Error | undefined;
  using meter = new cli.Meter(settings.timeout, (reason) => {
    silence = reason;
    conn[Symbol.dispose](); // a read that waits fails now
  });
  settings.onOpen?.(peer);
  try {
    const reader = new ByteReader(conn, meter, PIECE);
    const offer = parse(await reader.readLine(MAX_OFFER), settings);
    const path = await take(offer, reader, conn, settings.folder, meter);
    const { size, digest } = offer;
    settings.onFile?.({ path, size, digest }, peer);
    await cli.writeAll(conn, "DONE\n", meter);
  } catch (error) {
    const reason = silence ?? error as Error;
    settings.onError?.(reason, peer);
    // What is wrong with our disk is no business of the sender.
    const { InvalidData, UnexpectedEof } = Deno.errors;
    const told = [InvalidData, UnexpectedEof].some((k) => reason instanceof k);
    const why = told ? reason.message : "it cannot be stored here";
    await cli.writeAll(conn, `NO ${why}\n`, meter).catch(() => {});
  }
  settings.onDone?.(peer, meter);
}

/** Bytes that a line with an offer may have. */
const MAX_OFFER = 512;
/** Bytes that are read, and stored, at once. */
const PIECE = 2 ** 18;

/** Reads what is offered; refuses what is no offer, or none that is wanted. */
function parse(line: string, { maxBytes }: Settings): Offer {
  const parts = /^FILE (\d{1,15}) ([\da-f]{64}) (.+)$/.exec(line);
  if (!parts) throw new Refusal("that is no offer: FILE size sha256 name");
  const [, size, digest, name] = parts;
  if (!PLAIN_NAME.test(name) || RESERVED.test(name)) {
    throw new Refusal(`the name ${cli.visible(name)} is not plain`);
  }
  if (maxBytes > 0 && Number(size) > maxBytes) {
    throw new Refusal(`a file has at most ${maxBytes} bytes`);
  }
  return { size: Number(size), digest, name };
}

/**
 * A name that stays in its folder, wherever it is stored: no slash or backslash,
 * nothing that some system takes for a drive or a stream, no control characters,
 * no dot at the beginning (hidden, or the folder above) or at the end.
 */
const PLAIN_NAME = /^(?!\.)[^/\\:*?"<>|\p{Cc}\p{Zl}\p{Zp}]{1,200}(?<![. ])$/u;

/** Names that Windows takes for devices, with any ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Stores what is offered under its name, once it is whole and right. */
async function take(
  offer: Offer,
  reader: ByteReader,
  conn: Deno.TcpConn,
  folder: string,
  meter: cli.Meter,
): Promise<string> {
  const { size, digest, name } = offer;
  const path = `${folder}/${name}`;
  const there = await patiently(conn, meter, digestOf(path));
  if (there === digest) { // the sender did not hear that we have it
    await cli.writeAll(conn, `FROM ${size}\n`, meter);
    return path;
  }
  if (there) throw new Refusal(TAKEN);
  const part = `${folder}/.${digest}.part`; // where the same content goes on
  using file = await Deno.open(part, { create: true, read: true, write: true });
  if (!await file.tryLock(true)) {
    throw new Refusal("the same file is on its way already");
  }
  if ((await file.stat()).size > size) await file.truncate();
  const hash = createHash("sha256");
  let have = await patiently(conn, meter, hashAll(file, hash));
  await cli.writeAll(conn, `FROM ${have}\n`, meter);
  while (have < size) {
    if (await reader.atEnd()) {
      throw new Deno.errors.UnexpectedEof(
        `${name} is torn; ${have} of its ${size} bytes are kept`,
      );
    }
    const piece = await reader.readSome(size - have);
    hash.update(piece);
    await cli.writeAll(file, piece);
    have += piece.length;
  }
  if (hash.digest("hex") !== digest) {
    await Deno.remove(part); // nothing to go on with
    throw new Refusal("the SHA-256 of what came is another one");
  }
  await file.sync(); // the name shall not be on the disk before the bytes
  await publish(part, path);
  return path;
}

/** Works on the disk, and tells a sender who may wait for long to do so. */
async function patiently<T>(
  conn: Deno.TcpConn,
  meter: cli.Meter,
  work: Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    cli.writeAll(conn, "WAIT\n", meter).catch(() => {}); // noticed by a read
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

const TAKEN = "there is another file of that name already";

/** The SHA-256 of a file; undefined if there is none. */
async function digestOf(path: string): Promise<string | undefined> {
  try {
    const { isFile } = await Deno.lstat(path);
    if (!isFile) throw new Refusal(TAKEN); // a folder, or a link to elsewhere
    using file = await Deno.open(path);
    const hash = createHash("sha256");
    await hashAll(file, hash);
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Puts a file into a hash, to its end; returns how many bytes that were. */
async function hashAll(
  file: Deno.FsFile,
  hash: ReturnType<typeof createHash>,
): Promise<number> {
  const buffer = new Uint8Array(PIECE);
  let have = 0;
  for (let n; (n = await file.read(buffer)) !== null; have += n) {
    hash.update(buffer.subarray(0, n));
  }
  return have;
}

/**
 * Gives a whole file its name. A second name for the same bytes is given at
 * once or not at all, and never to two files: renaming would replace one that
 * is there. (A file system without hard links, such as FAT, cannot do that.)
 */
async function publish(part: string, path: string): Promise<void> {
  try {
    await Deno.link(part, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Refusal(TAKEN);
  } finally {
    await Deno.remove(part);
  }
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name to listen on"),
  port: cli.whole(1234, [0, 65_535], "port; 0 takes any free one"),
  folder: cli.text("incoming", "folder for the files"),
  maxBytes: cli.whole(0, [0, 1e15], "most bytes of a file; 0: any"),
  timeout: cli.seconds(30, "how long a sender may be silent; 0: for ever"),
  verbose: cli.toggle("tell of each connection, too"),
};

if (import.meta.main) {
  await cli.main({
    role: "server",
    file: "notebook/receive.ts",
    about: "Receives files into a folder, and prints the SHA-256 of each, as " +
      "sha256sum does.",
    flags: FLAGS,
    example: ["--port", "8080", "--folder", "photos"],
    grant: cli.address,
    also: ({ folder }) => [`--allow-read=${folder}`, `--allow-write=${folder}`],
    run: (options) =>
      cli.runServer(serve, {
        ...options,
        onFile({ digest, path }: Received) {
          cli.print(`${digest}  ${path}\n`);
        },
      }),
  });
}
