/**
 * Other programs, run beside the notebook: their output can be waited for, kept
 * or shown while it comes.
 *
 * @module
 */

/** The project's folder, in which all of them run. */
export const PROJECT = new URL("../../", import.meta.url);

/** Options for {@linkcode start}. */
export interface StartOptions {
  /** Called with all that it has printed whenever there is more of it. */
  onOutput?(all: string): void;
  /** The folder it runs in. @default {PROJECT} */
  cwd?: URL | string;
}

/** A program that runs, and ends at the latest when it is disposed. */
export interface Child extends AsyncDisposable {
  /** Its number among the processes. */
  readonly pid: number;
  /** What it has printed so far, on both its outputs. */
  readonly printed: string;
  /** Resolves to the match as soon as what it has printed has one. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves to its exit code when it has ended. */
  ended(): Promise<number>;
  /** Sends it a signal: SIGTERM, unless told otherwise. */
  stop(signal?: Deno.Signal): void;
}

/**
 * Starts a program.
 *
 * @example Wait for a word, and for the end
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { start } from "./child.ts";
 *
 * await using child = start("deno", ["eval", "console.log('hi', 40 + 2)"]);
 * const [, number] = await child.until(/hi (\d+)/);
 * assertEquals(number, "42");
 * assertEquals(await child.ended(), 0);
 * ```
 *
 * @param program Its name; `deno` is the very Deno that runs this.
 * @param args Its arguments.
 * @param options What to do with its output.
 * @returns The program, which runs already.
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export function start(
  program: string,
  args: string[] = [],
  { onOutput, cwd = PROJECT }: StartOptions = {},
): Child {
  const child = new Deno.Command(
    program === "deno" ? Deno.execPath() : program,
    {
      args,
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    },
  ).spawn();
  let printed = "";
  let more = Promise.withResolvers<boolean>();
  async function collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      printed += text;
      onOutput?.(printed);
      more.resolve(true);
      more = Promise.withResolvers();
    }
  }
  const closed = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const ended = closed.then(async () => {
    more.resolve(false); // there is no more
    return (await child.status).code;
  });
  return {
    pid: child.pid,
    get printed() {
      return printed;
    },
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(printed);
        if (match) return match;
        if (!await more.promise && !pattern.test(printed)) {
          throw new Error(`${program} ended without ${pattern}: ${printed}`);
        }
      }
    },
    ended: () => ended,
    stop: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch (error) { // it has ended
        if (!(error instanceof TypeError)) throw error;
      }
      await ended;
    },
  };
}

/**
 * Runs a program to its end.
 *
 * @param program Its name.
 * @param args Its arguments.
 * @returns Its exit code and all that it printed, on both its outputs.
 */
export async function run(
  program: string,
  ...args: string[]
): Promise<{ code: number; printed: string }> {
  await using child = start(program, args);
  return { code: await child.ended(), printed: child.printed };
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
