/**
 * Addresses: how they are written, and how far they reach.
 *
 * @module
 */

/**
 * Writes an address the way a command line takes it.
 *
 * @example IPv6 stands in brackets, so that its colons and the port's differ
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatAddress } from "./address.ts";
 *
 * assertEquals(formatAddress({ hostname: "::1", port: 80 }), "[::1]:80");
 * assertEquals(formatAddress({ hostname: "localhost" }), "localhost");
 * ```
 *
 * @param at A host, with a port or without one.
 * @returns `HOST:PORT`, or the host alone.
 */
export function formatAddress(at: { hostname: string; port?: number }): string {
  const host = at.hostname.includes(":") ? `[${at.hostname}]` : at.hostname;
  return at.port === undefined ? host : `${host}:${at.port}`;
}

/** Whether an address, or the name `localhost`, stays within this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){1,3}|::1)$/i.test(hostname);
}

/** Whether a host is given by its address, and not by a name. */
export function isAddress(hostname: string): boolean {
  return /^(\d+\.){3}\d+$|:/.test(hostname);
}

/**
 * The address of ours from which to ask at another one: any of its family; but
 * nobody outside needs to reach a socket that asks this machine.
 */
export function localFor(address: string): string {
  if (isLoopback(address)) return address;
  return address.includes(":") ? "::" : "0.0.0.0";
}

/**
 * An address in the one form in which two can be compared: without its zone, which
 * no datagram brings, and IPv4 within IPv6 as what it is.
 */
export function canonical(address: string): string {
  const plain = address.replace(/%.*/, "");
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(plain) ??
    [];
  if (low === undefined) return plain.replace(/^::ffff:(?=[\d.]+$)/i, "");
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

/** The addresses of a host, in the order in which a server takes the first. */
export async function resolve(hostname: string): Promise<string[]> {
  if (isAddress(hostname)) return [hostname];
  const { lookup } = await import("node:dns/promises"); // slow, seldom needed
  const found = await lookup(hostname, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}
