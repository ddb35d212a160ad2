/**
 * Other programs, run next to our own: their output can be waited for, and they
 * are ended with the scope that started them.
 *
 * @module
 */

import { withTimeout } from "./io.ts";

/** Seconds to wait, at most, for something that a program may print. */
const DEADLINE = 60;

/** What a program has printed so far; it can be waited for. */
export class Transcript {
  /** Resolves when there will be no more. */
  readonly ended: Promise<void>;
  #parts: Uint8Array[] = [];
  #text = "";
  #open = true;
  #more = Promise.withResolvers<void>();

  /** Starts to collect, from as many streams as there are. */
  constructor(
    streams: ReadableStream<Uint8Array>[],
    onOutput?: (all: string) => void,
  ) {
    const collecting = streams.map((stream) => this.#collect(stream, onOutput));
    this.ended = Promise.all(collecting).then(() => {
      this.#open = false;
      this.#wake();
    });
  }

  /** All of it, as text. */
  get text(): string {
    return this.#text;
  }

  /** All of it, as bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(
      this.#parts.reduce((length, part) => length + part.length, 0),
    );
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /**
   * Waits until the text has matches.
   *
   * @param pattern What to look for.
   * @param times How many matches it takes. @default {1}
   * @returns The first of them.
   * @throws {Error} If the program ended, or a minute has passed, without.
   */
  async until(pattern: RegExp, times = 1): Promise<RegExpExecArray> {
    const all = RegExp(pattern, `${pattern.flags.replace("g", "")}g`);
    const deadline = performance.now() + DEADLINE * 1000;
    for (;;) {
      const matches = [...this.#text.matchAll(all)];
      if (matches.length >= times) return matches[0] as RegExpExecArray;
      if (!this.#open || performance.now() > deadline) {
        const found = times > 1 ? `${matches.length} of ${times}` : "none";
        throw new Error(`${found} of ${pattern} in: ${this.#text}`);
      }
      await withTimeout(DEADLINE, this.#more.promise);
    }
  }

  async #collect(
    stream: ReadableStream<Uint8Array>,
    onOutput?: (all: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for await (const part of stream) {
      this.#parts.push(part);
      this.#text += decoder.decode(part, { stream: true });
      onOutput?.(this.#text);
      this.#wake();
    }
    this.#text += decoder.decode();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** Options for a {@linkcode Process}. */
export interface ProcessOptions {
  /** All that it reads from standard input; without it there is none. */
  stdin?: Uint8Array;
  /** Whether standard input stays open when that is read. @default {false} */
  keepOpen?: boolean;
  /**
   * What becomes of its standard output: it is collected; nothing is kept; it is
   * left in the pipe, unread; or it is collected together with standard error.
   *
   * @default {"collect"}
   */
  stdout?: "collect" | "null" | "unread" | "merge";
  /** Called with all that it has printed whenever there is more of it. */
  onOutput?(all: string): void;
  /** Whether Windows gets the arguments as they are, unquoted. @default {false} */
  raw?: boolean;
  /** Variables of its environment, besides our own. */
  env?: Record<string, string>;
  /** The folder it runs in. @default {our own} */
  cwd?: URL | string;
}

/**
 * A program that runs, and ends at the latest when it is disposed.
 *
 * @example Wait for a word, and for the end
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Process } from "./process.ts";
 *
 * await using child = new Process("deno", ["eval", "console.log('hi', 40 + 2)"]);
 * const [, number] = await child.out.until(/hi (\d+)/);
 * assertEquals(number, "42");
 * assertEquals(await child.code(), 0);
 * ```
 */
export class Process implements AsyncDisposable {
  /** Its standard output (with standard error, if they are merged). */
  readonly out: Transcript;
  /** Its standard error. */
  readonly err: Transcript;
  readonly #child: Deno.ChildProcess;
  #unread?: ReadableStream<Uint8Array>;

  /**
   * Starts a program.
   *
   * @param program Its name; `deno` is the very Deno that runs this.
   * @param args Its arguments.
   * @param options What it reads, and what becomes of what it prints.
   * @throws {Deno.errors.NotFound} If there is no such program.
   */
  constructor(
    program: string,
    args: string[] = [],
    options: ProcessOptions = {},
  ) {
    const { stdin, stdout = "collect", onOutput, raw, env, cwd } = options;
    const child = new Deno.Command(
      program === "deno" ? Deno.execPath() : program,
      {
        args,
        cwd,
        env: { NO_COLOR: "1", ...env },
        windowsRawArguments: raw,
        stdin: stdin === undefined ? "null" : "piped",
        stdout: stdout === "null" ? "null" : "piped",
        stderr: "piped",
      },
    ).spawn();
    this.#child = child;
    const out = stdout === "collect" || stdout === "merge"
      ? [child.stdout]
      : [];
    const err = [child.stderr];
    const merged = stdout === "merge";
    this.out = new Transcript(merged ? [...out, ...err] : out, onOutput);
    this.err = new Transcript(merged ? [] : err);
    this.#unread = stdout === "unread" ? child.stdout : undefined;
    if (stdin !== undefined) this.#feed(stdin, options.keepOpen);
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Reads what was left unread so far, to its end. */
  async readOutput(): Promise<string> {
    const unread = this.#unread;
    this.#unread = undefined;
    return await new Response(unread).text();
  }

  /** Closes the pipe that its standard output goes to, unread. */
  async closeOutput(): Promise<void> {
    const unread = this.#unread;
    this.#unread = undefined;
    await unread?.cancel();
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Resolves to its exit code when it has ended and all its output is here. */
  async code(): Promise<number> {
    await Promise.all([this.out.ended, this.err.ended]);
    return (await this.#child.status).code;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeOutput();
    try {
      this.#child.kill("SIGKILL");
    } catch (error) { // it has ended
      if (!(error instanceof TypeError)) throw error;
    }
    await this.code();
  }

  async #feed(bytes: Uint8Array, keepOpen = false): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(bytes).catch(() => {}); // it may end before it has read
    if (keepOpen) await this.#child.status;
    await writer.close().catch(() => {});
  }
}

/**
 * The exit code of Windows' placeholder for a program that is not installed:
 * its `python3` only opens the Microsoft Store.
 */
export const PLACEHOLDER = 9009;

/**
 * Whether a program is there, by trying it.
 *
 * @param program Its name.
 * @returns Whether it could be started, and is not a mere placeholder.
 */
export function isInstalled(program: string): boolean {
  try {
    const { code } = new Deno.Command(program, {
      args: ["--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return code !== PLACEHOLDER;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
