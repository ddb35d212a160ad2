/**
 * What a server reports to its caller, and how it does so without being harmed
 * by it, or flooding it.
 *
 * @module
 */

import type { Totals } from "./connection.ts";

/** What a server reports while it runs; each is optional. */
export interface Reports<A extends Deno.Addr = Deno.NetAddr> {
  /** It listens, on this address. */
  onListen?(addr: A): void;
  /** A peer has connected. */
  onOpen?(peer: A): void | Promise<void>;
  /** A peer has sent this text; the next read waits for what this returns. */
  onText?(text: string, peer: A): void | Promise<void>;
  /** A conversation is over. */
  onDone?(peer: A, totals: Totals): void;
  /**
   * A conversation failed, or (with the server's own address) the listening; or
   * another of these threw. What this one throws goes to the console.
   */
  onError?(error: Error, at: A): void;
}

/**
 * Makes reports safe to call: what one of them throws, or rejects with, is passed
 * on to `onError`, and what that throws, to the console. A fault of the caller's
 * is no fault of the peer's, so the conversation goes on.
 *
 * @param reports As the caller gave them.
 * @returns The same, safe to call.
 */
export function guard<A extends Deno.Addr, R extends Reports<A>>(
  reports: R,
): R {
  const { onListen, onOpen, onText, onDone, onError } = reports;
  function report(error: Error, at: A): void {
    attempt(() => onError?.(error, at), console.error);
  }
  function safely(call: () => unknown, at: A): Promise<void> | void {
    return attempt(call, (error) => {
      if (onError) report(error, at);
      else console.error(error);
    });
  }
  return {
    ...reports,
    onError: report,
    onListen: (addr: A) => void safely(() => onListen?.(addr), addr),
    // Nobody pays for a report that nobody wants.
    onOpen: onOpen && ((peer) => safely(() => onOpen(peer), peer)),
    onText: onText && ((text, peer) => safely(() => onText(text, peer), peer)),
    onDone: onDone &&
      ((peer, totals) => void safely(() => onDone(peer, totals), peer)),
  };
}

/**
 * Calls a function of the caller's that may throw, now or later.
 *
 * @param call Calls it.
 * @param onThrow Is given what it throws, or rejects with.
 * @returns What to wait for, if there is anything.
 */
export function attempt(
  call: () => unknown,
  onThrow: (error: Error) => void,
): Promise<void> | void {
  try {
    const later = call();
    if (later instanceof Promise) return later.catch(onThrow);
  } catch (error) {
    onThrow(error as Error);
  }
}

/**
 * Reports a repeating error once, and again only after a second's quiet.
 *
 * @example Out of descriptors, a hundred times
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { throttle } from "./reports.ts";
 *
 * const said: string[] = [];
 * const report = throttle((error, at) => said.push(`${at}: ${error.message}`));
 * for (let i = 0; i < 100; i++) report(new Error("Too many open files"), "here");
 * assertEquals(said, ["here: Too many open files"]);
 * ```
 *
 * @param report Takes what is worth reporting, and where it was.
 * @returns Takes every error.
 */
export function throttle<At>(
  report: (error: Error, at: At) => void,
): (error: Error, at: At) => void {
  const last = new Map<string, number>();
  return (error, at) => {
    const now = performance.now();
    const quiet = now - (last.get(error.message) ?? -Infinity);
    last.set(error.message, now);
    if (quiet > 1000) report(error, at);
  };
}
