/**
 * Standard input and output, byte by byte: what there is to send, and what was
 * received.
 *
 * @module
 */

import { StreamError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import { writeAll, type Writer } from "./io.ts";

/**
 * Gives bytes to a function that prints them exactly. On a terminal they are
 * shown as text, with control characters escaped and a newline at the very end.
 *
 * @param work Is given the function, and prints with it what it receives.
 * @param to Where it goes. @default {Deno.stdout}
 * @returns What the work returns.
 */
export async function printing<T>(
  work: (print: (bytes: Uint8Array) => Promise<void>) => Promise<T>,
  to: typeof Deno.stdout = Deno.stdout,
): Promise<T> {
  if (!to.isTerminal()) return await work((bytes) => writeOut(to, bytes));
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let end = "\n";
  async function printText(text: string): Promise<void> {
    if (text === "") return;
    end = text.slice(-1);
    await writeOut(to, text.split("\n").map(escapeControls).join("\n"));
  }
  try {
    return await work((bytes) =>
      printText(decoder.decode(bytes, { stream: true }))
    );
  } finally {
    await printText(decoder.decode());
    if (end !== "\n") await writeOut(to, "\n");
  }
}

/**
 * Writes all of it.
 *
 * @throws {StreamError} If nobody can take it.
 */
export async function writeOut(
  to: Writer,
  text: string | Uint8Array,
): Promise<void> {
  try {
    await writeAll(to, text);
  } catch (error) {
    const closed = error instanceof Deno.errors.BrokenPipe;
    const why = closed ? "somebody closed it" : (error as Error).message;
    throw new StreamError(`cannot write to standard output: ${why}`);
  }
}

/** Reads standard input as it comes. */
export async function* readInput(): AsyncGenerator<Uint8Array> {
  try {
    yield* Deno.stdin.readable;
  } catch (error) {
    const why = (error as Error).message;
    throw new StreamError(`cannot read standard input: ${why}`);
  }
}
