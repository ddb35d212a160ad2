/**
 * Text that waits to be written.
 *
 * @module
 */

/** Bytes of a page. */
const PAGE = 2 ** 18;

/** Characters that are encoded at a time, at least. */
const FEW = 1024;

/**
 * Takes many short texts, and gives them back as bytes, a page at a time.
 *
 * They wait as bytes because a string that is put together of a thousand others
 * stays a thousand objects, scattered over all the memory that was used
 * meanwhile: to encode it at its end costs more than all the rest of the
 * printing. But to encode each text by itself costs twice as much for it as to
 * encode twenty together.
 *
 * @example Two texts, one page
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TextQueue } from "./queue.ts";
 *
 * const queue = new TextQueue();
 * queue.push("Hello, ");
 * queue.push("world!");
 * assertEquals(new TextDecoder().decode(queue.shift()), "Hello, world!");
 * assertEquals(queue.length, 0);
 * ```
 */
export class TextQueue {
  #text = ""; // the last few, not encoded yet
  #page = new Uint8Array(PAGE); // the one that fills
  #filled = 0; // how far it is filled
  #full: Uint8Array[] = []; // those before it
  #taken?: Uint8Array; // the one that was given back last
  #spare?: Uint8Array; // the one before that: to be filled again

  /** How much waits: bytes, and characters that are not encoded yet. */
  get length(): number {
    return this.#full.length * PAGE + this.#filled + this.#text.length;
  }

  /** Adds a text at the end; it begins and ends with whole characters. */
  push(text: string): void {
    this.#text += text;
    if (this.#text.length >= FEW) this.#encode();
  }

  /** Takes the first page out; its bytes are valid until the next is taken. */
  shift(): Uint8Array {
    this.#encode();
    this.#spare = this.#taken;
    if (this.#full.length === 0) this.#turnPage();
    this.#taken = this.#full.shift()!;
    return this.#taken;
  }

  #encode(): void {
    while (this.#text) {
      const room = this.#page.subarray(this.#filled);
      const { read, written } = encoder.encodeInto(this.#text, room);
      this.#filled += written;
      this.#text = this.#text.slice(read);
      if (this.#text) this.#turnPage(); // the next character finds no room
    }
  }

  #turnPage(): void {
    this.#full.push(this.#page.subarray(0, this.#filled));
    const { buffer } = this.#spare ?? new Uint8Array(PAGE);
    this.#spare = undefined;
    this.#page = new Uint8Array(buffer as ArrayBuffer);
    this.#filled = 0;
  }
}

const encoder = new TextEncoder();
