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

Deno.test("two sizes in turn take no more than their bytes", () => {
  const buffers = Array.from({ length: 1000 }, (_, i) => {
    return takeBuffer(i % 2 ? 700 : 800);
  });
  const slabs = new Set(buffers.map(({ buffer }) => buffer));
  const bytes = [...slabs].reduce((sum, slab) => sum + slab.byteLength, 0);
  assert(bytes < 1000 * 850, `${bytes} bytes`);
  buffers.forEach(putBack);
  const again = buffers.map(({ length }) => takeBuffer(length));
  assert(again.every((buffer) => slabs.has(buffer.buffer)));
});

Deno.test("no more than a mebibyte is kept", () => {
  const buffers = (size: number, count: number) =>
    Array.from({ length: count }, () => new Uint8Array(size));
  for (const size of [40_000, 2 ** 20, 2 ** 24]) takeBuffer(size);
  assertEquals(countKept(buffers(40_000, 100)), 26);
  assertEquals(countKept(buffers(2 ** 20, 3)), 1);
  assertEquals(countKept(buffers(2 ** 24, 3)), 0);
});
