/**
 * Other programs, run from the notebook, in the project's folder. Both their
 * outputs are collected as one.
 *
 * @module
 */

import { Process } from "../../lib/process.ts";

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
export class Child extends Process {
  /** Starts it. */
  constructor(
    program: string,
    args: string[],
    { onOutput, cwd = PROJECT }: StartOptions,
  ) {
    super(program, args, { stdout: "merge", onOutput, cwd });
  }

  /** What it has printed so far, on both its outputs. */
  get printed(): string {
    return this.out.text;
  }

  /** Resolves to the match as soon as what it has printed has one. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return this.out.until(pattern);
  }

  /** Resolves to its exit code when it has ended. */
  ended(): Promise<number> {
    return this.code();
  }

  /** Sends it a signal. @default {"SIGTERM"} */
  stop(signal?: Deno.Signal): void {
    this.kill(signal);
  }
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
  options: StartOptions = {},
): Child {
  return new Child(program, args, options);
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
