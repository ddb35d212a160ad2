/**
 * Writing all of a message, and waiting for only so long.
 *
 * @module
 */

/** What bytes can be read from: a connection, a file, a pipe. */
export interface Reader {
  /** Fills some of the buffer, and returns how much; null is the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What bytes can be written to. */
export interface Writer {
  /** Takes some of the bytes, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes all of a message: a write may take only part of it, as much as fits
 * into the system's buffer at the moment.
 *
 * @param to Where it goes: a connection, a file, standard output.
 * @param message Bytes, or text, which is encoded as UTF-8.
 */
export async function writeAll(
  to: Writer,
  message: string | Uint8Array,
): Promise<void> {
  let rest = encode(message);
  while (rest.length > 0) rest = rest.subarray(await to.write(rest));
}

/** The bytes of a message; text is encoded as UTF-8. */
export function encode(message: string | Uint8Array): Uint8Array {
  return typeof message === "string" ? encoder.encode(message) : message;
}

const encoder = new TextEncoder();

/** Resolves after that many seconds. */
export function delay(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/**
 * Waits for a promise, but only for so long.
 *
 * @param seconds How long; 0 is for ever.
 * @param promise What to wait for; it goes on when the time is up.
 * @returns Its value, or undefined if that did not come in time.
 */
export async function withTimeout<T>(
  seconds: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  if (seconds === 0) return await promise;
  const late = Promise.withResolvers<undefined>();
  // setTimeout() loads a module that would cost a client a third of its start.
  const signal = AbortSignal.timeout(seconds * 1000);
  const stop = () => late.resolve(undefined);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    signal.removeEventListener("abort", stop); // now no process waits for it
  }
}

/**
 * Waits for a promise, but no longer than until a signal.
 *
 * @param promise The promise.
 * @param signal The signal.
 * @returns What the promise resolves to.
 * @throws {unknown} What it rejects with, or the reason of the signal.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal!.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
