/**
 * The programs of others that fetch what goes into the folder: Deno, and pip.
 *
 * @module
 */

import {
  capture,
  type CaptureOptions,
  Trouble,
} from "../jupyter/environment.ts";

/** Runs the very Deno that runs this, and is plain about what it cannot do. */
export async function deno(
  args: string[],
  { cwd, env }: CaptureOptions,
): Promise<void> {
  const ended = await capture(Deno.execPath(), args, {
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
