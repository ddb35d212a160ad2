import { assertEquals } from "@std/assert";
import { describePath, openLog, summarize } from "../../lib/log.ts";
import { FakeTime } from "../harness.ts";
import { turn } from "./fakes.ts";

/** Standard error that takes what it is given as the test says. */
class Stream {
  /** What it took. */
  taken = "";
  /** The writes that it was asked for. */
  writes = 0;
  /** What a write does. */
  take = (bytes: Uint8Array): Promise<number> => {
    this.taken += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  };

  /** Is a terminal, or isn't. */
  constructor(private readonly terminal = false) {}

  write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    return this.take(bytes);
  }

  isTerminal(): boolean {
    return this.terminal;
  }
}

Deno.test("each line of a log begins with the role, bold on a terminal", async () => {
  const [pipe, terminal] = [new Stream(), new Stream(true)];
  for (const to of [pipe, terminal]) {
    const log = openLog("server", to);
    log("one");
    log("two");
    await log.flush();
  }
  assertEquals(pipe.taken, "server: one\nserver: two\n");
  const bold = "\x1b[1mserver:\x1b[22m";
  assertEquals(terminal.taken, `${bold} one\n${bold} two\n`);
});

Deno.test("lines that come while one is being written are one write", async () => {
  const to = new Stream();
  const log = openLog("server", to);
  log("one");
  log("two");
  log("three");
  await log.flush();
  assertEquals(to.writes, 2);
  log("four"); // and it goes on after that
  await log.flush();
  assertEquals(to.taken.split("\n").length, 5);
});

Deno.test("words that nobody reads are bounded", async () => {
  const to = new Stream();
  const first = Promise.withResolvers<number>();
  const { take } = to;
  to.take = () => first.promise;
  const log = openLog("server", to);
  log("x".repeat(10_000)); // is being written
  for (let i = 1; i < 300; i++) log("x".repeat(10_000));
  to.take = take;
  first.resolve(0);
  await log.flush();
  assertEquals(Math.round(to.taken.length / 1e5), 11); // 2 ** 20, and the first line
  log("and then there is room");
  await log.flush();
  assertEquals(to.taken.endsWith("\nserver: and then there is room\n"), true);
});

Deno.test("a line is left out only when more than the most is queued", async () => {
  const to = new Stream();
  const first = Promise.withResolvers<number>();
  const { take } = to;
  to.take = () => first.promise;
  const log = openLog("server", to);
  log("first");
  log("x".repeat(2 ** 20 - "server: \n".length)); // exactly the most
  log("kept");
  log("left out");
  to.take = take;
  first.resolve("server: first\n".length);
  await log.flush();
  assertEquals(to.taken.slice(-14), "\nserver: kept\n");
});

Deno.test("a log that nobody can read does no harm", async () => {
  const to = new Stream();
  const { take } = to;
  to.take = () => Promise.reject(new Deno.errors.BrokenPipe());
  const log = openLog("server", to);
  log("lost");
  await log.flush();
  to.take = take;
  log("not lost");
  await log.flush();
  assertEquals(to.taken, "server: not lost\n");
});

Deno.test("the last lines are waited for, but not longer than five seconds", async () => {
  using time = new FakeTime();
  const to = new Stream();
  to.take = () => new Promise(() => {});
  const log = openLog("server", to);
  await log.flush(); // there is nothing
  log("x");
  let flushed = false;
  const flushing = log.flush().then(() => flushed = true);
  await time.pass(4999);
  assertEquals(flushed, false);
  await time.pass(1);
  assertEquals(await flushing, true);
});

Deno.test("a log doesn't wait for standard error", async () => {
  const to = new Stream();
  const { promise, resolve } = Promise.withResolvers<number>();
  to.take = () => promise;
  const log = openLog("server", to);
  assertEquals(log("x"), undefined);
  let flushed = false;
  const flushing = log.flush().then(() => flushed = true);
  await turn();
  assertEquals(flushed, false);
  resolve(100);
  assertEquals(await flushing, true);
});

Deno.test("describePath() has both addresses", () => {
  const transport = "tcp";
  assertEquals(
    describePath(
      { transport, hostname: "127.0.0.1", port: 1 },
      { transport, hostname: "::1", port: 2 },
    ),
    "from 127.0.0.1:1 to [::1]:2",
  );
});

Deno.test("summarize() counts one read as one", () => {
  const totals = { received: 1_048_576, sent: 0, reads: 1 };
  assertEquals(summarize(totals), "1.05 MB received in 1 read, 0 B sent");
  assertEquals(
    summarize({ ...totals, reads: 2 }),
    "1.05 MB received in 2 reads, 0 B sent",
  );
});
