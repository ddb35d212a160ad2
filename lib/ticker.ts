/**
 * A clock for patience: it ticks while this process runs, and only then.
 *
 * @module
 */

/** Milliseconds between two ticks. */
const TICK = 100;

/**
 * Calls a function ten times a second, for as long as it wants to be called.
 *
 * Patience is counted in ticks, not in time. While this process stands still, by
 * Ctrl-Z, on a laptop that sleeps, or because it is busy, there is no tick, and
 * no peer is taken for silent because we didn't listen.
 */
export class Ticker implements Disposable {
  #onTick: () => boolean;
  #next?: AbortSignal;

  /**
   * Does nothing until it is started.
   *
   * @param onTick Is called at each tick; returns whether to go on.
   */
  constructor(onTick: () => boolean) {
    this.#onTick = onTick;
  }

  /** Starts, unless it runs already. */
  start(): void {
    if (!this.#next) this.#wait();
  }

  /** Stops. */
  [Symbol.dispose](): void {
    this.#next?.removeEventListener("abort", this.#ring);
    this.#next = undefined;
  }

  // Unlike setTimeout() this loads no further module, which would cost a client
  // a third of its start.
  #wait(): void {
    this.#next = AbortSignal.timeout(TICK);
    this.#next.addEventListener("abort", this.#ring);
  }

  #ring = (): void => {
    this.#next = undefined;
    if (this.#onTick()) this.start();
  };
}

/** The ticks after which so many seconds are surely over. */
export function ticksOf(seconds: number): number {
  return Math.ceil(seconds * 1000 / TICK) + 1; // the first may be a short one
}

/** Calls a function once, when nothing has renewed it for so many seconds. */
export class Patience implements Disposable {
  #ticks = 0;
  #ticker: Ticker;

  /**
   * Starts to wait.
   *
   * @param seconds How long; 0 is for ever.
   * @param onEnd Is called when it is at its end.
   */
  constructor(seconds: number, onEnd: () => void) {
    const limit = ticksOf(seconds);
    this.#ticker = new Ticker(() => {
      if (++this.#ticks < limit) return true;
      onEnd();
      return false;
    });
    if (seconds > 0) this.#ticker.start();
  }

  /** Starts waiting again. */
  renew(): void {
    this.#ticks = 0;
  }

  /** Stops waiting. */
  [Symbol.dispose](): void {
    this.#ticker[Symbol.dispose]();
  }
}
