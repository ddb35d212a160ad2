/**
 * Messages in a stream: whatever the reads bring, the messages are those that
 * were sent. Each stream here is cut at every place, and at every two places.
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ByteReader, frame, frames, lines } from "../../lib/framing.ts";
import type { Reader } from "../../lib/io.ts";
import { Parts } from "../harness.ts";
import { type Bytes, bytes, listed, readable } from "./bytes.ts";

/** A stream without an end, of which only so much may be read. */
class Endless implements Reader {
  /** Bytes that were read. */
  taken = 0;

  /** Fills the buffer, or so many bytes of it, with one byte. */
  constructor(private readonly byte: number, private readonly most = Infinity) {
  }

  /** Brings as many bytes as fit; to ask for more than 4 MiB is an error. */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.taken > 2 ** 22) return Promise.reject(new RangeError("enough"));
    const n = Math.min(this.most, buffer.length);
    buffer.fill(this.byte, 0, n);
    this.taken += n;
    return Promise.resolve(n);
  }
}

/**
 * The same bytes in each way in which reads may bring them: at once, byte by
 * byte, and in two or three parts. A part may be empty, which is not the end.
 */
function* cuts(whole: Uint8Array): Generator<[how: string, stream: Parts]> {
  const each = Array.from(whole, (byte) => Uint8Array.of(byte));
  yield ["byte by byte", new Parts(...each)];
  for (let i = 0; i <= whole.length; i++) {
    for (let j = i; j <= whole.length; j++) {
      const [a, b, c] = [
        whole.slice(0, i),
        whole.slice(i, j),
        whole.slice(j),
      ];
      yield [`cut at ${i} and ${j}`, new Parts(a, b, c)];
    }
  }
}

/** Asserts that the same comes of a stream, however it is cut. */
async function assertAlways<T>(
  stream: Uint8Array,
  read: (source: Reader) => AsyncIterable<T>,
  expected: (T | string)[],
): Promise<void> {
  // What is equal in JSON is equal here, and compared much faster.
  const json = JSON.stringify(expected.map(readable));
  for (const [how, source] of cuts(stream)) {
    const found = (await listed(read(source))).map(readable);
    if (JSON.stringify(found) !== json) {
      assertEquals(found, expected.map(readable), how);
    }
  }
}

// --- The end, first of all: nothing here can wait for it in vain -------------

Deno.test("what has arrived is brought, and no more than was asked for", async () => {
  const reader = new ByteReader(new Parts(bytes("abc")));
  assertEquals(await reader.readSome(1), bytes("a"));
  assertEquals(await reader.readSome(9), bytes("bc"));
});

Deno.test("the end of a stream is asked for once, and is an error where more is needed", async () => {
  for (
    const [name, read, words] of [
      [
        "readSome()",
        (reader) => reader.readSome(1),
        "the stream ended too early",
      ],
      ["readExactly()", (reader) => reader.readExactly(1), "ended too early"],
      ["readLine()", (reader) => reader.readLine(1), "ended within a line"],
    ] as [string, (reader: ByteReader) => Promise<unknown>, string][]
  ) {
    let reads = 0;
    const ended = {
      read() {
        if (++reads > 1) throw new RangeError(`${name} asks again`);
        return Promise.resolve(null);
      },
    };
    const reader = new ByteReader(ended);
    await assertRejects(
      () => read(reader),
      Deno.errors.UnexpectedEof,
      words,
    );
  }
});

// --- Lines -------------------------------------------------------------------

const LINES: [name: string, stream: Bytes, lines: string[]][] = [
  ["nothing", bytes(), []],
  ["an empty line", bytes("\n"), [""]],
  ["an empty line of CRLF", bytes("\r\n"), [""]],
  ["ASCII", bytes("one\n\ntwo\nthree\n"), ["one", "", "two", "three"]],
  ["CRLF", bytes("one\r\n\r\ntwo\r\n"), ["one", "", "two"]],
  ["CRLF and LF", bytes("one\r\ntwo\nthree\r\n"), ["one", "two", "three"]],
  ["UTF-8", bytes("é€😀\r\n€é\n😀\n"), ["é€😀", "€é", "😀"]],
  ["a lone CR", bytes("\ra\rb\r\r\n\r\n"), ["\ra\rb\r", ""]],
  ["control characters", bytes("\0\x1b[2J\x7f\n\u2028\n"), [
    "\0\x1b[2J\x7f",
    "\u2028",
  ]],
  ["a byte order mark", bytes("\ufeffa\n\ufeff\n"), ["\ufeffa", "\ufeff"]],
  ["a byte that is never in UTF-8", bytes("a", 0xff, "b\n"), ["a\ufffdb"]],
  ["an overlong slash", bytes(0xc0, 0xaf, "\n"), ["\ufffd\ufffd"]],
  ["a surrogate", bytes(0xed, 0xa0, 0x80, "\n"), ["\ufffd\ufffd\ufffd"]],
  // The rest of it stands in the next line, where it is a beginning of nothing.
  ["a character across two lines", bytes(0xc3, "\n", 0xa9, "\n"), [
    "\ufffd",
    "\ufffd",
  ]],
  ["a character that CRLF cuts off", bytes(0xf0, 0x9f, 0x98, "\r\na\n"), [
    "\ufffd",
    "a",
  ]],
];

for (const [name, stream, expected] of LINES) {
  Deno.test(`lines are the same at every cut: ${name}`, async () => {
    await assertAlways(stream, (source) => lines(source, 100), expected);
  });
}

const LONG = "InvalidData";
const TORN = "UnexpectedEof";

const LIMITS: [stream: Bytes, most: number, lines: string[]][] = [
  [bytes("\n\r\n"), 0, ["", ""]],
  [bytes("a\n"), 0, [LONG]],
  [bytes("a\r\n"), 0, [LONG]],
  [bytes("12345\n12345\r\n"), 5, ["12345", "12345"]],
  [bytes("12345\n123456\n1\n"), 5, ["12345", LONG]],
  [bytes("12345\r\n123456\r\n1\n"), 5, ["12345", LONG]],
  [bytes("1234\r\r\n"), 5, ["1234\r"]],
  [bytes("12345\r\r\n"), 5, [LONG]],
  [bytes("12345\rx\n"), 5, [LONG]],
  [bytes("1234567"), 5, [LONG]], // its end need not be seen
  // Bytes are counted, not characters.
  [bytes("éé\n€é\n"), 4, ["éé", LONG]],
  [bytes("😀\r\n😀😀\r\n"), 4, ["😀", LONG]],
  [bytes(0xff, 0xff, "\n", 0xff, 0xff, 0xff, "\n"), 2, ["\ufffd\ufffd", LONG]],
];

for (const [stream, most, expected] of LIMITS) {
  const text = JSON.stringify(new TextDecoder().decode(stream));
  Deno.test(`lines of at most ${most} bytes, at every cut: ${text}`, async () => {
    await assertAlways(stream, (source) => lines(source, most), expected);
  });
}

for (const end of ["a", "\r", "12345", "12345\r", "é", "\xff"]) {
  const text = JSON.stringify(end);
  Deno.test(`a stream that ends within a line is torn: ${text}`, async () => {
    const stream = bytes("whole\n", end);
    const expected = ["whole", TORN];
    await assertAlways(stream, (source) => lines(source, 5), expected);
  });
}

for (const most of [0, 5, 16_384, 2 ** 20]) {
  Deno.test(`an endless line is refused after about ${most} bytes`, async () => {
    const read = 16_384; // what one read takes unless told otherwise
    const stream = new Endless(97);
    assertEquals(await listed(lines(stream, most)), [LONG]);
    const { taken } = stream;
    assert(taken <= most + 2 + read, `${taken} bytes were read`);
  });
}

Deno.test("an endless line that comes byte by byte is refused at the first too many", async () => {
  const stream = new Endless(97, 1);
  assertEquals(await listed(lines(stream, 1000)), [LONG]);
  // One more may be a carriage return, and be followed by a newline.
  assertEquals(stream.taken, 1002);
});

Deno.test("ten thousand lines in one read are ten thousand lines", async () => {
  const expected = Array.from({ length: 10_000 }, (_, i) => `${i}`);
  const stream = new Parts(bytes(expected.join("\r\n"), "\r\n"));
  const reader = new ByteReader(stream, 2 ** 20);
  const found: string[] = [];
  while (!await reader.atEnd()) found.push(await reader.readLine(10));
  assertEquals([found, stream.reads], [expected, 2]); // the second is the end
});

// --- Frames ------------------------------------------------------------------

const MESSAGES: [name: string, messages: Bytes[]][] = [
  ["none", []],
  ["an empty one", [bytes()]],
  ["empty ones", [bytes(), bytes(), bytes()]],
  ["ASCII", [bytes("one"), bytes(), bytes("two\r\nthree\n")]],
  ["UTF-8", [bytes("é€😀"), bytes("😀")]],
  ["what looks like a length", [
    bytes(0, 0, 0, 1),
    bytes(255, 255, 255, 255),
    bytes(0, 0, 0, 0, 0),
  ]],
  ["each byte", [Uint8Array.from({ length: 256 }, (_, i) => i)]],
];

for (const [name, messages] of MESSAGES) {
  Deno.test(`frames are the same at every cut: ${name}`, async () => {
    const stream = bytes(...messages.map(frame));
    await assertAlways(stream, (source) => frames(source, 256), messages);
  });
}

Deno.test("a frame's length has four bytes, the highest first", () => {
  for (
    const [length, prefix] of [
      [0, [0, 0, 0, 0]],
      [1, [0, 0, 0, 1]],
      [0x102, [0, 0, 1, 2]],
      [0x1020304, [1, 2, 3, 4]],
    ] as const
  ) {
    const framed = frame(new Uint8Array(length));
    assertEquals([...framed.subarray(0, 4)], [...prefix]);
    assertEquals(framed.length, 4 + length);
  }
});

Deno.test("a message whose length does not fit into four bytes is a RangeError", () => {
  // Nobody has that much memory; what is copied of it throws.
  const huge = {
    length: 2 ** 32,
    get 0(): number {
      throw new TypeError("it is copied");
    },
  } as unknown as Uint8Array;
  assertThrows(() => frame(huge), RangeError, "4294967296 bytes do not fit");
});

for (const most of [0, 1, 255, 256]) {
  Deno.test(`a frame of ${most} bytes is let in, and not one more`, async () => {
    const [fits, over] = [new Uint8Array(most), new Uint8Array(most + 1)];
    const stream = bytes(frame(fits), frame(over), frame(fits));
    const found = await listed(frames(new Parts(stream), most));
    assertEquals(found.map(readable), [[...fits], LONG]);
  });
}

Deno.test("a stream that ends within a length or a message is torn", async () => {
  const stream = bytes(frame(bytes("whole")), frame(bytes("torn")));
  const whole = 4 + 5;
  for (let end = whole + 1; end < stream.length; end++) {
    const torn = stream.slice(0, end);
    const expected = [bytes("whole"), TORN];
    await assertAlways(torn, (source) => frames(source, 9), expected);
  }
});

for (const length of [0x10001, 0x7fffffff, 0x80000000, 0xffffffff]) {
  Deno.test(`a length of ${length} is refused, and nothing is kept for it`, async () => {
    const prefix = new Uint8Array(4);
    new DataView(prefix.buffer).setUint32(0, length);
    const stream = new Parts(prefix, bytes("and the first of it"));
    const before = Deno.memoryUsage().external;
    await assertRejects(
      () => frames(stream, 0x10000).next(),
      Deno.errors.InvalidData,
      `this one has ${length}`,
    );
    const kept = Deno.memoryUsage().external - before;
    assert(kept < 0x10000, `${kept} bytes`);
    assertEquals(stream.reads, 1);
  });
}

Deno.test("ten thousand messages in one read are ten thousand messages", async () => {
  const expected = Array.from({ length: 10_000 }, (_, i) => bytes(`${i}`));
  const stream = new Parts(bytes(...expected.map(frame)));
  const found = await listed(frames(stream, 10));
  assertEquals(found.map(readable), expected.map(readable));
});

// --- The reader under both ---------------------------------------------------

Deno.test("a reader goes from lines to bytes and back, at every cut", async () => {
  const stream = bytes(
    "POST é\r\n",
    "\r\n",
    0,
    10,
    13,
    255,
    "\nlast\n",
    "rest",
  );

  async function* read(source: Reader) {
    const reader = new ByteReader(source);
    yield await reader.readLine(7);
    yield await reader.readLine(0);
    yield await reader.readExactly(0);
    yield await reader.readExactly(5);
    yield await reader.atEnd();
    yield await reader.readLine(4);
    const rest: number[] = [];
    while (!await reader.atEnd()) {
      const some = await reader.readSome(3);
      assert(some.length >= 1 && some.length <= 3, `${some.length} of 3`);
      rest.push(...some);
    }
    yield Uint8Array.from(rest);
    yield await reader.atEnd(); // and still
    yield await reader.readExactly(0);
    yield await reader.readSome(1);
  }

  await assertAlways<unknown>(stream, read, [
    "POST é",
    "",
    bytes(),
    bytes(0, 10, 13, 255, 10),
    false,
    "last",
    bytes("rest"),
    true,
    bytes(),
    TORN,
  ]);
});

Deno.test("bytes that were asked for are not overwritten by the next read", async () => {
  const reader = new ByteReader(new Parts(bytes("abc"), bytes("xyz")));
  const first = await reader.readExactly(3);
  await reader.readExactly(3);
  assertEquals(first, bytes("abc"));
});

const MANY: [name: string, parts: Bytes[], read: Reading][] = [
  ["a line that comes byte by byte", each("x"), (reader) => {
    return reader.readLineBytes(10_000);
  }],
  ["bytes that come one by one", each("x"), (reader) => {
    return reader.readExactly(10_000);
  }],
  ["a line without its newline", [bytes("x".repeat(10_000))], (reader) => {
    return reader.readLineBytes(10_000);
  }],
  [
    "ten thousand lines at once",
    [bytes("\n".repeat(10_000))],
    async (reader) => {
      for (let i = 0; i < 10_000; i++) await reader.readLineBytes(0);
    },
  ],
];

type Reading = (reader: ByteReader) => Promise<unknown>;

/** Ten thousand of a character, each in a read of its own. */
function each(character: string): Bytes[] {
  return Array<Bytes>(10_000).fill(bytes(character));
}

for (const [name, parts, read] of MANY) {
  Deno.test(`${name}: the work grows only as the bytes do`, async () => {
    // Work that grows with their square would be some 50 million here.
    const stream = new Parts(...parts, bytes("\n"));
    const count = await countBytes(() => read(new ByteReader(stream)));
    assert(count < 10 * 10_000, `${count} bytes were moved or searched`);
  });
}

/** The bytes that arrays copy, or look for one in, while something is done. */
async function countBytes(work: () => Promise<unknown>): Promise<number> {
  const { set, indexOf } = Uint8Array.prototype;
  let count = 0;
  Uint8Array.prototype.set = function (from, offset) {
    count += from.length;
    set.call(this, from, offset);
  };
  Uint8Array.prototype.indexOf = function (byte) {
    const found = indexOf.call(this, byte);
    count += found < 0 ? this.length : found + 1;
    return found;
  };
  try {
    await work();
  } finally {
    // Both are inherited: what stood before them is there again.
    Reflect.deleteProperty(Uint8Array.prototype, "set");
    Reflect.deleteProperty(Uint8Array.prototype, "indexOf");
  }
  return count;
}

Deno.test("a reader asks for more only when it has to", async () => {
  const never = new Promise<number | null>(() => {});
  const parts = new Parts(bytes("one\ntwo\n", frame(bytes("three"))));
  const reader = new ByteReader({
    read: (buffer) => parts.reads === 0 ? parts.read(buffer) : never,
  });
  assertEquals(await reader.readLine(9), "one");
  assertEquals(await reader.atEnd(), false);
  assertEquals(await reader.readLine(9), "two");
  assertEquals(await reader.readExactly(4), bytes(0, 0, 0, 5));
  assertEquals(await reader.readSome(9), bytes("three"));
});

Deno.test("no read takes more than the buffer that it was given", async () => {
  const parts = new Parts(bytes("12345678"));
  const sizes: number[] = [];
  const source = {
    read(buffer: Uint8Array) {
      sizes.push(buffer.length);
      return parts.read(buffer);
    },
  };
  const reader = new ByteReader(source, 3);
  assertEquals(await reader.readExactly(8), bytes("12345678"));
  assertEquals(await reader.atEnd(), true);
  assertEquals(sizes, [3, 3, 3, 3]);
});

Deno.test("an error of the stream is not mistaken for its end", async () => {
  const broken = {
    read: () => Promise.reject(new Deno.errors.ConnectionReset("gone")),
  };
  assertEquals(await listed(lines(broken, 9)), ["ConnectionReset"]);
  assertEquals(await listed(frames(broken, 9)), ["ConnectionReset"]);
});
