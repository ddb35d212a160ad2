/**
 * The programs of others that fetch what goes into the folder: Deno, and pip.
 *
 * @module
 */

import { type Ended, Trouble } from "../jupyter/environment.ts";

/** Options for a program. */
export interface RunOptions {
  /** The folder it runs in. */
  cwd?: string;
  /** Variables of its environment, besides our own. */
  env?: Record<string, string>;
}

/**
 * Runs a program to its end.
 *
 * @returns How it ended and what it said, or nothing if there is no such program.
 */
export async function run(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<Ended | undefined> {
  try {
    const command = new Deno.Command(program, { args, ...options });
    const { success, code, stdout, stderr } = await command.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const text = (decode(stdout) + decode(stderr)).trim();
    return { success, code, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs the very Deno that runs this, and is plain about what it cannot do. */
export async function deno(
  args: string[],
  { cwd, env }: RunOptions,
): Promise<void> {
  const ended = await run(Deno.execPath(), args, {
    cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
  });
  if (!ended!.success) throw new Trouble(firstLine(ended!.text));
}

/** What went wrong, without where in the program it did. */
export function firstLine(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^ERROR: /i, ""));
  return lines.find((line) => line.trim() !== "") ?? "it says nothing";
}
