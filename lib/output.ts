/**
 * Text for standard output that comes from many peers at once.
 *
 * @module
 */

import { yellow } from "@std/fmt/colors";
import { StreamError } from "./errors.ts";
import { encode, withTimeout, type Writer } from "./io.ts";
import type { Log } from "./log.ts";
import { TextQueue } from "./queue.ts";
import { writeOut } from "./stdio.ts";
import { Ticker, ticksOf } from "./ticker.ts";

/** Bytes that may be queued before `write()` asks its caller to wait. */
const HIGH_WATER_MARK = 2 ** 20;

/** Bytes that may still be queued when those who wait go on. */
const LOW_WATER_MARK = 2 ** 19;

/** Bytes that are much: no further ones are gathered first. */
const MUCH = 2 ** 17;

/** Seconds that standard output may take nothing before text is dropped. */
const STALL_TIMEOUT = 5;

/**
 * Bytes that are written at a time, but to a file, which always has room: what a
 * pipe makes room for at a time.
 */
const PIECE = 4096;

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
  #queue = new TextQueue();
  #enough?: () => void; // ends the gathering
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
    const full = this.#queue.length > HIGH_WATER_MARK;
    if (full && this.#stalled) {
      this.#dropped += encode(text).length;
      return;
    }
    this.#queue.push(text);
    if (this.#queue.length >= MUCH) this.#enough?.();
    this.#writing ??= this.#writeQueued();
    this.#ticker.start();
    if (!this.#stalled && this.#queue.length > HIGH_WATER_MARK) {
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
    while (this.#queue.length > 0) {
      const page = this.#queue.shift();
      if (page.length > PIECE) {
        this.#piece ??= await isStdoutFile() ? Infinity : PIECE;
      }
      const most = this.#piece ?? PIECE;
      for (let i = 0; i < page.length; i += most) {
        await this.#writePiece(page.subarray(i, i + most));
      }
      if (this.#queue.length <= LOW_WATER_MARK) this.#releaseWriters();
      // A write costs more than a datagram: a busy server had better write seldom.
      if (this.#gathering > 0) await this.#gather();
    }
    this.#writing = undefined;
  }

  /** Waits a moment for more text, unless there is much already. */
  async #gather(): Promise<void> {
    if (this.#queue.length >= MUCH) return;
    const much = Promise.withResolvers<void>();
    this.#enough = much.resolve;
    await withTimeout(this.#gathering, much.promise);
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
