/**
 * Places for each address, so that no machine can take all of them.
 *
 * @module
 */

import { isLoopback } from "./address.ts";

/** Counts the connections of each address that isn't this machine's own. */
export class Places {
  #most: number;
  #taken = new Map<string, number>();

  /**
   * Starts with all places free.
   *
   * @param most Places for one address; 0 is any number.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a place, unless the address has as many as it may have. */
  enter(at: Deno.Addr): boolean {
    if (this.#most === 0) return true; // nothing is counted
    const machine = machineOf(at);
    if (machine === undefined) return true;
    const taken = this.#taken.get(machine) ?? 0;
    if (taken === this.#most) return false;
    this.#taken.set(machine, taken + 1);
    return true;
  }

  /** Gives a place back. */
  leave(at: Deno.Addr): void {
    if (this.#most === 0) return;
    const machine = machineOf(at) ?? "";
    const taken = this.#taken.get(machine) ?? 0;
    if (taken > 1) this.#taken.set(machine, taken - 1);
    else this.#taken.delete(machine); // an address without any costs no memory
  }
}

/**
 * Which machine an address belongs to; undefined is this one. A machine with an
 * IPv6 address usually has 2 ** 64 of them, alike in their first four groups, so
 * these count as one. (On a single link all are alike in those, and don't.)
 */
function machineOf(at: Deno.Addr): string | undefined {
  if (!("hostname" in at)) return undefined; // a path: it's on this machine
  const address = at.hostname.replace(/^::ffff:(?=[\d.]+$)/, ""); // IPv4 in IPv6
  if (isLoopback(address)) return undefined;
  if (!address.includes(":") || address.startsWith("fe80:")) return address;
  const [before, after = []] = address.split("::").map((part) =>
    part.split(":")
  );
  const zeros = Array(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
