/**
 * Buffers to read into, used again and again. Their bytes lie outside of what the
 * garbage collector moves, and a new buffer costs a short conversation a tenth
 * of its time.
 *
 * @module
 */

/** Bytes that wait for their next use, at most. */
const KEPT = 2 ** 20;

/** Bytes, and buffers, that are made at a time: small ones share their memory. */
const SLAB = 2 ** 16, MANY = 64;

const free: Uint8Array<ArrayBuffer>[] = []; // all of one size

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
  if (free.at(-1)?.length !== size) makeBuffers(size);
  return free.pop()!;
}

/** Makes as many as one slab has room for, or a single one. */
function makeBuffers(size: number): void {
  const count = Math.max(1, Math.min(MANY, Math.floor(SLAB / size)));
  const slab = new Uint8Array(count * size);
  free.length = 0; // those of another size
  for (let i = 0; i < count; i++) {
    free.push(slab.subarray(i * size, (i + 1) * size));
  }
}

/** Takes a buffer back that nobody reads into or looks at any more. */
export function putBack(buffer: Uint8Array<ArrayBuffer>): void {
  if (free.at(-1)?.length !== buffer.length) free.length = 0; // another size
  if ((free.length + 1) * buffer.length <= KEPT) free.push(buffer);
}
