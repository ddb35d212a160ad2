/**
 * Something that bytes come out of: a connection, or a program's standard output.
 * What comes is compared with what is expected as it comes.
 *
 * @module
 */

import { encode, withTimeout } from "../../../lib/io.ts";
import { begins, concat, contrast, show } from "./bytes.ts";
import { type Happening, Symptom } from "./symptom.ts";
import type { Patience } from "./patience.ts";

/** What one read brings: bytes, the end, or a reset. */
export type Part = Uint8Array | "FIN" | "RST";

/** Takes down what happens. */
export type Recorder = (
  happening: Pick<Happening, "way" | "on"> & Partial<Happening>,
) => void;

/** How a channel is spoken of. */
export interface Words {
  /** Something comes: `is answered with`. */
  brings: string;
  /** Nothing does: `is not answered`. */
  lacks: string;
  /** The end comes instead: `the connection ends`. */
  ends: string;
  /** The end does not come: `does not make your program close the connection`. */
  stays: string;
}

/** Seconds in which the rest of a wrong answer is gathered, to show it whole. */
const GATHER = 0.05;

/** What bytes come out of. */
export abstract class Channel {
  /** Its name, where there are several. */
  readonly name: string;
  /** What comes out of it, how nothing does, and how it ends. */
  protected abstract readonly words: Words;
  protected readonly patience: Patience;
  protected readonly record: Recorder;
  #coming?: Promise<Part>;

  /** Prepares to read. */
  constructor(name: string, patience: Patience, record: Recorder) {
    this.name = name;
    this.patience = patience;
    this.record = record;
  }

  /** Reads some bytes; it never rejects. */
  protected abstract pull(): Promise<Part>;

  /** What comes next, or undefined if the program surely sends nothing. */
  async next(): Promise<Part | undefined> {
    this.#coming ??= this.pull();
    return this.#take(await this.patience.for(this.#coming));
  }

  /** What comes within so many seconds, if anything. */
  async nextWithin(seconds: number): Promise<Part | undefined> {
    this.#coming ??= this.pull();
    const coming = this.#coming.then((value) => ({ value }));
    return this.#take(await withTimeout(seconds, coming));
  }

  #take(came: { value: Part } | undefined): Part | undefined {
    if (!came) return undefined;
    const part = came.value;
    // An end stays the end, however often it is asked for.
    if (typeof part === "string") this.#coming = Promise.resolve(part);
    else this.#coming = undefined;
    this.record({
      way: "<",
      on: this.name,
      ...(typeof part === "string" ? { mark: part } : { bytes: part }),
    });
    return part;
  }

  /**
   * Reads just these bytes.
   *
   * @param expected What the program should send; text is encoded as UTF-8.
   * @throws {Symptom} If something else comes, or less, or more.
   */
  async expect(expected: string | Uint8Array): Promise<void> {
    const wanted = encode(expected);
    const parts: Uint8Array[] = [];
    let at = 0;
    while (at < wanted.length) {
      const part = await this.next();
      if (typeof part !== "object") return this.#failShort(part, parts, wanted);
      parts.push(part);
      if (!begins(wanted.subarray(at), part)) {
        return await this.#failChanged(parts, wanted);
      }
      at += part.length;
    }
  }

  /**
   * Reads to the end of the stream, which must come without further bytes.
   *
   * @throws {Symptom} If something else comes, or the stream stays open.
   */
  async expectEnd(): Promise<void> {
    const part = await this.next();
    if (part === "FIN") return;
    const on = this.name;
    if (part === undefined) {
      throw new Symptom(
        "open",
        this.words.stays,
        { on },
      );
    }
    if (part === "RST") {
      throw new Symptom("reset", "is followed by a reset, instead of the end", {
        on,
      });
    }
    throw new Symptom(
      "extra",
      `is followed by ${show(part)}, which is too much`,
      {
        got: part,
        on,
      },
    );
  }

  /**
   * Makes sure that nothing more has come.
   *
   * @throws {Symptom} If something has.
   */
  async expectNothing(): Promise<void> {
    const part = await this.nextWithin(0.02);
    if (typeof part !== "object") return;
    const seen = `is followed by ${show(part)}, which is too much`;
    throw new Symptom("extra", seen, { got: part, on: this.name });
  }

  /** Reads everything, to the end, a reset, or silence. */
  async readAll(): Promise<{ bytes: Uint8Array; end: Part | undefined }> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const part = await this.next();
      if (typeof part !== "object") {
        return { bytes: concat(...parts), end: part };
      }
      parts.push(part);
    }
  }

  #failShort(
    end: "FIN" | "RST" | undefined,
    parts: Uint8Array[],
    expected: Uint8Array,
  ): never {
    const got = concat(...parts);
    const { brings, lacks, ends } = this.words;
    const what = got.length ? `${brings} only ${show(got)}` : lacks;
    const then = end === "FIN" ? ends : end && "the connection is reset";
    const joint = got.length ? ", and then " : ": ";
    const kind = end === "FIN" ? "ended" : end === "RST" ? "reset" : "silent";
    const instead = ` (${show(expected)} was expected)`;
    throw new Symptom(kind, `${what}${then ? joint + then : ""}${instead}`, {
      got,
      expected,
      on: this.name,
    });
  }

  async #failChanged(
    parts: Uint8Array[],
    expected: Uint8Array,
  ): Promise<never> {
    const end = performance.now() + GATHER * 1000;
    while (
      performance.now() < end && concat(...parts).length < 2 * expected.length
    ) {
      const part = await this.nextWithin(GATHER);
      if (typeof part !== "object") break;
      parts.push(part);
    }
    const got = concat(...parts);
    const kind = begins(got, expected) ? "extra" : "changed";
    const { brings } = this.words;
    const seen = `${brings} ${contrast(got, expected)}`;
    throw new Symptom(kind, seen, { got, expected, on: this.name });
  }
}
