/**
 * The accept loop that every application shares, given connections from
 * anywhere: who gets a place, who is refused, and what a failure stops.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Connection } from "../../lib/connection.ts";
import { serve, type ServeOptions } from "../../lib/serve.ts";
import { selfSigned } from "../../notebook/applications/certificate.ts";
import { FakeTime } from "../harness.ts";
import { consoleOf, FakeConn, FakeListener, turn } from "./fakes.ts";

/** A server on such a listener; a client stays until the test lets it go. */
function open(options: ServeOptions<Deno.NetAddr> = {}) {
  const listener = new FakeListener();
  const leave = new Map<FakeConn, () => void>();
  const server = serve(listener as unknown as Deno.TcpListener, (conn) => {
    const guest = conn.socket as unknown as FakeConn;
    const { promise, resolve } = Promise.withResolvers<void>();
    leave.set(guest, resolve);
    guest.closed.promise.then(() => resolve()); // as a read would fail
    guest.outcome.resolve("served");
    return promise;
  }, options);
  return {
    listener,
    /** Brings somebody from an address. */
    visit(hostname: string): FakeConn {
      const conn = new FakeConn(hostname);
      listener.bring(conn);
      return conn;
    },
    shutdown: () => server.shutdown(),
    finished: server.finished,
    /** Ends a conversation; resolves when its connection is closed. */
    async end(conn: FakeConn, next: () => Promise<void> = turn): Promise<void> {
      leave.get(conn)!();
      await conn.closed.promise;
      await next(); // it's taken off the list after that
    },
    async [Symbol.asyncDispose]() {
      leave.forEach((resolve) => resolve());
      await server.shutdown();
    },
  };
}

/** What becomes of connections from these addresses, all of which stay. */
async function outcomes(
  addresses: string[],
  options: ServeOptions<Deno.NetAddr>,
): Promise<string[]> {
  await using server = open(options);
  const result = [];
  for (const address of addresses) {
    result.push(await server.visit(address).outcome.promise);
  }
  return result;
}

/** Serves fake connections. */
function serveFakes(
  handle: (conn: Connection) => Promise<void>,
  options: ServeOptions<Deno.NetAddr> = {},
) {
  const listener = new FakeListener();
  const tcp = listener as unknown as Deno.TcpListener;
  return { listener, server: serve(tcp, handle, options) };
}

/** Shuts down a server while the clock stands still but for its quiet turns. */
async function shutdown(
  server: { shutdown(): Promise<void> },
  time: FakeTime,
): Promise<void> {
  const stopping = server.shutdown();
  await quietTurns(time);
  await stopping;
}

/** The three milliseconds after which a backlog counts as empty. */
async function quietTurns(time: FakeTime): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await time.pass(1);
}

// --- A handler that fails ----------------------------------------------------

Deno.test("what a handler throws at once is its own conversation's end", async () => {
  const reported: string[] = [];
  const { listener, server } = serveFakes(() => {
    throw new Error("a bug");
  }, { onError: ({ message }) => void reported.push(message) });
  const conns = [new FakeConn("192.0.2.1"), new FakeConn("192.0.2.2")];
  for (const conn of conns) {
    listener.bring(conn);
    await conn.closed.promise;
  }
  await turn();
  assertEquals(reported, ["a bug", "a bug"]);
  await server.shutdown();
});

Deno.test("a handler that returns nothing to wait for is done", async () => {
  const reported: string[] = [];
  const { listener, server } = serveFakes(
    (() => {}) as unknown as () => Promise<void>,
    { onError: ({ message }) => void reported.push(message) },
  );
  const conn = new FakeConn("192.0.2.1");
  listener.bring(conn);
  await conn.closed.promise;
  await server.shutdown();
  assertEquals(reported, []);
});

// --- The end of a server -----------------------------------------------------

Deno.test("a conversation that doesn't end is ended at the shutdown, after a grace", async () => {
  using time = new FakeTime();
  const reports: string[] = [];
  const server = open({
    onError: ({ name, message }) => reports.push(`${name}: ${message}`),
  });
  const guest = server.visit("127.0.0.1");
  await guest.outcome.promise;
  let over = false;
  const stopping = server.shutdown().then(() => over = true);
  await time.pass(4999);
  assertEquals([reports, over, server.listener.closed], [[], false, true]);
  await time.pass(1);
  await guest.closed.promise;
  assertEquals(await stopping, true);
  assertEquals(reports, ["Interrupted: the server stops"]);
});

Deno.test("the grace can be another one", async () => {
  using time = new FakeTime();
  const server = open({ grace: 1 });
  const guest = server.visit("127.0.0.1");
  await guest.outcome.promise;
  const stopping = server.shutdown();
  await quietTurns(time);
  assertEquals(time.delays, [997]);
  await time.pass(997);
  await stopping;
});

Deno.test("a shutdown waits no longer than for the last conversation", async () => {
  using time = new FakeTime();
  const server = open();
  const guest = server.visit("127.0.0.1");
  await guest.outcome.promise;
  const stopping = server.shutdown();
  await quietTurns(time);
  await server.end(guest, () => time.pass(0));
  await stopping; // no more time has passed
  assertEquals(time.delays, []);
});

Deno.test("a handler that never returns is waited for a second more", async () => {
  using time = new FakeTime();
  const { listener, server } = serveFakes(() => new Promise(() => {}));
  listener.bring(new FakeConn("127.0.0.1"));
  await time.pass(0);
  let over = false;
  const stopping = server.shutdown().then(() => over = true);
  await time.pass(5000);
  await time.pass(999);
  assertEquals(over, false);
  await time.pass(1);
  assertEquals(await stopping, true);
});

Deno.test("a server without clients stops at once", async () => {
  using time = new FakeTime();
  const server = open();
  await shutdown(server, time);
  await server.finished;
  assertEquals(time.delays, []);
});

Deno.test("clients in the backlog are served before the listener closes", async () => {
  using time = new FakeTime();
  const server = open();
  const stopping = server.shutdown();
  for (let i = 0; i < 5; i++) {
    for (let turn = 0; turn < 2; turn++) await time.pass(1); // isn't enough
    const guest = server.visit("127.0.0.1");
    assertEquals(await guest.outcome.promise, "served");
    await server.end(guest, () => time.pass(1));
  }
  assertEquals(server.listener.closed, false);
  await quietTurns(time);
  assertEquals(server.listener.closed, true);
  await stopping;
});

Deno.test("a turn that took long says little about the backlog", async () => {
  using time = new FakeTime();
  const server = open();
  const stopping = server.shutdown();
  for (let turn = 0; turn < 29; turn++) await time.pass(4);
  assertEquals(server.listener.closed, false);
  await time.pass(4);
  assertEquals(server.listener.closed, true);
  await stopping;
});

Deno.test("clients who come and come are accepted for a fifth of the grace", async () => {
  using time = new FakeTime();
  const server = open();
  const stopping = server.shutdown();
  const guests: FakeConn[] = [];
  while (!server.listener.closed) {
    guests.push(server.visit("127.0.0.1"));
    await time.pass(1);
  }
  assertEquals(guests.length, 1000);
  await time.pass(3999); // those who were accepted have the rest of it
  assertEquals(await guests[0].outcome.promise, "served");
  for (const guest of guests) await server.end(guest, () => time.pass(0));
  await stopping;
  assertEquals(time.delays, []);
});

Deno.test("at a full server the backlog waits for places, for a fifth of the grace", async () => {
  using time = new FakeTime();
  const server = open({ maxConnections: 1 });
  const first = server.visit("127.0.0.1");
  const second = server.visit("127.0.0.1");
  const third = server.visit("127.0.0.1");
  await first.outcome.promise;
  const stopping = server.shutdown();
  for (let i = 0; i < 500; i++) await time.pass(1);
  assertEquals(server.listener.closed, false);
  await server.end(first, () => time.pass(1));
  assertEquals(await second.outcome.promise, "served");
  for (let i = 0; i < 500; i++) await time.pass(1);
  assertEquals(server.listener.closed, true);
  assertEquals(await third.outcome.promise, "refused");
  await server.end(second, () => time.pass(0));
  await stopping;
});

// --- Places for an address ---------------------------------------------------

const ADDRESSES: [what: string, addresses: string[], third: string][] = [
  ["one address", ["10.0.0.1", "10.0.0.1", "10.0.0.1"], "refused"],
  ["three addresses", ["10.0.0.1", "10.0.0.2", "10.0.0.3"], "served"],
  ["the same one within IPv6", [
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:10.0.0.1",
  ], "refused"],
  ["one network of IPv6", [
    "2001:db8::1",
    "2001:db8::2:3",
    "2001:db8::ffff:1:2:3",
  ], "refused"],
  ["one network of IPv6, written without ::", [
    "2001:db8:0:1::1",
    "2001:db8:0:1:2:3:4:5",
    "2001:db8:0:1:6::",
  ], "refused"],
  ["three networks of IPv6", [
    "2001:db8::1",
    "2001:db8:0:1::1",
    "2001:db8:0:2::1",
  ], "served"],
  ["one link", ["fe80::1", "fe80::2", "fe80::3"], "served"],
  ["this machine", ["127.0.0.1", "127.0.0.1", "127.0.0.1"], "served"],
  ["this machine, by IPv6", ["::1", "::1", "::1"], "served"],
  ["this machine, within IPv6", [
    "::ffff:127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:127.0.0.1",
  ], "served"],
];

for (const [what, addresses, third] of ADDRESSES) {
  Deno.test(`two places for an address: the third from ${what} is ${third}`, async () => {
    assertEquals(
      await outcomes(addresses, { maxPerAddress: 2 }),
      ["served", "served", third],
    );
  });
}

Deno.test("0 is any number of places for an address, and the default", async () => {
  const many = Array<string>(101).fill("10.0.0.1");
  const served = many.map(() => "served");
  assertEquals(await outcomes(many, { maxPerAddress: 0 }), served);
  assertEquals(await outcomes(many, {}), served);
  const limited = await outcomes(many, { maxPerAddress: 100 });
  assertEquals(limited, [...served.slice(1), "refused"]);
});

Deno.test("a refused client is told so, and it is reported once", async () => {
  const reports: string[] = [];
  await using server = open({
    maxPerAddress: 1,
    refusal: "No.\n",
    onError: ({ name, message }, at) => {
      reports.push(`${at.hostname}: ${name}: ${message}`);
    },
  });
  const first = server.visit("10.0.0.1");
  for (const hostname of ["10.0.0.1", "10.0.0.1"]) {
    const refused = server.visit(hostname);
    await refused.closed.promise;
    assertEquals(refused.heard, "No.\n");
  }
  await server.visit("10.0.0.2").outcome.promise; // there is room for others
  assertEquals(first.heard, "");
  assertEquals(reports, [
    "10.0.0.1: QuotaExceededError: " +
    "the limit of 1 connections from one address (maxPerAddress) is reached",
  ]);
});

Deno.test("an address has its place again when one of it has gone", async () => {
  await using server = open({ maxPerAddress: 1 });
  for (let i = 0; i < 3; i++) {
    const first = server.visit("10.0.0.1");
    assertEquals(await first.outcome.promise, "served");
    const second = server.visit("10.0.0.1");
    assertEquals(await second.outcome.promise, "refused");
    await server.end(first);
  }
});

// --- Places for all ----------------------------------------------------------

Deno.test("nobody is accepted beyond the limit until somebody leaves", async () => {
  await using server = open({ maxConnections: 2 });
  const first = server.visit("127.0.0.1");
  const second = server.visit("127.0.0.1");
  const third = server.visit("127.0.0.1");
  await second.outcome.promise;
  await turn();
  assertEquals(server.listener.asked, 2);
  await server.end(first);
  assertEquals(await third.outcome.promise, "served");
});

Deno.test("a full server says so once, and nobody is accepted meanwhile", async () => {
  const reports: string[] = [];
  await using server = open({
    maxConnections: 2,
    onError: ({ name, message }, at) => {
      reports.push(`${at.hostname}:${at.port}: ${name}: ${message}`);
    },
  });
  const first = server.visit("127.0.0.1");
  await first.outcome.promise;
  assertEquals(reports, []); // one place is left
  const second = server.visit("127.0.0.1");
  await second.outcome.promise;
  await turn();
  const limit = "0.0.0.0:80: QuotaExceededError: " +
    "the limit of 2 connections (maxConnections) is reached";
  assertEquals(reports, [limit]);
  await server.end(first);
  await server.visit("127.0.0.1").outcome.promise;
  await turn();
  assertEquals(reports, [limit]); // no second's quiet has passed
});

Deno.test("a thousand connections are the default", async () => {
  await using server = open({ grace: 0.01 });
  const all = Array.from({ length: 1001 }, () => server.visit("127.0.0.1"));
  await all[999].outcome.promise;
  await turn();
  assertEquals(server.listener.asked, 1000);
});

Deno.test("with once, the first conversation is the only one", async () => {
  const options = { once: true };
  const server = open(options);
  const first = server.visit("127.0.0.1");
  server.visit("127.0.0.1");
  await first.outcome.promise;
  await turn();
  assertEquals([server.listener.asked, server.listener.closed], [1, true]);
  let finished = false;
  const waiting = server.finished.then(() => finished = true);
  await turn();
  assertEquals(finished, false);
  await server.end(first);
  assertEquals(await waiting, true);
});

// --- Trouble with accepting --------------------------------------------------

Deno.test("a lack of descriptors costs a pause, and a client who left none", async () => {
  using time = new FakeTime();
  const reports: string[] = [];
  const server = open({
    onError: ({ message }, at) => reports.push(`${at.port}: ${message}`),
  });
  const { listener } = server;
  await time.pass(0);
  assertEquals(listener.asked, 1);
  const { NotConnected, ConnectionAborted, ConnectionReset } = Deno.errors;
  for (const Kind of [NotConnected, ConnectionAborted, ConnectionReset]) {
    const { asked } = listener;
    listener.bring(new Kind("it left"));
    await time.pass(0);
    assertEquals(listener.asked, asked + 1);
  }
  listener.bring(new Error("no descriptor is left"));
  await time.pass(0);
  await time.pass(99);
  assertEquals(listener.asked, 4);
  assertEquals(reports, [
    "80: a client left before it was accepted",
    "80: no descriptor is left",
  ]);
  // After that it goes on as before.
  const guest = server.visit("127.0.0.1");
  await time.pass(1);
  assertEquals(listener.asked, 6);
  assertEquals(await guest.outcome.promise, "served");
  await server.end(guest, () => time.pass(0));
  await shutdown(server, time);
});

// --- A conversation ----------------------------------------------------------

Deno.test("its address, each client, and what it came to are reported", async () => {
  const reports: unknown[] = [];
  const { listener, server } = serveFakes(async (conn) => {
    await conn.read(new Uint8Array(9));
    await conn.write(new Uint8Array(3));
    if (conn.remoteAddr.port === 2) throw new Error("it failed");
  }, {
    onListen: (addr) => void reports.push(["listens", addr.port]),
    onOpen: (peer) => void reports.push(["opens", peer.port]),
    onDone({ port }, { received, sent, reads }) {
      reports.push(["is done", port, received, sent, reads]);
    },
    onError: ({ message }, at) => reports.push([message, at.port]),
  });
  assertEquals(reports, [["listens", 80]]);
  for (const port of [1, 2]) {
    const conn = new FakeConn("127.0.0.1", port);
    conn.say("hello");
    listener.bring(conn);
    await conn.closed.promise;
    await turn();
  }
  assertEquals(server.addr.port, 80);
  assertEquals(reports.slice(1), [
    ["opens", 1],
    ["is done", 1, 5, 3, 1],
    ["opens", 2],
    ["it failed", 2],
    ["is done", 2, 5, 3, 1],
  ]);
  await server.shutdown();
});

Deno.test("the conversation waits for onOpen, which is not the client's silence", async () => {
  using time = new FakeTime();
  const { promise, resolve } = Promise.withResolvers<void>();
  const errors: string[] = [];
  let conversations = 0;
  const { listener, server } = serveFakes(async (conn) => {
    conversations++;
    await conn.aborted;
  }, {
    timeout: 1,
    onOpen: () => promise,
    onError: ({ message }) => errors.push(message),
  });
  listener.bring(new FakeConn("127.0.0.1"));
  await time.passSeconds(5);
  assertEquals([conversations, errors], [0, []]);
  resolve();
  await time.pass(0);
  await time.passSeconds(1.1);
  assertEquals([conversations, errors], [1, ["silent for 1 s"]]);
  await shutdown(server, time);
});

Deno.test("without a timeout no silence is too long", async () => {
  using time = new FakeTime();
  const server = open();
  await server.visit("127.0.0.1").outcome.promise;
  assertEquals(time.delays, []);
  const stopping = server.shutdown();
  await time.pass(5000);
  await stopping;
});

for (const name of ["onListen", "onOpen", "onDone"] as const) {
  Deno.test(`an ${name} that throws is reported, and the conversation goes on`, async () => {
    const reports: string[] = [];
    await using server = open({
      [name]() {
        throw new Error(`a bug in ${name}`);
      },
      onError: ({ message }, at) => reports.push(`${at.port}: ${message}`),
    });
    for (let i = 0; i < 2; i++) {
      const guest = server.visit("127.0.0.1");
      assertEquals(await guest.outcome.promise, "served");
      await server.end(guest);
    }
    const port = name === "onListen" ? 80 : 1;
    const times = name === "onListen" ? 1 : 2;
    assertEquals(reports, Array(times).fill(`${port}: a bug in ${name}`));
  });
}

// --- The end of a connection -------------------------------------------------

/** A socket that notes what is done with it. */
function noting(read: () => Promise<number | null>) {
  const calls: string[] = [];
  const conn = new FakeConn("127.0.0.1");
  const dispose = conn[Symbol.dispose].bind(conn);
  Object.assign(conn, {
    read() {
      calls.push("read");
      return read();
    },
    closeWrite() {
      calls.push("closeWrite");
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      calls.push("close");
      dispose();
    },
  });
  return { conn, calls };
}

Deno.test("what the client still sends is read before we close", async () => {
  const answers = [5, 16_384, null];
  const { conn, calls } = noting(() => Promise.resolve(answers.shift()!));
  const { listener, server } = serveFakes(() => Promise.resolve());
  listener.bring(conn);
  await conn.closed.promise;
  assertEquals(calls, ["closeWrite", "read", "read", "read", "close"]);
  await server.shutdown();
});

Deno.test("a client that goes on and on is waited for a second", async () => {
  using time = new FakeTime();
  const { conn, calls } = noting(() => new Promise(() => {}));
  const { listener, server } = serveFakes(() => Promise.resolve());
  listener.bring(conn);
  await time.pass(0);
  await time.pass(999);
  assertEquals(calls, ["closeWrite", "read"]);
  await time.pass(1);
  assertEquals(calls, ["closeWrite", "read", "close"]);
  await shutdown(server, time);
});

Deno.test("a connection that breaks at its end is no failure", async () => {
  const errors: Error[] = [];
  const broken = () => Promise.reject(new Deno.errors.ConnectionReset());
  const { conn, calls } = noting(broken);
  const { listener, server } = serveFakes(() => Promise.resolve(), {
    onError: (error) => void errors.push(error),
  });
  listener.bring(conn);
  await conn.closed.promise;
  await server.shutdown();
  assertEquals([calls, errors], [["closeWrite", "read", "close"], []]);
});

Deno.test("a client whose end was read is not waited for", async () => {
  const { conn, calls } = noting(() => Promise.resolve(null));
  const { listener, server } = serveFakes(async (conn) => {
    await conn.read(new Uint8Array(1));
  });
  listener.bring(conn);
  await conn.closed.promise;
  assertEquals(calls, ["read", "close"]);
  await server.shutdown();
});

Deno.test("a connection that was aborted is not waited for, and its reason counts", async () => {
  const errors: string[] = [];
  const { conn, calls } = noting(() => new Promise(() => {}));
  const { listener, server } = serveFakes((conn) => {
    conn.abort(new Error("the reason"));
    return Promise.reject(new Error("what came of it"));
  }, { onError: ({ message }) => errors.push(message) });
  listener.bring(conn);
  await conn.closed.promise;
  await server.shutdown();
  assertEquals(calls, ["close", "close"]);
  assertEquals(errors, ["the reason"]);
});

// --- TLS's handshake ---------------------------------------------------------

Deno.test("over TLS, silence before the handshake has a limit", async () => {
  const identity = await selfSigned("localhost");
  const at = { hostname: "127.0.0.1", port: 0 };
  const listener = Deno.listenTls({ ...at, ...identity });
  using time = new FakeTime();
  const failures: string[] = [];
  let conversations = 0;
  const server = serve(listener, () => {
    conversations++;
    return Promise.resolve();
  }, {
    handshakeTimeout: 0.1,
    onError: ({ name, message }) => failures.push(`${name}: ${message}`),
  });
  using _silent = await Deno.connect({ port: server.addr.port });
  // It is accepted in its own time, and then waited for in ours.
  for (const limit of [100, 1000]) {
    const deadline = Date.now() + 10_000;
    while (!time.delays.includes(limit)) {
      assert(Date.now() < deadline, `nothing waits for ${limit} ms`);
      await time.pass(0);
    }
    await time.pass(limit);
  }
  assertEquals(failures, ["TimedOut: without a handshake for 0.1 s"]);
  assertEquals(conversations, 0);
  await shutdown(server, time);
});

/** A connection over TLS, of which only the handshake matters. */
function overTls(handshake: () => Promise<unknown>): FakeConn {
  return Object.assign(new FakeConn("10.0.0.1"), { handshake });
}

Deno.test("the conversation waits for the handshake, for ten seconds by default", async () => {
  using time = new FakeTime();
  const errors: string[] = [];
  let conversations = 0;
  const { listener, server } = serveFakes(() => {
    conversations++;
    return Promise.resolve();
  }, { onError: ({ message }) => errors.push(message) });
  const { promise, resolve } = Promise.withResolvers<void>();
  listener.bring(overTls(() => promise));
  listener.bring(overTls(() => new Promise(() => {})));
  await time.pass(0);
  await time.pass(9999);
  assertEquals([conversations, errors], [0, []]);
  resolve();
  await time.pass(0);
  assertEquals([conversations, errors], [1, []]);
  await time.pass(1);
  assertEquals([conversations, errors], [1, ["without a handshake for 10 s"]]);
  await shutdown(server, time);
});

Deno.test("a handshake that fails is reported, and ends the conversation", async () => {
  const errors: string[] = [];
  let conversations = 0;
  const { listener, server } = serveFakes(() => {
    conversations++;
    return Promise.resolve();
  }, { onError: ({ message }) => errors.push(message) });
  listener.bring(overTls(() => Promise.reject(new Error("no such cipher"))));
  await turn();
  await server.shutdown();
  assertEquals([conversations, errors], [0, ["no such cipher"]]);
});

Deno.test("a handshake may take for ever, if it is allowed to", async () => {
  using time = new FakeTime();
  const options = { handshakeTimeout: 0, grace: 1 };
  const { listener, server } = serveFakes(() => Promise.resolve(), options);
  const conn = overTls(() => conn.closed.promise);
  listener.bring(conn);
  await time.pass(0);
  assertEquals(time.delays, []);
  const stopping = server.shutdown();
  await time.pass(1000);
  await stopping;
});

Deno.test("over TLS a refused client is sent nothing: it couldn't read it", async () => {
  const options = { maxPerAddress: 1, refusal: "No.\n" };
  await using server = open(options);
  await server.visit("10.0.0.1").outcome.promise;
  const refused = overTls(() => Promise.resolve());
  server.listener.bring(refused);
  await refused.closed.promise;
  assertEquals(refused.heard, "");
});

Deno.test("a refused client that is gone already is no failure", async () => {
  const options = { maxPerAddress: 1, refusal: "No.\n" };
  await using server = open(options);
  await server.visit("10.0.0.1").outcome.promise;
  const refused = new FakeConn("10.0.0.1");
  refused.breakWrites();
  server.listener.bring(refused);
  await refused.closed.promise;
  await turn();
});

// --- Callbacks that fail -----------------------------------------------------

for (
  const [how, onError] of [
    ["throws", (): void => {
      throw new Error("a bug in onError");
    }],
    ["rejects", (): Promise<void> => {
      return Promise.reject(new Error("a bug in onError"));
    }],
  ] as const
) {
  Deno.test(`an onError that ${how} ends neither the server nor the process`, async () => {
    const written = await consoleOf(async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      await using server = serve(listener, () => {
        return Promise.reject(new Error("a conversation failed"));
      }, { onError });
      for (let i = 0; i < 2; i++) {
        using conn = await Deno.connect({ port: server.addr.port });
        assertEquals(await conn.read(new Uint8Array(1)), null);
      }
    });
    assertMatch(written, /^(Error: a bug in onError\n?){2}$/);
  });
}

Deno.test("an onError that throws about the listening doesn't end it", async () => {
  const written = await consoleOf(async () => {
    await using server = open({
      onError() {
        throw new Error("a bug in onError");
      },
    });
    server.listener.bring(new Deno.errors.NotConnected("it left"));
    assertEquals(await server.visit("127.0.0.1").outcome.promise, "served");
  });
  assertEquals(written, "Error: a bug in onError");
});

Deno.test("without a grace conversations are cut off at once", async () => {
  await using server = open({ grace: 0 });
  const conn = server.visit("10.0.0.1");
  await conn.outcome.promise;
  await server.shutdown();
  await server.finished;
});
