import { assertEquals } from "@std/assert";
import { Patience, Ticker, ticksOf } from "../../lib/ticker.ts";
import { FakeTime } from "../harness.ts";

Deno.test("a ticker ticks ten times a second, for as long as it is wanted", async () => {
  using time = new FakeTime();
  let ticks = 0;
  using ticker = new Ticker(() => ++ticks < 15);
  await time.passSeconds(1);
  assertEquals(ticks, 0); // not before it is started
  ticker.start();
  ticker.start(); // the second time changes nothing
  assertEquals(time.delays, [100]);
  await time.passSeconds(1);
  assertEquals(ticks, 10);
  await time.passSeconds(10);
  assertEquals(ticks, 15);
  assertEquals(time.delays, []);
});

Deno.test("a ticker that has stopped by itself can be started again", async () => {
  using time = new FakeTime();
  let ticks = 0;
  using ticker = new Ticker(() => {
    ticks++;
    return false;
  });
  for (const count of [1, 2]) {
    ticker.start();
    await time.passSeconds(1);
    assertEquals(ticks, count);
  }
});

Deno.test("a ticker that is disposed ticks no more, until it is started", async () => {
  using time = new FakeTime();
  let ticks = 0;
  const ticker = new Ticker(() => {
    ticks++;
    return true;
  });
  ticker.start();
  ticker[Symbol.dispose]();
  ticker[Symbol.dispose]();
  await time.passSeconds(1);
  assertEquals(ticks, 0);
  ticker.start();
  await time.pass(100);
  assertEquals(ticks, 1);
  ticker[Symbol.dispose]();
});

Deno.test("a process that stood still for an hour has one tick", async () => {
  using time = new FakeTime();
  let ticks = 0;
  using ticker = new Ticker(() => {
    ticks++;
    return true;
  });
  ticker.start();
  await time.pass(3_600_000);
  assertEquals(ticks, 1);
});

Deno.test("so many seconds are surely over after one tick more", () => {
  assertEquals([0.1, 0.25, 1, 2].map(ticksOf), [2, 4, 11, 21]);
});

/** Patience that notes when it ends, in tenths of a second. */
function wait(seconds: number) {
  let ends = 0;
  const patience = new Patience(seconds, () => void ends++);
  return { patience, ends: () => ends };
}

Deno.test("patience ends once, when its time is surely over", async () => {
  using time = new FakeTime();
  const { patience, ends } = wait(1);
  using _patience = patience;
  await time.passSeconds(1);
  assertEquals(ends(), 0);
  await time.pass(100);
  assertEquals(ends(), 1);
  await time.passSeconds(10);
  assertEquals([ends(), time.delays.length], [1, 0]);
});

Deno.test("patience that is renewed begins again", async () => {
  using time = new FakeTime();
  const { patience, ends } = wait(1);
  using _patience = patience;
  for (let i = 0; i < 5; i++) {
    await time.passSeconds(1);
    patience.renew();
  }
  assertEquals(ends(), 0);
  await time.passSeconds(1.1);
  assertEquals(ends(), 1);
});

Deno.test("patience of 0 seconds is endless, and has no timer", async () => {
  using time = new FakeTime();
  const { patience, ends } = wait(0);
  using _patience = patience;
  assertEquals(time.delays, []);
  await time.passSeconds(10);
  assertEquals(ends(), 0);
});

Deno.test("patience that is disposed does not end", async () => {
  using time = new FakeTime();
  const { patience, ends } = wait(1);
  patience[Symbol.dispose]();
  await time.passSeconds(10);
  assertEquals(ends(), 0);
});
