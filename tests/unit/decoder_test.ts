import { assertEquals } from "@std/assert";
import { StreamDecoder } from "../../lib/decoder.ts";
import { bytes } from "./bytes.ts";

/** What such a decoder makes of reads of so many bytes, and of the end. */
function decodeIn(size: number, all: Uint8Array): string {
  const decoder = new StreamDecoder();
  let text = "";
  for (let i = 0; i < all.length; i += size) {
    text += decoder.decode(all.subarray(i, i + size));
  }
  return text + decoder.end();
}

const TEXTS: Record<string, Uint8Array> = {
  "ASCII": bytes("two\nlines\n"),
  "longer characters": bytes("€é😀 and then ASCII, and é again"),
  "byte order marks": bytes("\uFEFFone\uFEFF"),
  "no UTF-8": new Uint8Array([0xff, 97, 0xe2, 0x82, 98, 0xf0, 0x9f, 99]),
  "half a character at the end": new Uint8Array([97, 0xe2, 0x82]),
  "nothing": new Uint8Array(),
};

for (const [name, all] of Object.entries(TEXTS)) {
  Deno.test(`${name}: the text is the same, wherever the reads end`, () => {
    const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(all);
    for (const size of [1, 2, 3, 5, 100]) {
      assertEquals(decodeIn(size, all), whole, `reads of ${size}`);
    }
  });
}

Deno.test("a read of no bytes between two halves of a character changes nothing", () => {
  const decoder = new StreamDecoder();
  const [first, second] = bytes("é");
  const parts = [[first], [], [second], [], [97]];
  const texts = parts.map((part) => decoder.decode(new Uint8Array(part)));
  assertEquals(texts, ["", "", "é", "", "a"]);
});

Deno.test("two streams at once keep their halves apart", () => {
  const [one, other] = [new StreamDecoder(), new StreamDecoder()];
  const [first, second] = bytes("é");
  assertEquals(one.decode(new Uint8Array([first])), "");
  assertEquals(other.decode(bytes("a")), "a");
  assertEquals(other.decode(new Uint8Array([second])), "\uFFFD");
  assertEquals(one.decode(new Uint8Array([second])), "é");
});
