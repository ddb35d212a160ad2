/**
 * What the command lines share, piece by piece, with the time and the streams
 * in the test's hand: nothing here waits for a clock.
 */

import { assertEquals, assertMatch } from "@std/assert";
import {
  address,
  host,
  isLoopback,
  Meter,
  parse,
  seconds,
  sparingly,
  whole,
} from "../cli.ts";
import { FakeTime, replace } from "./harness.ts";

// --- Silence -----------------------------------------------------------------

/** A meter that keeps what it says of a silence. */
function watch(limit: number) {
  const told: string[] = [];
  const meter = new Meter(limit, ({ message }) => void told.push(message));
  return Object.assign(meter, { told });
}

Deno.test("a meter notices a silence that lasts, once", async () => {
  using time = new FakeTime();
  using meter = watch(2);
  await time.passSeconds(2);
  assertEquals(meter.told, []); // the first round may not be a whole one
  await time.passSeconds(10);
  assertEquals(meter.told, ["silent for 2 s"]);
});

for (const seconds of [3, 3600]) {
  Deno.test(`a process that was stopped for ${seconds} s accuses nobody of it`, async () => {
    using time = new FakeTime();
    using meter = watch(2);
    await time.passSeconds(1.9);
    await time.pass(seconds * 1000);
    assertEquals(meter.told, []);
    meter.read(1); // which has waited for us
    await time.passSeconds(1.9);
    assertEquals(meter.told, []);
    await time.passSeconds(0.4);
    assertEquals(meter.told, ["silent for 2 s"]);
  });
}

const SIGNS: [name: string, sign: (meter: Meter) => unknown][] = [
  ["a read", (meter) => meter.read(1)],
  ["a write", (meter) => meter.wrote(1)],
  ["the end of a pause", (meter) => meter.pauseFor(Promise.resolve())],
];

for (const [name, sign] of SIGNS) {
  Deno.test(`${name} ends a silence`, async () => {
    using time = new FakeTime();
    using meter = watch(2);
    for (let i = 0; i < 4; i++) {
      await time.passSeconds(1.9);
      await sign(meter);
    }
    assertEquals(meter.told, []);
  });
}

Deno.test("no silence is counted during a pause", async () => {
  using time = new FakeTime();
  using meter = watch(2);
  const { promise, resolve } = Promise.withResolvers<void>();
  const paused = meter.pauseFor(promise);
  await time.passSeconds(10);
  resolve();
  await paused;
  assertEquals(meter.told, []);
});

// --- Standard output that takes its time -------------------------------------

/** The parts of `cli.ts` that print, with nothing printed yet. */
type Printing = Pick<typeof import("../cli.ts"), "print" | "printed" | "tell">;

let copies = 0;

/** Loads `cli.ts` anew, before two streams that take bytes as the test says. */
async function printing(take: (bytes: Uint8Array) => Promise<number>) {
  const cli: Printing = await import(`../cli.ts?copy=${++copies}`);
  const told: string[] = [];
  const decoder = new TextDecoder();
  const stack = new DisposableStack();
  stack.use(replace(Deno.stdout, "write", take));
  stack.use(replace(Deno.stderr, "write", (bytes) => {
    told.push(decoder.decode(bytes));
    return Promise.resolve(bytes.length);
  }));
  const streams = { told, [Symbol.dispose]: () => stack.dispose() };
  return Object.assign(streams, cli);
}

Deno.test("a reader is not behind because our own loop was", async () => {
  using time = new FakeTime();
  const taken = Promise.withResolvers<number>();
  using cli = await printing(() => taken.promise);
  cli.print("x");
  await time.pass(6000); // longer than any reader is given
  taken.resolve(1); // it was written long ago; only now do we hear of it
  await cli.printed();
  assertEquals(cli.told, []);
});

Deno.test("output that nobody takes is told of, and that it is back", async () => {
  using time = new FakeTime();
  const taken = Promise.withResolvers<number>();
  using cli = await printing(() => taken.promise);
  cli.print("x");
  await time.passSeconds(6);
  assertMatch(cli.told.join(""), / took nothing for 5 s; what clients say /);
  taken.resolve(1);
  await time.pass(0);
  assertMatch(cli.told.join(""), /\n.* output is back; 0 bytes are lost\n$/s);
});

Deno.test("a slow reader is no reader who has stopped", async () => {
  using time = new FakeTime();
  let taken = 0;
  using cli = await printing(async ({ length }) => {
    // A pipe makes room for a page at a time; this reader needs 4 s for one.
    await new Promise<void>((resolve) => {
      setTimeout(resolve, Math.ceil(length / 4096) * 4000);
    });
    taken += length;
    return length;
  });
  cli.print("x".repeat(2 ** 16));
  while (taken < 2 ** 16) await time.passSeconds(1);
  assertEquals(cli.told, []);
});

Deno.test("words that nobody reads are bounded", async () => {
  const first = Promise.withResolvers<number>();
  using cli = await printing(() => first.promise);
  let told = 0;
  using _stderr = replace(Deno.stderr, "write", async ({ length }) => {
    if (told === 0) await first.promise;
    told += length;
    return length;
  });
  for (let i = 0; i < 300; i++) cli.tell("x".repeat(10_000));
  first.resolve(0);
  await new Promise<void>((resolve) => setTimeout(resolve)); // all is written
  assertEquals(Math.round(told / 1e5), 11); // 2 ** 20, and the first line
});

// --- Small things that decide ------------------------------------------------

Deno.test("sparingly() reports again only after a second's quiet", async () => {
  using time = new FakeTime();
  const reported: number[] = [];
  const at = { transport: "tcp", hostname: "127.0.0.1", port: 5 } as const;
  const report = sparingly(() => reported.push(performance.now()), at);
  for (const pause of [0, 900, 900, 900, 1001, 900]) {
    await time.pass(pause);
    report(new Error("again"));
  }
  assertEquals(reported, [0, 3701]);
});

Deno.test("isLoopback() knows this machine from what is only spelt like it", () => {
  const loopback = ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "::1"];
  const other = [
    "localhost.example",
    "127.0.0.1.example",
    "::10",
    "10.127.0.1",
  ];
  assertEquals(loopback.filter((name) => !isLoopback(name)), []);
  assertEquals(other.filter(isLoopback), []);
});

Deno.test("a host is a name, or an address in its short form, with its zone", () => {
  const table = [
    ["localhost", "localhost"],
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "::1"],
    ["0:0::1", "::1"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["[fe80:0::1%br-0.1]", "fe80::1%br-0.1"],
    ["fe80::1%2", "fe80::1%2"],
  ];
  for (const [given, read] of table) {
    assertEquals(host("", "").read(given), read);
  }
  const at = { hostname: "fe80::1%eth0", port: 80 };
  assertEquals(address(at), "[fe80::1%eth0]:80");
});

Deno.test("a number may be the least and the most of its range", () => {
  const flags = { port: whole(1, [0, 65_535], ""), wait: seconds(1, "") };
  const read = (...args: string[]) => Object.values(parse(flags, args));
  assertEquals(read("--port=0", "--wait=0"), [0, 0]);
  assertEquals(read("--port=65535", "--wait=86400"), [65_535, 86_400]);
  assertEquals(read("--wait=.5"), [1, 0.5]);
  assertEquals(read("--wait=5."), [1, 5]);
});
