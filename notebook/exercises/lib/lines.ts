/**
 * The lines that come over a wire.
 *
 * @module
 */

import { encode } from "../../../lib/io.ts";
import { Symptom } from "./symptom.ts";
import type { Wire } from "./wire.ts";

/** Reads lines from a wire, one by one. */
export class Lines {
  /** The wire. */
  readonly wire: Wire;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lines: string[] = [];

  /** Reads from a wire. */
  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** What has come of a line that is not complete. */
  get rest(): string {
    return this.#rest;
  }

  /** The next line, or how the stream went on instead. */
  async next(): Promise<{ line: string } | "FIN" | "RST" | undefined> {
    while (this.#lines.length === 0) {
      const part = await this.wire.next();
      if (!(part instanceof Uint8Array)) return part;
      this.#add(part);
    }
    return { line: this.#lines.shift()! };
  }

  /**
   * Reads until a line that ends in these words; others are passed over.
   *
   * @throws {Symptom} If it does not come.
   */
  async until(words: string): Promise<string> {
    const passed: string[] = [];
    for (;;) {
      const came = await this.next();
      if (typeof came !== "object") {
        const kind = came === "FIN"
          ? "ended"
          : came === "RST"
          ? "reset"
          : "silent";
        const instead = passed.length ? `, but "${passed.at(-1)}" does` : "";
        throw new Symptom(kind, `does not reach ${this.wire.name}${instead}`, {
          got: encode(passed.join("\n")),
          on: this.wire.name,
        });
      }
      if (came.line.endsWith(words)) return came.line;
      passed.push(came.line);
    }
  }

  /** The lines that have come and were not asked for, after a short wait. */
  async waiting(seconds = 0.02): Promise<string[]> {
    for (;;) {
      const part = await this.wire.nextWithin(seconds);
      if (!(part instanceof Uint8Array)) return this.#lines.splice(0);
      this.#add(part);
    }
  }

  #add(part: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(part, { stream: true }))
      .split("\n");
    this.#rest = lines.pop()!;
    this.#lines.push(...lines);
  }
}
