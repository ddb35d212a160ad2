/**
 * Text for standard output that comes from many peers at once.
 *
 * @module
 */

import { yellow } from "@std/fmt/colors";
import { StreamError } from "./errors.ts";
import { delay, encode, type Writer } from "./io.ts";
import type { Log } from "./log.ts";
import { writeOut } from "./stdio.ts";
import { Ticker, ticksOf } from "./ticker.ts";

/** Characters that may be queued before `write()` asks its caller to wait. */
const HIGH_WATER_MARK = 2 ** 20;

/** Seconds that standard output may take nothing before text is dropped. */
const STALL_TIMEOUT = 5;

/** Bytes that are written at a time: what a pipe makes room for at a time. */
const PIECE = 4096;

/** The same for a file, which always has room. */
const FILE_PIECE = 2 ** 16;

/** Options for an {@linkcode Output}. */
export interface OutputOptions {
  /** Where it goes. @default {Deno.stdout} */
  to?: Writer;
  /** Seconds that it may take nothing before text is dropped. @default {5} */
  stallTimeout?: number;
  /** Seconds after a write in which more is gathered, unless it is much. @default {0} */
  gathering?: number;
}

/**
 * Text for a reader who may be slow, or gone. Many small texts become one write.
 * When the reader is far behind, callers are asked to wait, so that TCP
 * slows the peers down. When nobody reads at all, text is dropped after a while,
 * and the log says so: no peer waits for ever.
 */
export class Output {
  #to: Writer;
  #log: Log;
  #stallTimeout: number;
  #gathering: number;
  #piece?: number; // how much is written at a time, once that matters
  #queued = "";
  #writing?: Promise<void>;
  #drained = Promise.withResolvers<void>();
  #stalled = false;
  #dropped = 0;
  #idleTicks = 0; // in which nothing was taken
  #ticker = new Ticker(() => this.checkStall());

  /** Starts with nothing queued; trouble goes to the log. */
  constructor(log: Log, options: OutputOptions = {}) {
    this.#log = log;
    this.#to = options.to ?? Deno.stdout;
    if (options.to) this.#piece = PIECE;
    this.#stallTimeout = options.stallTimeout ?? STALL_TIMEOUT;
    this.#gathering = options.gathering ?? 0;
  }

  /**
   * Queues a text, and does not wait until it is out.
   *
   * @param text Any length.
   * @returns What to wait for if the reader is far behind.
   */
  write(text: string): Promise<void> | undefined {
    if (text === "") return;
    const full = this.#queued.length > HIGH_WATER_MARK;
    if (full && this.#stalled) {
      this.#dropped += encode(text).length;
      return;
    }
    this.#queued += text;
    this.#writing ??= this.#writeQueued();
    this.#ticker.start();
    if (!this.#stalled && this.#queued.length > HIGH_WATER_MARK) {
      return this.#drained.promise;
    }
  }

  /** Resolves when all that was written is out, or cannot get out. */
  async flush(): Promise<void> {
    while (this.#writing && !this.#stalled) {
      await Promise.race([this.#writing, this.#drained.promise]);
    }
  }

  async #writeQueued(): Promise<void> {
    while (this.#queued) {
      const bytes = encode(this.#queued);
      this.#queued = "";
      if (bytes.length > FILE_PIECE) {
        this.#piece ??= await isStdoutFile() ? FILE_PIECE : PIECE;
      }
      const most = this.#piece ?? PIECE;
      for (let i = 0; i < bytes.length; i += most) {
        await this.#writePiece(bytes.subarray(i, i + most));
      }
      this.#releaseWriters();
      // A write costs more than a datagram: a busy server had better write seldom.
      const few = this.#queued.length < PIECE;
      if (few && this.#gathering > 0) await delay(this.#gathering);
    }
    this.#writing = undefined;
  }

  async #writePiece(piece: Uint8Array): Promise<void> {
    this.#idleTicks = 0;
    try {
      await writeOut(this.#to, piece);
      if (this.#stalled) {
        this.#log(`standard output is back; ${this.#dropped} bytes are lost`);
      }
      this.#stalled = false;
      this.#dropped = 0;
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#dropped += piece.length;
      this.#stall(error.message);
    }
  }

  /** Counts a tick in which nothing was taken; the ticker calls it. */
  checkStall(): boolean {
    if (++this.#idleTicks === ticksOf(this.#stallTimeout)) {
      this.#stall(`standard output took nothing for ${this.#stallTimeout} s`);
    }
    return this.#writing !== undefined;
  }

  #stall(why: string): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#log(yellow(`${why}; what clients say is not shown`));
    this.#releaseWriters();
  }

  #releaseWriters(): void {
    this.#drained.resolve();
    this.#drained = Promise.withResolvers();
  }
}

async function isStdoutFile(): Promise<boolean> {
  const { fstatSync } = await import("node:fs"); // slow, seldom needed
  return fstatSync(1).isFile();
}
