/**
 * A folder that files are received into. A file gets its name only once it is
 * complete and its SHA-256 matches; until then what has come of it is a _part_,
 * hidden; a sender that offers the same content resumes from it:
 *
 * ```
 * photo.jpg
 * .30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58.1048576.part
 * ```
 *
 * Whatever moment the program is killed at, a name stands for a complete file.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileError } from "../../lib/errors.ts";
import { untilAborted } from "../../lib/io.ts";
import { type Offer, Refusal } from "./offer.ts";
import { lockPart, Part, readPieces, statOf } from "./part.ts";

/**
 * Parts that are kept at most. Anybody can begin a file, so without a limit
 * anybody could fill the folder with what its owner doesn't see.
 */
const MAX_PARTS = 1000;

/** Parts that are begun before the old ones are looked through again. */
const SWEEP_EVERY = 100;

/** Digests that are remembered at most. */
const MAX_DIGESTS = 1000;

/**
 * A folder for files that come in.
 *
 * @example A file that comes in two pieces
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHash } from "node:crypto";
 * import { Store } from "./store.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const store = new Store(folder, 7);
 * const bytes = new TextEncoder().encode("Hello");
 * const digest = createHash("sha256").update(bytes).digest("hex");
 * const offer = { size: 5, digest, name: "greeting.txt" };
 * for (const piece of [bytes.subarray(0, 2), bytes.subarray(2)]) {
 *   using part = await store.begin(offer);
 *   await part!.append(piece);
 *   if (part!.have === 5) await store.commit(part!, offer);
 * }
 * assertEquals(await Deno.readTextFile(`${folder}/greeting.txt`), "Hello");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class Store {
  #folder: string;
  #keepDays: number;
  #begun = 0;
  #hashing = new Map<string, Hashing>();
  #digests = new Map<string, string>();

  /**
   * Makes the folder if there is none, and removes old parts from it.
   *
   * @param folder The folder.
   * @param keepDays Days that a part is kept; 0: for ever.
   * @throws {FileError} If nothing can be stored in it.
   */
  constructor(folder: string, keepDays: number) {
    this.#folder = folder;
    this.#keepDays = keepDays;
    try {
      Deno.mkdirSync(folder, { recursive: true });
      // Find out now, and not at the first file, what fails.
      Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: "." }));
      this.#sweep();
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      throw new FileError(
        `nothing can be stored in "${folder}": ${(error as Error).message}; ` +
          "choose another with --folder",
      );
    }
  }

  /** Where a file of that name is. */
  path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  /**
   * Begins a file, or resumes it. Nobody else gets the same part meanwhile.
   *
   * @param offer The file.
   * @param signal Ends the wait.
   * @returns What there is of it; nothing if it is there already, complete.
   * @throws {Refusal} If another file has its name, or somebody its part.
   */
  async begin(offer: Offer, signal?: AbortSignal): Promise<Part | undefined> {
    if (await this.#has(offer, signal)) return undefined;
    const path = this.path(`.${offer.digest}.${offer.size}.part`);
    const part = new Part(path, await lockPart(path), offer);
    try {
      // Before we had the lock, another sender may have been done with it.
      if (await this.#has(offer, signal)) {
        await part.remove();
        part[Symbol.dispose]();
        return undefined;
      }
      await part.load(signal);
      if (part.have === 0 && ++this.#begun % SWEEP_EVERY === 0) this.#sweep();
      return part;
    } catch (error) {
      part[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Gives a complete file its name, and the disk both before anybody relies on
   * it. A second name for the same bytes is given at once or not at all, and
   * never to two files: renaming would replace one that is there.
   *
   * @param part All of the file.
   * @param offer The file.
   * @throws {Refusal} If another file has got the name meanwhile.
   */
  async commit(part: Part, { name }: Offer): Promise<void> {
    const path = this.path(name);
    await part.sync(); // the name must not be on the disk before the bytes
    try {
      await Deno.link(part.path, path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        await part.remove();
        throw new Refusal(TAKEN);
      }
      await moveUnlessTaken(part, path); // no hard links, as on a USB stick
      return await syncFolder(this.#folder);
    }
    await syncFolder(this.#folder);
    await part.remove(); // if we are killed before that, #sweep() finds it
  }

  /** Whether a file is there already; another one of its name is a refusal. */
  async #has(
    { name, size, digest }: Offer,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const path = this.path(name);
    const there = await statOf(path);
    if (!there) return false;
    // It may be a folder, or a link to elsewhere; or another file, clearly.
    const maybe = there.isFile && there.size === size;
    if (maybe && await this.#digestOf(path, there, signal) === digest) {
      return true;
    }
    throw new Refusal(TAKEN);
  }

  /**
   * The SHA-256 of a file. Anybody can ask for it by an offer of 90 bytes, so it
   * is found once for all who wait for it, and remembered.
   */
  async #digestOf(
    path: string,
    { dev, ino, size, mtime, ctime }: Deno.FileInfo,
    signal?: AbortSignal,
  ): Promise<string> {
    const key = [dev, ino, size, mtime?.getTime(), ctime?.getTime(), path]
      .join(" ");
    const known = this.#digests.get(key);
    if (known) return known;
    let hashing = this.#hashing.get(key);
    if (!hashing) {
      hashing = startHashing(path);
      this.#hashing.set(key, hashing);
    }
    hashing.waiting++;
    try {
      const digest = await untilAborted(hashing.digest, signal);
      this.#remember(key, digest);
      return digest;
    } finally {
      if (--hashing.waiting === 0) {
        hashing.stop.abort();
        this.#hashing.delete(key);
      }
    }
  }

  #remember(key: string, digest: string): void {
    this.#digests.set(key, digest);
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > MAX_DIGESTS) this.#digests.delete(oldest);
  }

  /** Removes the parts that nobody has resumed for long, and any above the limit. */
  #sweep(): void {
    const parts = listParts(this.#folder).sort((a, b) => b.mtime - a.mtime);
    const days = this.#keepDays || Infinity;
    const oldest = Date.now() - days * 24 * 60 * 60 * 1000;
    parts.forEach(({ path, mtime, isNamed }, i) => {
      const goes = mtime < oldest || isNamed || i >= MAX_PARTS;
      if (goes) removeUnlessLocked(path);
    });
  }
}

/** How a part is called. */
const PART = /^\.[\da-f]{64}\.\d{1,15}\.part$/;

const TAKEN = "there is another file of that name already";

/** The parts in a folder: when each got its last bytes, and whether it has a name. */
function listParts(folder: string) {
  return [...Deno.readDirSync(folder)]
    .filter(({ name, isFile }) => isFile && PART.test(name))
    .flatMap(({ name }) => {
      const path = `${folder}/${name}`;
      try {
        const { mtime, nlink } = Deno.lstatSync(path);
        return [{ path, mtime: mtime!.getTime(), isNamed: nlink! > 1 }];
      } catch {
        return []; // another receiver has removed it
      }
    });
}

/** Removes a part that nobody is at work on. */
function removeUnlessLocked(path: string): void {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    if (file.tryLockSync(true)) Deno.removeSync(path);
  } catch { // it is somebody else's, or gone
  }
}

/**
 * Gives a part its name where the file system knows no second ones. Nothing else
 * that we do comes between the two calls. (Another program could: what it put
 * there in that moment would be replaced. To reserve the name by an empty file
 * would be worse, because that would stay if we were killed.)
 */
async function moveUnlessTaken(part: Part, path: string): Promise<void> {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return Deno.renameSync(part.path, path);
  }
  await part.remove();
  throw new Refusal(TAKEN);
}

/** Resolves when the disk has the names in a folder, too. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // which opens no folders
  using folder = await Deno.open(path);
  await folder.sync();
}

/** A file that is hashed for those who wait for it. */
interface Hashing {
  digest: Promise<string>;
  /** How many do. */
  waiting: number;
  /** Stops it. */
  stop: AbortController;
}

function startHashing(path: string): Hashing {
  const stop = new AbortController();
  const digest = hashFile(path, stop.signal);
  digest.catch(() => {}); // nobody may be left who waits for it
  return { digest, waiting: 0, stop };
}

async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const piece of readPieces(file, signal)) hash.update(piece);
  return hash.digest("hex");
}
