/**
 * Builds a learner's program, where its language wants that.
 *
 * @module
 */

import { prefixLines } from "../../../lib/escape.ts";

/**
 * Builds a program.
 *
 * @param command A line for the shell.
 * @param folder Where.
 * @param onOutput Gets what the build says, in whole lines.
 * @returns Whether it could be built.
 */
export async function build(
  command: string,
  folder: string | undefined,
  onOutput: (text: string) => void,
): Promise<boolean> {
  const [shell, flag] = Deno.build.os === "windows"
    ? ["cmd", "/c"]
    : ["sh", "-c"];
  const { success, stdout, stderr } = await new Deno.Command(shell, {
    args: [flag, command],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  for (const bytes of [stdout, stderr]) {
    const text = new TextDecoder().decode(bytes);
    if (text) onOutput(prefixLines(text, "build> "));
  }
  return success;
}
