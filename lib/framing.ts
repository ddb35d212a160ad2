/**
 * Messages in a stream: TCP carries bytes and has no messages, so a program that
 * wants some must mark where each of them ends. Two ways to do it:
 *
 * - lines: a newline ends each of them, so none can contain one
 * - a length before each of them: any bytes, and you know how many will come
 *
 * Both stand on {@linkcode ByteReader}, which does the part that beginners
 * miss: a read may bring half a message, or three and a half.
 *
 * @module
 */

import type { Reader } from "./io.ts";

/** The bytes that end a line, in every encoding that contains ASCII. */
const NEWLINE = 10, RETURN = 13;

/**
 * Reads a stream in the portions that were meant, not those that arrive.
 *
 * It asks for more only when it has to, and never holds more than one portion
 * and one read.
 *
 * @example A line, and then five bytes
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ByteReader } from "./framing.ts";
 *
 * using file = await Deno.open(new URL("../LICENSE", import.meta.url));
 * const reader = new ByteReader(file);
 * assertEquals(await reader.readLine(80), "MIT License");
 * assertEquals((await reader.readExactly(5)).length, 5);
 * ```
 */
export class ByteReader {
  #source: Reader;
  #buffer: Uint8Array;
  #arrived: Uint8Array = new Uint8Array(); // and was not asked for yet

  /**
   * Starts to read.
   *
   * @param source Where the bytes come from.
   * @param size Bytes that one read takes at most.
   */
  constructor(
    source: Reader,
    size = 16_384,
  ) {
    this.#source = source;
    this.#buffer = new Uint8Array(size);
  }

  /** Whether the stream has ended; waits until that is known. */
  async atEnd(): Promise<boolean> {
    while (this.#arrived.length === 0) {
      const n = await this.#source.read(this.#buffer);
      if (n === null) return true;
      this.#arrived = this.#buffer.subarray(0, n);
    }
    return false;
  }

  /**
   * Some bytes, as they arrive: at least one.
   *
   * @param most Bytes that are taken at most.
   * @returns The bytes, good until the next read.
   * @throws {Deno.errors.UnexpectedEof} If the stream has ended.
   */
  async readSome(most: number): Promise<Uint8Array> {
    if (await this.atEnd()) {
      throw new Deno.errors.UnexpectedEof("the stream ended too early");
    }
    const some = this.#arrived.subarray(0, most);
    this.#arrived = this.#arrived.subarray(some.length);
    return some;
  }

  /**
   * Exactly that many bytes, however many reads they take.
   *
   * @param length How many.
   * @returns The bytes, the caller's to keep.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends before the last.
   */
  async readExactly(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new GrowingBytes();
    while (bytes.length < length) {
      bytes.add(await this.readSome(length - bytes.length));
    }
    return bytes.bytes;
  }

  /**
   * A line, without the newline (or carriage return and newline) that ends it.
   *
   * The newline is looked for among the bytes, and the line decoded when it is
   * whole: no byte of a longer UTF-8 character looks like a newline.
   *
   * @param most Bytes that the line may have, its end not counted.
   * @returns The line.
   * @throws {Deno.errors.InvalidData} If the line is longer.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends before the line does.
   */
  async readLine(most: number): Promise<string> {
    return decoder.decode(await this.readLineBytes(most));
  }

  /**
   * The same, as bytes: not every line is UTF-8.
   *
   * @param most Bytes that the line may have, its end not counted.
   * @returns The bytes, the caller's to keep.
   * @throws {Deno.errors.InvalidData} If the line is longer.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends before the line does.
   */
  async readLineBytes(most: number): Promise<Uint8Array<ArrayBuffer>> {
    const line = new GrowingBytes();
    // The end of a line is two bytes at most. While it is not there, it may be
    // that the first of them was the last that came.
    while (line.length <= most + 1) {
      if (await this.atEnd()) {
        throw new Deno.errors.UnexpectedEof("the stream ended within a line");
      }
      const found = this.#arrived.indexOf(NEWLINE) + 1;
      line.add(await this.readSome(found || this.#arrived.length));
      if (!found) continue;
      const content = withoutEnd(line.bytes);
      if (content.length <= most) return content;
      break;
    }
    throw new Deno.errors.InvalidData(
      `a line has at most ${most} bytes, and this one has more`,
    );
  }
}

/**
 * Bytes that come in parts. Its room grows with what has come, and not with what
 * was promised; a part may be a single byte, and costs no more than that.
 */
class GrowingBytes {
  length = 0;
  #room = new Uint8Array(64);

  add(part: Uint8Array): void {
    const needed = this.length + part.length;
    if (needed > this.#room.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#room.length));
      larger.set(this.bytes);
      this.#room = larger;
    }
    this.#room.set(part, this.length);
    this.length = needed;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.length);
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line without its newline, or its carriage return and newline. */
function withoutEnd(line: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return line.subarray(0, line.at(-2) === RETURN ? -2 : -1);
}

/**
 * The lines of a stream.
 *
 * @example Two lines
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lines } from "./framing.ts";
 *
 * using file = await Deno.open(new URL("../LICENSE", import.meta.url));
 * for await (const line of lines(file, 80)) {
 *   assertEquals(line, "MIT License");
 *   break;
 * }
 * ```
 *
 * @param source Where they come from.
 * @param most Bytes that a line may have.
 * @throws {Deno.errors.InvalidData} If a line is longer.
 * @throws {Deno.errors.UnexpectedEof} If the stream ends within a line.
 */
export async function* lines(
  source: Reader,
  most: number,
): AsyncGenerator<string> {
  const reader = new ByteReader(source);
  while (!await reader.atEnd()) yield await reader.readLine(most);
}

/** Bytes of a length: a whole number of 32 bits, the highest byte first. */
const PREFIX = 4;

/**
 * Puts its length before a message.
 *
 * @example Three bytes become seven
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { frame } from "./framing.ts";
 *
 * const message = new TextEncoder().encode("abc");
 * assertEquals([...frame(message)], [0, 0, 0, 3, 97, 98, 99]);
 * ```
 *
 * @param message The message: less than 4 GiB.
 * @returns What to write.
 * @throws {RangeError} If the message is longer.
 */
export function frame(message: Uint8Array): Uint8Array {
  if (message.length >= 2 ** 32) {
    throw new RangeError(`${message.length} bytes do not fit into a frame`);
  }
  const framed = new Uint8Array(PREFIX + message.length);
  new DataView(framed.buffer).setUint32(0, message.length);
  framed.set(message, PREFIX);
  return framed;
}

/**
 * The messages of a stream in which its length stands before each.
 *
 * A length is refused before anything is kept for it: otherwise four bytes from
 * anybody would cost us four gibibytes.
 *
 * @param source Where they come from.
 * @param most Bytes that a message may have.
 * @throws {Deno.errors.InvalidData} If a message is longer.
 * @throws {Deno.errors.UnexpectedEof} If the stream ends within a message.
 */
export async function* frames(
  source: Reader,
  most: number,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  while (!await reader.atEnd()) {
    const prefix = await reader.readExactly(PREFIX);
    const length = new DataView(prefix.buffer).getUint32(0);
    if (length > most) {
      throw new Deno.errors.InvalidData(
        `a message has at most ${most} bytes, and this one has ${length}`,
      );
    }
    yield await reader.readExactly(length);
  }
}
