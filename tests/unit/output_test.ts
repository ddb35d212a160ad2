/**
 * Standard output that takes its time, with the time and the stream in the
 * test's hands: nothing here waits for a clock.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import { StreamError } from "../../lib/errors.ts";
import { Output } from "../../lib/output.ts";
import { printing, readInput } from "../../lib/stdio.ts";
import { FakeTime, replace } from "../harness.ts";
import { bytes } from "./bytes.ts";
import { turn } from "./fakes.ts";

setColorEnabled(false);

type Take = (bytes: Uint8Array) => Promise<number>;

/** An output before a stream that takes bytes as the test says, and its log. */
function open(take: Take, stallTimeout?: number, gathering?: number) {
  const lines: string[] = [];
  const log = Object.assign(
    (line: string) => void lines.push(line),
    { flush: () => Promise.resolve() },
  );
  const output = new Output(log, {
    to: { write: take },
    stallTimeout,
    gathering,
  });
  return { output, lines };
}

/** Takes all that comes, at once. */
function collecting() {
  const writes: string[] = [];
  const take: Take = ({ length }) => Promise.resolve(length);
  return {
    writes,
    take(part: Uint8Array) {
      writes.push(new TextDecoder().decode(part));
      return take(part);
    },
  };
}

const NOTHING_TAKEN =
  "standard output took nothing for 5 s; what clients say is not shown";

Deno.test("a piece is written when the one before it was taken", async () => {
  const writes: PromiseWithResolvers<number>[] = [];
  const sizes: number[] = [];
  const { output } = open(({ length }) => {
    sizes.push(length);
    writes.push(Promise.withResolvers());
    return writes.at(-1)!.promise;
  });
  output.write("x".repeat(3 * 4096));
  for (const count of [1, 2, 3]) {
    await turn();
    assertEquals(writes.length, count);
    assertEquals(sizes.at(-1), 4096);
    writes.at(-1)!.resolve(4096);
  }
  await output.flush();
});

Deno.test("a reader is not behind because our own loop was", async () => {
  using time = new FakeTime();
  const taken = Promise.withResolvers<number>();
  const { output, lines } = open(() => taken.promise);
  output.write("x");
  await time.pass(6000); // longer than any reader is given
  taken.resolve(1); // it was written long ago; only now do we hear of it
  await output.flush();
  assertEquals(lines, []);
});

Deno.test("output that nobody takes is reported, and that it is back", async () => {
  using time = new FakeTime();
  const taken = Promise.withResolvers<number>();
  const { output, lines } = open(() => taken.promise);
  output.write("x");
  await time.passSeconds(5);
  assertEquals(lines, []); // the first tick may be a short one
  await time.passSeconds(1);
  assertEquals(lines, [NOTHING_TAKEN]);
  taken.resolve(1);
  await time.pass(0);
  assertEquals(lines.slice(1), ["standard output is back; 0 bytes are lost"]);
});

Deno.test("output that nobody takes twice is reported twice", async () => {
  using time = new FakeTime();
  let taken = Promise.withResolvers<number>();
  const { output, lines } = open(() => taken.promise, 1);
  for (let i = 1; i <= 2; i++) {
    output.write("x");
    await time.passSeconds(10);
    assertEquals(lines.length, 2 * i - 1);
    taken.resolve(1);
    taken = Promise.withResolvers();
    await time.passSeconds(0.2);
    assertEquals(lines.length, 2 * i);
    assertEquals(time.delays, []); // nothing is waited for any more
  }
  assertMatch(lines[0], /took nothing for 1 s;/);
});

Deno.test("a slow reader is no reader who has stopped", async () => {
  using time = new FakeTime();
  let taken = 0;
  const { output, lines } = open(async ({ length }) => {
    // A pipe makes room for a page at a time; this reader needs 4 s for one.
    await new Promise<void>((resolve) => {
      setTimeout(resolve, Math.ceil(length / 4096) * 4000);
    });
    taken += length;
    return length;
  });
  output.write("x".repeat(2 ** 16));
  for (let i = 0; i < 65; i++) await time.passSeconds(1);
  assertEquals([taken, lines], [2 ** 16, []]);
});

Deno.test("what is written arrives, in order, and in as few writes as there is room for", async () => {
  const { writes, take } = collecting();
  const { output } = open(take);
  output.write("one ");
  output.write("two ");
  output.write("thrée ");
  await output.flush();
  assertEquals(writes, ["one ", "two thrée "]);
  output.write("x".repeat(4097));
  await output.flush();
  assertEquals(writes.slice(2).map(({ length }) => length), [4096, 1]);
});

Deno.test("after a write more is gathered for a while, unless it is much", async () => {
  using time = new FakeTime();
  const { writes, take } = collecting();
  const { output } = open(take, 5, 0.002);
  output.write("one ");
  await time.pass(0);
  assertEquals(writes, ["one "]); // at once
  output.write("two ");
  await time.pass(1);
  output.write("three ");
  assertEquals(writes, ["one "]);
  await time.pass(1);
  assertEquals(writes.splice(0), ["one ", "two three "]);
  await time.pass(2);
  output.write("x");
  output.write("x".repeat(2 ** 17 - 1));
  await time.pass(0);
  assertEquals(writes.splice(0), ["x"]);
  output.write("x"); // now it is much
  await time.pass(0);
  assertEquals(writes.map(({ length }) => length), Array(32).fill(4096));
});

Deno.test("a writer who is far ahead is asked to wait, until the reader has caught up", async () => {
  using _time = new FakeTime();
  const first = Promise.withResolvers<number>();
  let taken = 0;
  const { output } = open(async ({ length }) => {
    if (taken === 0) await first.promise;
    taken += length;
    return length;
  });
  assertEquals(output.write("x"), undefined); // is being written
  assertEquals(output.write("x".repeat(2 ** 20)), undefined);
  const waiting = output.write("x");
  assert(waiting instanceof Promise);
  let caughtUp = false;
  waiting.then(() => caughtUp = true);
  await turnInFakeTime();
  assertEquals(caughtUp, false);
  first.resolve(1);
  await waiting;
  await output.flush();
  assertEquals(taken, 2 ** 20 + 2);
});

Deno.test("a writer who is far ahead a second time is asked to wait again", async () => {
  let taken = Promise.withResolvers<void>();
  const { output } = open(({ length }) => taken.promise.then(() => length));
  for (let i = 0; i < 2; i++) {
    output.write("x"); // is being written
    const waiting = output.write("x".repeat(2 ** 20 + 1));
    assert(waiting instanceof Promise);
    let caughtUp = false;
    waiting.then(() => caughtUp = true);
    await turn();
    assertEquals(caughtUp, false);
    taken.resolve();
    await waiting;
    while (output.write("") !== undefined) await turn(); // all of it is taken
    await turn();
    taken = Promise.withResolvers();
  }
  taken.resolve();
});

Deno.test("writers go on when half of what is much too much is out", async () => {
  const total = 2 ** 20 + 4097;
  let taken = 0;
  let takenByThen = 0;
  const { output } = open(async ({ length }) => {
    await turn();
    taken += length;
    return length;
  });
  output.write("x"); // is being written
  const waiting = output.write("x".repeat(total - 1));
  waiting!.then(() => takenByThen = taken);
  await output.flush();
  const left = total - takenByThen;
  assert(left > 0 && left <= 2 ** 19, `${left} bytes are left`);
  await turn();
});

/** Lets what is ready run, where setTimeout() is in a test's hands. */
async function turnInFakeTime(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("when nobody reads, writers are let go, and text is dropped and counted", async () => {
  using time = new FakeTime();
  let taking = false;
  const first = Promise.withResolvers<number>();
  const { output, lines } = open(({ length }) => {
    return taking ? Promise.resolve(length) : first.promise;
  });
  output.write("x"); // is being written
  const waiting = output.write("x".repeat(2 ** 20 + 1));
  assert(waiting instanceof Promise);
  await time.passSeconds(5.1);
  await waiting; // nobody waits for ever
  await output.flush(); // not for its end, either
  assertEquals(output.write("é".repeat(10)), undefined);
  assertEquals(output.write("x"), undefined);
  taking = true;
  first.resolve(1);
  await time.pass(0);
  assertEquals(lines, [
    NOTHING_TAKEN,
    "standard output is back; 21 bytes are lost",
  ]);
  await output.flush();
  output.write("x");
  await output.flush();
  assertEquals(lines.length, 2);
});

Deno.test("a stalled output still takes what there is room for", async () => {
  using time = new FakeTime();
  const taken: number[] = [];
  let first: Promise<number> | undefined = new Promise(() => {});
  const { promise, resolve } = Promise.withResolvers<number>();
  first = promise;
  const { output } = open(async ({ length }) => {
    taken.push(length);
    if (first) await first;
    return length;
  });
  output.write("x");
  await time.passSeconds(6);
  output.write("x".repeat(2 ** 20)); // as much as is not too much
  output.write("y");
  first = undefined;
  resolve(1);
  await output.flush();
  await time.pass(0);
  assertEquals(taken.reduce((sum, n) => sum + n), 2 ** 20 + 2);
});

Deno.test("output that fails is reported once, with the cause", async () => {
  for (
    const [error, why] of [
      [new Deno.errors.BrokenPipe("os error 32"), "somebody closed it"],
      [new Error("No space left on device"), "No space left on device"],
    ] as const
  ) {
    let broken = true;
    const { output, lines } = open(({ length }) => {
      return broken ? Promise.reject(error) : Promise.resolve(length);
    });
    for (const text of ["one", "two"]) {
      output.write(text);
      await output.flush();
      await turn();
    }
    assertEquals(lines, [
      `cannot write to standard output: ${why}; what clients say is not shown`,
    ]);
    broken = false;
    output.write("three");
    await turn();
    assertEquals(lines.slice(1), ["standard output is back; 6 bytes are lost"]);
    broken = true; // what is lost is counted anew
    output.write("four");
    await turn();
    broken = false;
    output.write("five");
    await turn();
    assertEquals(lines.slice(3), ["standard output is back; 4 bytes are lost"]);
  }
});

Deno.test("flush() waits for all of it, and for nothing where there is nothing", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { output } = open(({ length }) => promise.then(() => length));
  await output.flush();
  output.write("x");
  let flushed = false;
  const flushing = output.flush().then(() => flushed = true);
  output.write("y");
  await turn();
  assertEquals(flushed, false);
  resolve(1);
  assertEquals(await flushing, true);
});

// --- A client's output -------------------------------------------------------

/** Prints parts to a terminal, or to a pipe; returns what arrived there. */
async function printed(isTerminal: boolean, ...parts: Uint8Array[]) {
  const found: number[] = [];
  const to = {
    isTerminal: () => isTerminal,
    write(part: Uint8Array) {
      found.push(...part);
      return Promise.resolve(part.length);
    },
  } as unknown as typeof Deno.stdout;
  const result = await printing(async (print) => {
    for (const part of parts) await print(part);
    return "result";
  }, to);
  assertEquals(result, "result");
  return Uint8Array.from(found);
}

Deno.test("into a pipe bytes are printed as they are", async () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals(await printed(false, all, bytes(), all), bytes(all, all));
  assertEquals(await printed(false), bytes());
});

Deno.test("on a terminal they are text, escaped, and its last line is ended", async () => {
  const table: [parts: Uint8Array[], shown: string][] = [
    [[], ""],
    [[bytes("")], ""],
    [[bytes("one\ntwo")], "one\ntwo\n"],
    [[bytes("one\n")], "one\n"],
    [[bytes("one\n"), bytes("two")], "one\ntwo\n"],
    [[bytes("\x1b[2J\rx\n")], "\\x1b[2J\\x0dx\n"],
    [[bytes(0xc3), bytes(0xa9, "\n")], "é\n"],
    [[bytes("A", 0xf0, 0x9f)], "A\ufffd\n"],
    [[bytes("\ufeffhi\n")], "\ufeffhi\n"],
  ];
  for (const [parts, shown] of table) {
    assertEquals(await printed(true, ...parts), bytes(shown));
  }
});

Deno.test("on a terminal the last line is ended also when the work fails", async () => {
  let found = "";
  const to = {
    isTerminal: () => true,
    write(part: Uint8Array) {
      found += new TextDecoder().decode(part);
      return Promise.resolve(part.length);
    },
  } as unknown as typeof Deno.stdout;
  await assertRejects(
    () =>
      printing(async (print) => {
        await print(bytes("half"));
        throw new Error("failed");
      }, to),
    Error,
    "failed",
  );
  assertEquals(found, "half\n");
});

Deno.test("on a terminal the very last newline is waited for, too", async () => {
  let found = "";
  const to = {
    isTerminal: () => true,
    async write(part: Uint8Array) {
      await turn();
      found += new TextDecoder().decode(part);
      return part.length;
    },
  } as unknown as typeof Deno.stdout;
  await printing(async (print) => {
    await print(bytes("x", 0xf0));
    assertEquals(found, "x");
  }, to);
  assertEquals(found, "x\ufffd\n");
});

Deno.test("output that fails, fails the work, and says why", async () => {
  const to = {
    isTerminal: () => false,
    write: () => Promise.reject(new Deno.errors.BrokenPipe()),
  } as unknown as typeof Deno.stdout;
  await assertRejects(
    () => printing((print) => print(bytes("x")), to),
    StreamError,
    "cannot write to standard output: somebody closed it",
  );
});

// --- Standard input ----------------------------------------------------------

Deno.test("standard input is read as it comes, and says why it can't be", async () => {
  const parts = [bytes("one"), bytes("two")];
  const found: unknown[] = [];
  {
    using _stdin = replace(
      Deno,
      "stdin",
      {
        readable: ReadableStream.from(parts),
      } as typeof Deno.stdin,
    );
    for await (const part of readInput()) found.push(part);
  }
  assertEquals(found, parts);
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error("Is a directory"));
    },
  });
  using _stdin = replace(
    Deno,
    "stdin",
    { readable: broken } as typeof Deno.stdin,
  );
  await assertRejects(
    () => readInput().next(),
    StreamError,
    "cannot read standard input: Is a directory",
  );
});

Deno.test("nothing to write is written as nothing, and what follows as ever", async () => {
  const { take, writes } = collecting();
  const { output } = open(take);
  output.write("");
  output.write("hello\n");
  await output.flush();
  assertEquals(writes, ["hello\n"]);
});
