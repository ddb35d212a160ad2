import { assert, assertEquals } from "@std/assert";
import { putBack, takeBuffer } from "../../lib/buffers.ts";

/** How many of them come back, when all were put back. */
function countKept(buffers: Uint8Array<ArrayBuffer>[]): number {
  buffers.forEach(putBack);
  const again = buffers.map(({ length }) => takeBuffer(length));
  return again.filter((buffer) => buffers.includes(buffer)).length;
}

Deno.test("a buffer has the size that was asked for, whatever was put back", () => {
  for (const size of [1024, 1024, 1, 65_536, 1024]) {
    const buffer = takeBuffer(size);
    assertEquals(buffer.length, size);
    putBack(buffer);
  }
});

Deno.test("what was taken is nobody else's until it is put back", () => {
  const [one, other] = [takeBuffer(1024), takeBuffer(1024)];
  assert(one !== other);
  putBack(one);
  assert(takeBuffer(1024) === one);
});

Deno.test("small buffers share their memory, and no byte of it", () => {
  const buffers = Array.from({ length: 200 }, () => takeBuffer(1000));
  buffers.forEach((buffer, i) => buffer.fill(i));
  for (const [i, buffer] of buffers.entries()) {
    assert(buffer.every((byte) => byte === i));
  }
  const slabs = new Set(buffers.map(({ buffer }) => buffer));
  assert(slabs.size < 10, `${slabs.size} slabs`);
  assertEquals(takeBuffer(2 ** 20).buffer.byteLength, 2 ** 20); // a large one
  assertEquals(takeBuffer(1).buffer.byteLength, 64); // not 65,536 objects
});

Deno.test("no more than a mebibyte is kept", () => {
  takeBuffer(1); // none of those below is there already
  const buffers = (size: number, count: number) =>
    Array.from({ length: count }, () => new Uint8Array(size));
  assertEquals(countKept(buffers(1024, 2000)), 1024);
  assertEquals(countKept(buffers(2 ** 20, 3)), 1);
  assertEquals(countKept(buffers(2 ** 24, 3)), 0);
});
