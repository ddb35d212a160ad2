/**
 * Text out of bytes that come in parts.
 *
 * @module
 */

/** A byte order mark is text like any other: nobody's bytes are dropped. */
const OPTIONS: TextDecoderOptions = { ignoreBOM: true };

/**
 * Decodes UTF-8 read by read. A read may end inside a character, whose first
 * bytes are kept until the next read brings the rest.
 *
 * Nearly every read ends in a byte of ASCII, and nothing has to be kept. One
 * decoder does for all of those; a decoder that keeps something costs as much as
 * a system call, and only a stream that needs one gets it.
 *
 * @example A character in two reads
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { StreamDecoder } from "./decoder.ts";
 *
 * const decoder = new StreamDecoder();
 * const [first, second] = new TextEncoder().encode("é");
 * assertEquals(decoder.decode(new Uint8Array([first])), "");
 * assertEquals(decoder.decode(new Uint8Array([second])), "é");
 * ```
 */
export class StreamDecoder {
  #own?: TextDecoder;

  /** The text that is complete with these bytes. */
  decode(bytes: Uint8Array): string {
    if (!this.#own && endsInAscii(bytes)) return shared.decode(bytes);
    this.#own ??= new TextDecoder("utf-8", OPTIONS);
    return this.#own.decode(bytes, { stream: true });
  }

  /** What shows a character that never became complete; else nothing. */
  end(): string {
    return this.#own?.decode() ?? "";
  }
}

const shared = new TextDecoder("utf-8", OPTIONS);

function endsInAscii(bytes: Uint8Array): boolean {
  return bytes[bytes.length - 1] < 0x80;
}
