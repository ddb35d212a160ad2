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

Deno.test("no more than a mebibyte is kept", () => {
  const buffers = (size: number, count: number) =>
    Array.from({ length: count }, () => new Uint8Array(size));
  assertEquals(countKept(buffers(1024, 2000)), 1024);
  assertEquals(countKept(buffers(2 ** 20, 3)), 1);
  assertEquals(countKept(buffers(2 ** 24, 3)), 0);
});
