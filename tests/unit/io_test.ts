import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  delay,
  encode,
  untilAborted,
  withTimeout,
  writeAll,
} from "../../lib/io.ts";
import { FakeTime } from "../harness.ts";
import { bytes } from "./bytes.ts";

Deno.test("writeAll() writes again until nothing is left", async () => {
  const writes: string[] = [];
  const to = {
    write(part: Uint8Array) {
      assert(part.length > 0, "there is nothing to write");
      writes.push(new TextDecoder().decode(part));
      return Promise.resolve(Math.min(2, part.length));
    },
  };
  await writeAll(to, "12345");
  await writeAll(to, bytes("678"));
  await writeAll(to, "");
  assertEquals(writes, ["12345", "345", "5", "678", "8"]);
});

Deno.test("writeAll() fails as the writer does", async () => {
  const to = { write: () => Promise.reject(new Deno.errors.BrokenPipe()) };
  await assertRejects(() => writeAll(to, "x"), Deno.errors.BrokenPipe);
});

Deno.test("encode() encodes text, and leaves bytes as they are", () => {
  assertEquals(encode("é"), bytes(0xc3, 0xa9));
  const same = bytes(1, 2);
  assertEquals(encode(same) === same, true);
});

Deno.test("delay() takes as many seconds as it is told", async () => {
  using time = new FakeTime();
  let over = false;
  const waiting = delay(0.5).then(() => over = true);
  await time.pass(499);
  assertEquals(over, false);
  await time.pass(1);
  assertEquals(await waiting, true);
});

Deno.test("withTimeout() returns what comes in time, and leaves no timer", async () => {
  using time = new FakeTime();
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting = withTimeout(2, promise);
  assertEquals(time.delays, [2000]);
  await time.pass(1999);
  resolve("value");
  assertEquals(await waiting, "value");
  assertEquals(time.delays, []);
});

Deno.test("withTimeout() gives up when the time is over", async () => {
  using time = new FakeTime();
  const waiting = withTimeout(2, new Promise(() => {}));
  await time.pass(2000);
  assertEquals(await waiting, undefined);
});

Deno.test("withTimeout() fails as the promise does, and leaves no timer", async () => {
  using time = new FakeTime();
  await assertRejects(
    () => withTimeout(2, Promise.reject(new Error("failed"))),
    Error,
    "failed",
  );
  assertEquals(time.delays, []);
});

Deno.test("withTimeout() of 0 seconds is for ever", async () => {
  using time = new FakeTime();
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting = withTimeout(0, promise);
  assertEquals(time.delays, []);
  await time.passSeconds(10);
  resolve("value");
  assertEquals(await waiting, "value");
});

/** A signal that counts who listens to it. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      listeners++;
      addEventListener.apply(signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      listeners--;
      removeEventListener.apply(signal, args);
    },
  });
  return { controller, signal, listeners: () => listeners };
}

Deno.test("untilAborted() is the promise, as long as nobody aborts it", async () => {
  const { signal, listeners } = counted();
  assertEquals(await untilAborted(Promise.resolve(5), signal), 5);
  assertEquals(await untilAborted(Promise.resolve(5)), 5);
  await assertRejects(
    () => untilAborted(Promise.reject(new Error("failed")), signal),
    Error,
    "failed",
  );
  assertEquals(listeners(), 0);
});

Deno.test("untilAborted() ends with the reason of its signal", async () => {
  const { controller, signal, listeners } = counted();
  const never = new Promise(() => {});
  const waiting = untilAborted(never, signal);
  assertEquals(listeners(), 1);
  controller.abort(new Error("the reason"));
  await assertRejects(() => waiting, Error, "the reason");
  await assertRejects(() => untilAborted(never, signal), Error, "the reason");
  assertEquals(listeners(), 0);
});
