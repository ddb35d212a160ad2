/**
 * What has come of a file so far: a hidden file that only one sender at a time
 * can add to.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileError } from "../../lib/errors.ts";
import { writeAll } from "../../lib/io.ts";
import { type Offer, Refusal } from "./offer.ts";

/** Bytes that are read, and hashed, at once. */
const PIECE = 2 ** 18;

/** What has come of a file so far. */
export class Part implements Disposable {
  /** Bytes that it has. */
  have = 0;
  /** Where it is. */
  readonly path: string;
  #file: Deno.FsFile;
  #offer: Offer;
  #hash = createHash("sha256");

  /** What an open file has, which is still to be loaded. */
  constructor(path: string, file: Deno.FsFile, offer: Offer) {
    this.path = path;
    this.#file = file;
    this.#offer = offer;
  }

  /** Reads what there is. */
  async load(signal?: AbortSignal): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > this.#offer.size) await this.#file.truncate();
    for await (const piece of readPieces(this.#file, signal)) {
      this.#hash.update(piece);
      this.have += piece.length;
    }
  }

  /** Adds what comes next. */
  async append(piece: Uint8Array): Promise<void> {
    this.#hash.update(piece);
    await writeAll(this.#file, piece);
    this.have += piece.length;
  }

  /** Whether it is the file that was offered, now that it is complete. */
  isRight(): boolean {
    return this.#hash.digest("hex") === this.#offer.digest;
  }

  /** Starts over, with nothing. */
  async restart(): Promise<void> {
    await this.#file.truncate();
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = createHash("sha256");
    this.have = 0;
  }

  /** Resolves when the disk has all of it. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Removes it: there is nothing to resume. */
  async remove(): Promise<void> {
    await Deno.remove(this.path);
  }

  /** Closes the file, and lets others have it. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** Opens a part that nobody else has, or begins one. */
export async function lockPart(path: string): Promise<Deno.FsFile> {
  for (;;) {
    const file = await openPart(path);
    if (!file) continue; // it was removed meanwhile
    try {
      // Between our opening and our locking it, another sender of the same
      // content may have been done with it.
      if (!await file.tryLock(true) || !await isThere(path, file)) {
        throw new Refusal("the same file is on its way already");
      }
      if ((await file.stat()).nlink! <= 1) return file;
      // It has a name, too, and its owner may have changed it: a receiver was
      // killed between the two. What we append must not go there.
      await Deno.remove(path);
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
    file[Symbol.dispose]();
  }
}

/**
 * Opens a part, or makes it. Where a link is in its place we would write
 * elsewhere, and to read from a pipe would take for ever: so we look first, and
 * make nothing where anything is.
 */
async function openPart(path: string): Promise<Deno.FsFile | undefined> {
  const there = await statOf(path);
  if (there && !there.isFile) throw new FileError(`${path} is no file`);
  const how = there ? {} : { createNew: true };
  try {
    return await Deno.open(path, { ...how, read: true, write: true });
  } catch (error) {
    const { NotFound, AlreadyExists } = Deno.errors;
    const raced = error instanceof (there ? NotFound : AlreadyExists);
    if (!raced) throw error;
  }
}

/** What there is at a path, if anything; a link is not followed. */
export async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether an open file still has its name. */
async function isThere(path: string, file: Deno.FsFile): Promise<boolean> {
  const [named, open] = await Promise.all([statOf(path), file.stat()]);
  return named?.ino === open.ino && named?.dev === open.dev;
}

/** A file, piece by piece; each is good until the next. */
export async function* readPieces(
  file: Deno.FsFile,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PIECE);
  for (let n; (n = await file.read(buffer)) !== null;) {
    signal?.throwIfAborted();
    yield buffer.subarray(0, n);
  }
}
