/**
 * What has to be judged by the clock, on a machine that may be busy. Whoever
 * measures must be in time: while the judge itself is late it cannot tell whether
 * the program is.
 *
 * @module
 */

import { type Kind, Symptom, Untried } from "./symptom.ts";

/** Milliseconds between two beats. */
const BEAT = 5;

/** Times that something is tried before the machine counts as too busy. */
const TRIES = 5;

/** What a judge that is late can cause: somebody has given up meanwhile. */
const DOUBTFUL: Kind[] = ["ended", "reset", "absent", "exit", "costly"];

/** What came may have two causes, because the judge was late: only another try tells. */
export class Late extends Error {
  override name = "Late";
}

/** Beats, and remembers how late a beat has been. */
class Pulse implements Disposable {
  #longest = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => this.#beat(), BEAT);

  /** The longest time without a beat so far, in milliseconds. */
  get longest(): number {
    this.#beat();
    return this.#longest;
  }

  #beat(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }

  /** Stops. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/**
 * Tries something until it works, or fails while the judge is surely in time.
 *
 * @param late Milliseconds by which the judge may be late.
 * @param attempt What is tried; each time it has to begin anew. It throws
 *   {@linkcode Late} where it cannot tell what it saw.
 * @throws {Symptom} What it fails with.
 * @throws {Untried} If the machine is too busy each time.
 */
export async function byTheClock(
  late: number,
  attempt: () => Promise<void>,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    using pulse = new Pulse();
    try {
      return await attempt();
    } catch (error) {
      const isDoubtful = error instanceof Symptom &&
        DOUBTFUL.includes(error.kind) && pulse.longest > late;
      if (!isDoubtful && !(error instanceof Late)) throw error;
    }
  }
  throw new Untried("the machine is too busy to judge by the clock");
}
