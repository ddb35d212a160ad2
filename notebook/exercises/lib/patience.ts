/**
 * How long to wait for a program that says nothing. A clock alone accuses a
 * program that is only slow: on a busy machine that is any program. So silence is
 * believed only when, look after look, all the program's threads sleep.
 *
 * @module
 */

import { delay, withTimeout } from "../../../lib/io.ts";

/** What is waited for: a program that can be looked at. */
export interface Watched {
  /** Whether all of it sleeps; undefined if it cannot be seen. */
  isIdle(): Promise<boolean | undefined>;
  /** Seconds of the processor that it has used; undefined if unknown. */
  processorTime(): Promise<number | undefined>;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

/** Seconds between two looks. */
const INTERVAL = 0.12;

/** Seconds in which what has come already is noticed on the busiest machine. */
const GRACE = 0.01;

/** Looks in a row that must find it asleep. */
const LOOKS = 4;

/** How many times longer to wait where nobody can look. */
const UNSEEN = 4;

/** Seconds of the processor after which a program that is never idle is given up. */
const SPINNING = 0.7;

/** Seconds after which nobody waits any longer, whatever the program does. */
const LIMIT = 30;

/** Waits for something until it comes, or the program surely waits, too. */
export class Patience {
  /** Seconds that it waits at least, where a right program may sleep for long. */
  least = 0;
  readonly #program: Watched;
  #looking: Promise<unknown> = Promise.resolve();

  /** Waits for a program. */
  constructor(program: Watched) {
    this.#program = program;
  }

  /**
   * Waits for something that the program is meant to do.
   *
   * @param promise What is waited for; it must not reject.
   * @param spinning Seconds of the processor that it may use for that.
   * @returns Its value, or undefined if the program does nothing of the kind.
   */
  async for<T>(
    promise: Promise<T>,
    spinning = SPINNING,
  ): Promise<{ value: T } | undefined> {
    const coming = promise.then((value) => ({ value }));
    const early = await withTimeout(INTERVAL, coming);
    if (early) return early;
    const came = new AbortController();
    const resigning = this.#resign(came.signal, spinning);
    this.#looking = Promise.all([this.#looking, resigning]);
    // Beside the looks, so that no look makes us late for what comes.
    const value = await Promise.race([coming, resigning]) ??
      await withTimeout(GRACE, coming);
    came.abort();
    return value;
  }

  /** Resolves when nobody looks at the program any more. */
  async untilRested(): Promise<void> {
    await this.#looking;
  }

  /** Resolves when there is no hope any more, or something came. */
  async #resign(came: AbortSignal, spinning: number): Promise<undefined> {
    const begun = performance.now();
    const used = await this.#program.processorTime();
    const enough = (idle?: boolean) =>
      // Counted in looks, and not in seconds: on a busy machine both take longer.
      Math.max(LOOKS * (idle ? 1 : UNSEEN), this.least / INTERVAL);
    for (let calm = 0, idle; calm === 0 || calm < enough(idle);) {
      if (came.aborted) return;
      idle = await this.#look();
      calm = idle === false ? 0 : calm + 1;
      await pause(INTERVAL, came);
      if (performance.now() - begun > LIMIT * 1000) return;
      if (idle === false && await this.#spins(used, spinning)) return;
    }
  }

  /** Waits until the program does nothing more by itself. */
  async untilIdle(): Promise<void> {
    await this.#settled(2);
  }

  async #settled(looks: number): Promise<void> {
    const begun = performance.now();
    for (let calm = 0; calm < looks;) {
      const idle = await this.#look();
      calm = idle === false ? 0 : calm + (idle ? 1 : 1 / (UNSEEN * 4));
      await delay(0.01);
      if (performance.now() - begun > LIMIT * 1000) return;
    }
  }

  async #look(): Promise<boolean | undefined> {
    const gone = this.#program.ended.then(() => true);
    return await withTimeout(0.001, gone) ? true : await this.#program.isIdle();
  }

  async #spins(before: number | undefined, most: number): Promise<boolean> {
    const now = await this.#program.processorTime();
    return before !== undefined && now !== undefined &&
      now - before >= most;
  }
}

/** Resolves after so many seconds, or at once when aborted. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, seconds * 1000);
    const stop = () => (clearTimeout(timer), resolve());
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Where nobody can look at the program, only time is left. */
export function blindPatience(): Patience {
  return new Patience({
    isIdle: () => Promise.resolve(undefined),
    processorTime: () => Promise.resolve(undefined),
    ended: new Promise(() => {}),
  });
}
