/**
 * The accept loop that every application shares, given connections from
 * anywhere: who gets a place, who is refused, and what a failure stops.
 */

import { assertEquals, assertMatch, fail } from "@std/assert";
import { within } from "../cli.ts";
import { selfSigned } from "../notebook/lib/certificate.ts";
import { serve, type ServeOptions } from "../notebook/lib/serve.ts";
import { consoleOf, FakeConn, FakeListener, turn } from "./fakes.ts";

/** A server on such a listener; whoever comes stays until the test lets it go. */
function open(options: ServeOptions<Deno.NetAddr> = {}) {
  const listener = new FakeListener();
  const leave = new Map<FakeConn, () => void>();
  const server = serve(listener as unknown as Deno.TcpListener, (conn) => {
    const guest = conn as unknown as FakeConn;
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
    /** Ends a conversation; resolves when its connection is closed. */
    async end(conn: FakeConn): Promise<void> {
      leave.get(conn)!();
      await conn.closed.promise;
      await turn(); // it's taken off the list after that
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

Deno.test("0 is any number of places for an address, and 100 are the default", async () => {
  const many = Array<string>(101).fill("10.0.0.1");
  const served = many.map(() => "served");
  assertEquals(await outcomes(many, { maxPerAddress: 0 }), served);
  assertEquals(await outcomes(many, {}), [...served.slice(1), "refused"]);
});

Deno.test("who is refused is told so, and it is reported once", async () => {
  const told: string[] = [];
  await using server = open({
    maxPerAddress: 1,
    refusal: "No.\n",
    onError: ({ name, message }, at) => {
      told.push(`${at.hostname}: ${name}: ${message}`);
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
  assertEquals(told, [
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

Deno.test("a lack of descriptors costs a pause, and a client who left none", async () => {
  const told: string[] = [];
  await using server = open({ onError: ({ message }) => told.push(message) });
  const { listener } = server;
  await turn();
  assertEquals(listener.asked, 1);
  listener.bring(new Deno.errors.NotConnected("it left"));
  await turn();
  assertEquals(listener.asked, 2);
  listener.bring(new Error("no descriptor is left"));
  await turn();
  assertEquals(listener.asked, 2);
  assertEquals(told, ["it left", "no descriptor is left"]);
  // After that it goes on as before.
  assertEquals(await server.visit("127.0.0.1").outcome.promise, "served");
});

Deno.test("a conversation that doesn't end is closed at the shutdown", async () => {
  const server = open({ grace: 0.01 });
  const guest = server.visit("127.0.0.1");
  await guest.outcome.promise;
  await server.shutdown();
  await guest.closed.promise;
});

// --- TLS's handshake ---------------------------------------------------------

Deno.test("over TLS, silence before the handshake has a limit", async () => {
  const identity = await selfSigned("localhost");
  const at = { hostname: "127.0.0.1", port: 0 };
  const listener = Deno.listenTls({ ...at, ...identity });
  const failed = Promise.withResolvers<Error>();
  let talks = 0;
  await using server = serve(listener, () => {
    talks++;
    return Promise.resolve();
  }, { handshakeTimeout: 0.1, onError: failed.resolve });
  using _silent = await Deno.connect({ port: server.addr.port });
  const error = await within(30, failed.promise);
  const { name, message } = error ?? fail("nobody gave it up");
  assertEquals([name, message], [
    "TimedOut",
    "without a handshake for 0.1 s",
  ]);
  await turn();
  assertEquals(talks, 0);
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
