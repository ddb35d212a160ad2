import { assert, assertEquals } from "@std/assert";
import { TextQueue } from "../../lib/queue.ts";

const PAGE = 2 ** 18;

/** All that waits, page by page. */
function* pagesOf(queue: TextQueue): Generator<string> {
  while (queue.length > 0) {
    const page = queue.shift();
    assert(page.length > 0 && page.length <= PAGE);
    yield new TextDecoder("utf-8", { fatal: true }).decode(page);
  }
}

Deno.test("what was pushed comes back whole and in order, in pages without half characters", () => {
  for (const text of ["a", "é", "€", "𝄞", "line\n", "x€𝄞é".repeat(100)]) {
    const queue = new TextQueue();
    const count = Math.ceil(3 * PAGE / text.length) + 1;
    for (let i = 0; i < count; i++) queue.push(text);
    const pages = [...pagesOf(queue)];
    assertEquals(pages.join(""), text.repeat(count));
    assert(pages.length > 3);
  }
});

Deno.test("a text that is longer than a page is more than one", () => {
  const queue = new TextQueue();
  queue.push("é".repeat(PAGE));
  assertEquals(queue.length, 2 * PAGE);
  assertEquals([...pagesOf(queue)], Array(2).fill("é".repeat(PAGE / 2)));
});

Deno.test("few characters wait as text, and count", () => {
  const queue = new TextQueue();
  assertEquals(queue.length, 0);
  queue.push("");
  assertEquals(queue.length, 0);
  queue.push("é");
  assertEquals(queue.length, 1);
  queue.push("é".repeat(1023)); // now it's worth it
  assertEquals(queue.length, 2048);
  assertEquals([...pagesOf(queue)], ["é".repeat(1024)]);
});

Deno.test("a page is left alone until the next is taken", () => {
  const queue = new TextQueue();
  for (let i = 0; i < 5; i++) {
    queue.push("a".repeat(PAGE));
    const page = queue.shift();
    queue.push("b".repeat(3 * PAGE));
    assert(page.every((byte) => byte === 97));
    for (const rest of pagesOf(queue)) assert(/^b+$/.test(rest));
  }
});

Deno.test("then it is filled again", () => {
  const queue = new TextQueue();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 50; i++) {
    queue.push("a".repeat(PAGE));
    buffers.add(queue.shift().buffer);
  }
  assertEquals(buffers.size, 2);
});
