/**
 * Buffers to read into, used again and again. Their bytes lie outside of what the
 * garbage collector moves, and a new buffer costs a short conversation a tenth
 * of its time.
 *
 * @module
 */

/** Bytes of one size that wait for their next use, at most. */
const KEPT = 2 ** 20;

/**
 * Bytes, and buffers, that are made at a time: small ones share their memory,
 * which is kept for as long as one of them is.
 */
const SLAB = 2 ** 16, MANY = 64;

/** Those that are free, by their size: a program has few sizes. */
const free = new Map<number, Uint8Array<ArrayBuffer>[]>();

/**
 * A buffer of a size; what is in it means nothing.
 *
 * @example It is the same one again
 * ```ts
 * import { assert } from "@std/assert";
 * import { putBack, takeBuffer } from "./buffers.ts";
 *
 * const buffer = takeBuffer(1024);
 * putBack(buffer);
 * assert(takeBuffer(1024) === buffer);
 * ```
 */
export function takeBuffer(size: number): Uint8Array<ArrayBuffer> {
  return free.get(size)?.pop() ?? makeBuffer(size);
}

/** Makes as many as a slab has room for, and keeps all but one for later. */
function makeBuffer(size: number): Uint8Array<ArrayBuffer> {
  const count = Math.max(1, Math.min(MANY, Math.floor(SLAB / size)));
  const slab = new Uint8Array(count * size);
  const buffers = Array.from({ length: count }, (_, i) => {
    return slab.subarray(i * size, (i + 1) * size);
  });
  free.set(size, buffers);
  return buffers.pop()!;
}

/** Takes a buffer back that nobody reads into or looks at any more. */
export function putBack(buffer: Uint8Array<ArrayBuffer>): void {
  const others = free.get(buffer.length);
  const room = KEPT / buffer.length;
  if (others && others.length + 1 <= room) others.push(buffer);
}
