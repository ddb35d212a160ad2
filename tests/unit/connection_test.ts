import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection, ConnectionSet, watchIdle } from "../../lib/connection.ts";
import { FakeTime } from "../harness.ts";
import { turn } from "./fakes.ts";

/** Both ends of a connection over loopback. */
async function pair(): Promise<[Connection, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [near, far] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  return [new Connection(near), far];
}

/** A connection that carries nothing by itself. */
function silent(): Connection {
  return new Connection({ [Symbol.dispose]() {} } as Deno.TcpConn);
}

Deno.test("a connection counts what it carries, either way", async () => {
  const [conn, peer] = await pair();
  using _conn = conn;
  using _peer = peer;
  await peer.write(new Uint8Array(5));
  await peer.closeWrite();
  const buffer = new Uint8Array(3);
  while (await conn.read(buffer) !== null);
  assertEquals(await conn.write(new Uint8Array(7)), 7);
  const { received, sent, reads, ended } = conn;
  assertEquals({ received, sent, reads, ended }, {
    received: 5,
    sent: 7,
    reads: 2,
    ended: true,
  });
});

Deno.test("a connection counts the ticks in which nothing went either way", () => {
  const conn = silent();
  assertEquals([conn.countIdle(), conn.countIdle()], [1, 2]);
});

for (const way of ["received", "sent"] as const) {
  Deno.test(`a byte ${way} starts the count anew`, () => {
    const conn = silent();
    conn.countIdle();
    conn[way] += 1;
    assertEquals([conn.countIdle(), conn.countIdle()], [0, 1]);
  });
}

Deno.test("what our own side takes is not the peer's silence", async () => {
  const conn = silent();
  conn.countIdle();
  const own = Promise.withResolvers<string>();
  const paused = conn.pauseFor(own.promise);
  assertEquals([conn.countIdle(), conn.countIdle()], [0, 0], "while it waits");
  conn.countIdle();
  own.resolve("done");
  assertEquals(await paused, "done");
  assertEquals(conn.countIdle(), 1, "from then on");
});

Deno.test("what is aborted fails with the first reason", async () => {
  const [conn, peer] = await pair();
  using _peer = peer;
  const reading = conn.read(new Uint8Array(1));
  conn.abort(new Error("first"));
  conn.abort(new Error("second"));
  await assertRejects(() => reading);
  await assertRejects(() => conn.aborted, Error, "first");
  assert(conn.closed);
});

Deno.test("a set knows its connections while they come and go in any order", async () => {
  const connections = new ConnectionSet(0);
  const all = Array.from({ length: 5 }, silent);
  for (const conn of all) connections.add(conn);
  for (const [i, left] of [[1, 4], [4, 3], [0, 2], [3, 1]]) {
    const next = connections.nextClose();
    connections.delete(all[i]);
    assertEquals(connections.size, left);
    await next;
  }
  const drained = connections.drained();
  connections.abort(new Error("the last one"));
  assertEquals(all.map(({ closed }) => closed), [
    false,
    false,
    true,
    false,
    false,
  ]);
  connections.delete(all[2]);
  await drained;
});

Deno.test("the set ends who is idle, and nobody else", () => {
  using connections = new ConnectionSet(1);
  const [idle, busy] = [silent(), silent()];
  for (const conn of [idle, busy]) connections.add(conn);
  for (let tick = 1; tick <= 11; tick++) {
    assertEquals(idle.reason, undefined, "not before a whole second is over");
    busy.received++;
    connections.checkIdle();
  }
  assertEquals(idle.reason?.message, "silent for 1 s");
  assertEquals(busy.reason, undefined);
});

// --- Silence, with the time in our hands -------------------------------------

/** A connection that keeps what is said of its silence, and goes on. */
class Patient extends Connection {
  /** What was said. */
  readonly reports: string[] = [];

  /** Carries nothing by itself. */
  constructor() {
    super({
      read: () => Promise.resolve(1),
      write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
      [Symbol.dispose]() {},
    } as unknown as Deno.TcpConn);
  }

  override onIdle({ message }: Error): void {
    this.reports.push(message);
  }
}

Deno.test("a silence that lasts is noticed, once", async () => {
  using time = new FakeTime();
  const conn = new Patient();
  using _watch = watchIdle(conn, 2);
  await time.passSeconds(2);
  assertEquals(conn.reports, []); // the first tick may be a short one
  await time.passSeconds(10);
  assertEquals(conn.reports, ["silent for 2 s"]);
});

for (const seconds of [3, 3600]) {
  Deno.test(`a process that was stopped for ${seconds} s accuses nobody of it`, async () => {
    using time = new FakeTime();
    const conn = new Patient();
    using _watch = watchIdle(conn, 2);
    await time.passSeconds(1.9);
    await time.pass(seconds * 1000);
    assertEquals(conn.reports, []);
    await conn.read(new Uint8Array(1)); // which has waited for us
    await time.passSeconds(1.9);
    assertEquals(conn.reports, []);
    await time.passSeconds(0.4);
    assertEquals(conn.reports, ["silent for 2 s"]);
  });
}

const SIGNS: [name: string, sign: (conn: Connection) => unknown][] = [
  ["a read", (conn) => conn.read(new Uint8Array(1))],
  ["a write", (conn) => conn.write(new Uint8Array(1))],
  ["the end of a pause", (conn) => conn.pauseFor(Promise.resolve())],
  ["the end of a pause that failed", (conn) => {
    return conn.pauseFor(Promise.reject(new Error())).catch(() => {});
  }],
];

for (const [name, sign] of SIGNS) {
  Deno.test(`${name} ends a silence`, async () => {
    using time = new FakeTime();
    const conn = new Patient();
    using _watch = watchIdle(conn, 2);
    for (let i = 0; i < 4; i++) {
      await time.passSeconds(1.9);
      await sign(conn);
    }
    assertEquals(conn.reports, []);
    await time.passSeconds(2.2); // one tick to notice that it began anew
    assertEquals(conn.reports, ["silent for 2 s"]);
  });
}

Deno.test("no silence is counted during a pause", async () => {
  using time = new FakeTime();
  const conn = new Patient();
  using _watch = watchIdle(conn, 2);
  const [first, second] = [1, 2].map(() => Promise.withResolvers<void>());
  const paused = [first, second].map(({ promise }) => conn.pauseFor(promise));
  await time.passSeconds(10);
  first.resolve();
  await paused[0];
  await time.passSeconds(10); // there are two, and one goes on
  second.resolve();
  await paused[1];
  assertEquals(conn.reports, []);
});

Deno.test("what isn't a promise is no pause", async () => {
  using time = new FakeTime();
  const conn = new Patient();
  using _watch = watchIdle(conn, 2);
  for (let i = 0; i < 25; i++) {
    assertEquals(await conn.pauseFor(i), i);
    await time.pass(100);
  }
  assertEquals(conn.reports, ["silent for 2 s"]);
});

Deno.test("0 seconds is no limit, and no timer", async () => {
  using time = new FakeTime();
  const conn = new Patient();
  using _watch = watchIdle(conn, 0);
  assertEquals(time.delays, []);
  await time.passSeconds(10);
  assertEquals(conn.reports, []);
});

Deno.test("a watch that has ended says nothing", async () => {
  using time = new FakeTime();
  const conn = new Patient();
  watchIdle(conn, 1)[Symbol.dispose]();
  await time.passSeconds(10);
  assertEquals(conn.reports, []);
});

Deno.test("a set has no timer while it is empty, and one when it isn't", async () => {
  using time = new FakeTime();
  using connections = new ConnectionSet(1);
  for (let i = 0; i < 2; i++) {
    const conn = new Patient();
    connections.add(conn);
    await time.passSeconds(2);
    assertEquals(conn.reports, ["silent for 1 s"]);
    connections.delete(conn);
    await time.pass(100);
    assertEquals(time.delays, []);
  }
});

Deno.test("a connection that was idle for too long is aborted", async () => {
  using time = new FakeTime();
  const conn = silent();
  using _watch = watchIdle(conn, 1);
  await time.passSeconds(1.1);
  const error = await assertRejects(() => conn.aborted, Deno.errors.TimedOut);
  assertEquals([error.message, conn.closed], ["silent for 1 s", true]);
});

// --- Its ends ----------------------------------------------------------------

Deno.test("abort() rejects also for somebody who asks before, and for nobody", async () => {
  const conn = silent();
  const aborted = conn.aborted;
  conn.abort(new Error("over"));
  await assertRejects(() => aborted, Error, "over");
  silent().abort(new Error("nobody waits for it"));
  const unheard = silent();
  unheard.aborted; // asked for, and not waited for
  unheard.abort(new Error("nobody waits for it"));
  await turn();
});

Deno.test("a connection has its socket's addresses, and ends its sending side", async () => {
  const [conn, peer] = await pair();
  using _conn = conn;
  using _peer = peer;
  assertEquals(conn.remoteAddr, peer.localAddr);
  assertEquals(conn.localAddr, peer.remoteAddr);
  await conn.closeWrite();
  assertEquals(await peer.read(new Uint8Array(1)), null);
  assertEquals([conn.closed, conn.ended], [false, false]);
});

Deno.test("excess() is what is more than allowed", () => {
  const conn = silent();
  conn.received = 7;
  assertEquals([0, 5, 7, 8].map((most) => conn.excess(most)), [0, 2, 0, 0]);
});

Deno.test("drained() waits for the last, and for nobody where there is none", async () => {
  const connections = new ConnectionSet(0);
  await connections.drained();
  const all = [silent(), silent()];
  for (const conn of all) connections.add(conn);
  let drained = false;
  const waiting = connections.drained().then(() => drained = true);
  connections.delete(all[0]);
  await turn();
  assertEquals(drained, false);
  connections.delete(all[1]);
  assertEquals(await waiting, true);
});

Deno.test("nextClose() is one for all who wait, and anew after each close", async () => {
  const connections = new ConnectionSet(0);
  const all = [silent(), silent()];
  for (const conn of all) connections.add(conn);
  const first = connections.nextClose();
  assertEquals(connections.nextClose() === first, true);
  connections.delete(all[0]);
  await first;
  let closed = false;
  connections.nextClose().then(() => closed = true);
  await turn();
  assertEquals(closed, false);
  connections.delete(all[1]);
  await turn();
  assertEquals(closed, true);
});
