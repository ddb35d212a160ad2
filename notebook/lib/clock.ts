/**
 * A reader with a clock: what arrived, when, and with what else.
 *
 * @module
 */

import { delay } from "../../lib/io.ts";

/** A message of one byte. */
export interface Arrival {
  /** The byte. */
  message: number;
  /** Which read brought it, from 1 on. */
  read: number;
  /** Milliseconds since the reader began. */
  ms: number;
}

/**
 * Reads messages of a byte each, until one of them has come.
 *
 * @param next Waits for some bytes.
 * @param last The message to wait for.
 * @returns All that came, in its order.
 */
export async function clock(
  next: () => Promise<Uint8Array>,
  last: number,
): Promise<Arrival[]> {
  const begin = performance.now();
  const arrivals: Arrival[] = [];
  for (let read = 1; arrivals.at(-1)?.message !== last; read++) {
    const bytes = await next();
    const ms = Math.round(performance.now() - begin);
    for (const message of bytes) arrivals.push({ message, read, ms });
  }
  return arrivals;
}

/** Says twenty messages of a byte each, from 1 on, one every 20 milliseconds. */
export async function speak(
  say: (message: Uint8Array) => Promise<unknown>,
): Promise<void> {
  for (let n = 1; n <= 20; n++) {
    await say(Uint8Array.of(n));
    await delay(0.02);
  }
}
