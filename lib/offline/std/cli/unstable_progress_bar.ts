/**
 * Stand-in for `@std/cli/unstable-progress-bar`: a bar that is drawn once a
 * second on standard error, or on the stream that it is given.
 *
 * @module
 */

/** What a bar may say of itself. */
export interface ProgressBarFormatter {
  /** The time since it began: `mm:ss`. */
  styledTime: string;
  /** The bar: `###---`. */
  progressBar: string;
  /** How far it has come. */
  value: number;
  /** How far it has to go. */
  max: number;
}

/** Options for a {@linkcode ProgressBar}. */
export interface ProgressBarOptions {
  /** How far it has to go. */
  max: number;
  /** Where it is drawn. @default {Deno.stderr.writable} */
  writable?: WritableStream<Uint8Array>;
  /** Whether it is taken away at the end. @default {false} */
  clear?: boolean;
  /** What it says. */
  formatter?: (state: ProgressBarFormatter) => string;
}

const WIDTH = 50;

/** A bar that shows how far something has come. */
export class ProgressBar {
  /** How far it has come. */
  value = 0;
  /** How far it has to go. */
  max: number;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #clear: boolean;
  readonly #format: (state: ProgressBarFormatter) => string;
  readonly #begin = Date.now();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Begins to draw. */
  constructor(options: ProgressBarOptions) {
    const { max, writable = Deno.stderr.writable, clear = false } = options;
    this.max = max;
    this.#writer = writable.getWriter();
    this.#clear = clear;
    this.#format = options.formatter ??
      (({ styledTime, progressBar }) => `[${styledTime}] [${progressBar}]`);
    this.#timer = setInterval(() => this.#draw(), 1000);
    this.#draw();
  }

  /** Draws it for the last time, or takes it away. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#clear) await this.#write("\r\x1b[K");
    else {
      await this.#draw();
      await this.#write("\n");
    }
    this.#writer.releaseLock();
  }

  #draw(): Promise<void> {
    const { value, max } = this;
    const seconds = Math.trunc((Date.now() - this.#begin) / 1000);
    const two = (n: number) => String(Math.trunc(n)).padStart(2, "0");
    const done = Math.trunc(WIDTH * Math.min(Math.max(value / max, 0), 1));
    const state = {
      styledTime: `${two(seconds / 60)}:${two(seconds % 60)}`,
      progressBar: "#".repeat(done) + "-".repeat(WIDTH - done),
      value,
      max,
    };
    return this.#write(`\r\x1b[K${this.#format(state)}`);
  }

  async #write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text)).catch(() => {});
  }
}
