/**
 * A server that is frozen, and clients that pile up in its backlog. (Linux.)
 *
 * @module
 */

import { delay } from "../../lib/io.ts";
import { Process } from "../../lib/process.ts";

/** Stops a program with SIGSTOP; resolves when it does nothing any more. */
export async function freeze(program: Process): Promise<void> {
  program.kill("SIGSTOP");
  while (!/\) T /.test(await show(`/proc/${program.pid}/stat`))) {
    await delay(0.005);
  }
}

/** Resolves when so many clients wait at a port of 127.0.0.1 to be accepted. */
export async function untilWaiting(port: number, count: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listener = RegExp(`: 0100007F:${hex} \\S+ 0A \\w+:(\\w+) `);
  for (let waiting = -1; waiting < count; await delay(0.005)) {
    const [, queue] = listener.exec(await show("/proc/net/tcp")) ?? [];
    waiting = parseInt(queue, 16);
  }
}

/** What the kernel says in a file: only another program may read it for us. */
async function show(file: string): Promise<string> {
  await using cat = new Process("cat", [file]);
  await cat.code();
  return cat.out.text;
}
