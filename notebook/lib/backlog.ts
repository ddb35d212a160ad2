/**
 * A server that is frozen, and clients that pile up in its backlog. (Linux.)
 *
 * @module
 */

import { delay } from "../../lib/io.ts";
import type { Process } from "../../lib/process.ts";
import { statesOf, waitingAt } from "./probe.ts";

/** Stops a program with SIGSTOP; resolves when it does nothing any more. */
export async function freeze(program: Process): Promise<void> {
  program.kill("SIGSTOP");
  while ((await statesOf(program.pid)).some((state) => state !== "T")) {
    await delay(0.005);
  }
}

/** Resolves when so many clients wait at a port of 127.0.0.1 to be accepted. */
export async function untilWaiting(port: number, count: number): Promise<void> {
  while (await waitingAt(port) < count) await delay(0.005);
}
