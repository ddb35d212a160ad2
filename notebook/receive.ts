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
 * Instead of FROM or DONE it may say NO, and why. In between it says WAIT, every
 * second: it is still there, and at work.
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
 * @throws {cli.FileError} If nothing can be stored in the folder.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address or
 * the folder.
 */
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.fill(options, FLAGS);
  const { hostname, port, folder, onListen, onError } = settings;
  check(folder);
  const listener = Deno.listen({ hostname, port });
  const server = serveAll(listener, (conn) => attend(conn, settings), {
    maxConnections: 100,
    onError,
  });
  onListen?.(listener.addr);
  return server;
}

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** Makes the folder; finds out at once, and not at the first file, what fails. */
function check(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: "." }));
    Deno.lstatSync(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new cli.FileError(
      `nothing can be stored in "${folder}": ${(error as Error).message}; ` +
        "choose another with --folder",
    );
  }
}

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
  let over = false;
  async function refuse(reason: Error): Promise<void> {
    if (over) return;
    over = true;
    settings.onError?.(reason, peer);
    // What is wrong with our disk is no business of the sender.
    const { InvalidData, UnexpectedEof, TimedOut } = Deno.errors;
    const kinds = [InvalidData, UnexpectedEof, TimedOut];
    const told = kinds.some((kind) => reason instanceof kind);
    const why = told ? reason.message : "it cannot be stored here";
    await cli.within(1, say(conn, `NO ${why}`));
  }
  using meter = new cli.Meter(settings.timeout, async (silence) => {
    await refuse(silence);
    conn[Symbol.dispose](); // a read that waits fails now
  });
  settings.onOpen?.(peer);
  const sign = setInterval(() => say(conn, "WAIT"), 1000);
  try {
    const reader = new ByteReader(conn, meter, PIECE);
    const offer = parse(await reader.readLine(MAX_OFFER), settings);
    const path = await take(offer, reader, conn, settings.folder, meter);
    clearInterval(sign);
    settings.onFile?.({ path, size: offer.size, digest: offer.digest }, peer);
    await say(conn, "DONE");
  } catch (error) {
    clearInterval(sign);
    await refuse(error as Error);
  }
  settings.onDone?.(peer, meter);
}

/** Says a line. If it cannot be heard, that will be noticed by a read. */
async function say(conn: Deno.TcpConn, line: string): Promise<void> {
  await cli.writeAll(conn, `${line}\n`).catch(() => {});
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
  const plain = PLAIN_NAME.test(name) && !RESERVED.test(name);
  if (!plain || cli.encode(name).length > MAX_NAME) {
    const shown = cli.visible(name).slice(0, MAX_NAME);
    throw new Refusal(`the name ${shown} is not plain: ${RULE}`);
  }
  if (maxBytes > 0 && Number(size) > maxBytes) {
    throw new Refusal(`a file has at most ${maxBytes} bytes`);
  }
  return { size: Number(size), digest, name };
}

/** Bytes that a name may have. */
const MAX_NAME = 200;
const RULE = `it has 1 to ${MAX_NAME} bytes, and neither a dot at an end nor ` +
  'any of / \\ : * ? " < > |';

/**
 * A name that stays in its folder, wherever it is stored: no slash or backslash,
 * nothing that some system takes for a drive or a stream, nothing that changes
 * how it is shown, no dot at the beginning (hidden, or the folder above) or end.
 */
const PLAIN_NAME =
  /^(?!\.)[^\/\\:*?"<>\|\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+(?<![. ])$/u;

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
  const there = await meter.pauseFor(digestOf(path, size));
  if (there === digest) { // the sender did not hear that we have it
    await cli.writeAll(conn, `FROM ${size}\n`, meter);
    return path;
  }
  if (there) throw new Refusal(TAKEN);
  // Where the same content goes on, whoever sends it.
  const part = `${folder}/.${digest}.${size}.part`;
  using file = await Deno.open(part, { create: true, read: true, write: true });
  if (!await file.tryLock(true) || !await isThere(part, file)) {
    throw new Refusal("the same file is on its way already");
  }
  if ((await file.stat()).size > size) await file.truncate();
  const hash = createHash("sha256");
  let have = await meter.pauseFor(hashAll(file, hash));
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
  // The name shall not be on the disk before the bytes.
  await meter.pauseFor(file.sync());
  await publish(part, path);
  return path;
}

/**
 * Whether an open file still has its name. Between our opening and our locking
 * it, another sender of the same content may have been done with it.
 */
async function isThere(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [named, open] = await Promise.all([Deno.lstat(path), file.stat()]);
    return named.ino === open.ino && named.dev === open.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const TAKEN = "there is another file of that name already";

/** The SHA-256 of a file of some size; undefined if there is none. */
async function digestOf(
  path: string,
  size: number,
): Promise<string | undefined> {
  try {
    const there = await Deno.lstat(path);
    // It may be a folder, or a link to elsewhere; or another file, clearly.
    if (!there.isFile || there.size !== size) throw new Refusal(TAKEN);
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
    await Deno.remove(part);
    throw new Refusal(TAKEN);
  }
  await Deno.remove(part);
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
