/** The receive loop, given datagrams by the test. */

import { assertEquals } from "@std/assert";
import { serve, type ServeOptions } from "../../lib/datagrams.ts";
import { FakeTime } from "../harness.ts";
import { bytes } from "./bytes.ts";
import { consoleOf } from "./fakes.ts";

const ADDR = { transport: "udp", hostname: "127.0.0.1", port: 80 } as const;

/** A socket that is given what to receive, and counts how often it's asked. */
class FakeSocket {
  readonly addr: Deno.NetAddr = ADDR;
  /** How often it was asked for a datagram. */
  asked = 0;
  /** How often it was closed. */
  closed = 0;
  /** What closing it again does. */
  onClose = (): void => {};
  #coming: (Uint8Array | Error)[] = [];
  #more = Promise.withResolvers<void>();

  /** Brings a datagram, or a failure to receive one. */
  bring(next: Uint8Array | Error): void {
    this.#coming.push(next);
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }

  async receive(buffer: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    this.asked++;
    if (this.asked > 100) throw new Deno.errors.BadResource("it asks for ever");
    while (this.#coming.length === 0) await this.#more.promise;
    const next = this.#coming.shift()!;
    if (next instanceof Error) throw next;
    buffer.set(next);
    return [buffer.subarray(0, next.length), { ...ADDR, port: 5 }];
  }

  close(): void {
    this.closed++;
    this.onClose();
    this.bring(new Deno.errors.BadResource());
  }
}

/** A server on such a socket, what it handled, and what it reported. */
function open(
  options: ServeOptions = {},
  handle: () => Promise<void> = () => Promise.resolve(),
) {
  const socket = new FakeSocket();
  const handled: string[] = [];
  const reports: string[] = [];
  const server = serve(
    socket as unknown as Deno.DatagramConn,
    (datagram, { port }) => {
      handled.push(`${port}: ${new TextDecoder().decode(datagram)}`);
      return handle();
    },
    {
      onError: ({ message }, { port }) =>
        void reports.push(`${port}: ${message}`),
      ...options,
    },
  );
  return { socket, handled, reports, server };
}

Deno.test("datagrams are handled one after the other", async () => {
  using time = new FakeTime();
  let { promise, resolve } = Promise.withResolvers<void>();
  const listening: number[] = [];
  const { socket, handled, server } = open(
    { onListen: ({ port }) => void listening.push(port) },
    () => promise,
  );
  assertEquals([listening, server.addr.port], [[80], 80]);
  socket.bring(bytes("one"));
  socket.bring(bytes(""));
  await time.pass(0);
  assertEquals(handled, ["5: one"]);
  resolve();
  ({ promise, resolve } = Promise.withResolvers<void>());
  await time.pass(0);
  assertEquals(handled, ["5: one", "5: "]);
  resolve();
  await server.shutdown();
});

Deno.test("with once, one datagram is enough", async () => {
  const { socket, handled, server } = open({ once: true });
  socket.bring(bytes("one"));
  socket.bring(bytes("two"));
  await server.finished;
  assertEquals([handled, socket.asked, socket.closed], [["5: one"], 1, 1]);
});

Deno.test("the largest datagram has room", async () => {
  const { socket, handled, server } = open({ once: true });
  socket.bring(new Uint8Array(65_507).fill(120));
  await server.finished;
  assertEquals(handled[0].length, "5: ".length + 65_507);
});

Deno.test("a failure is reported, and the next datagram received", async () => {
  using time = new FakeTime();
  const { socket, handled, reports, server } = open({}, () => {
    return Promise.reject(new Error("a bug"));
  });
  socket.bring(bytes("one"));
  await time.pass(0);
  assertEquals(reports.splice(0), ["5: a bug"]); // at its peer, and no pause
  socket.bring(new Error("no memory"));
  await time.pass(0);
  assertEquals(reports.splice(0), ["80: no memory"]); // at our own address
  const { asked: before } = socket;
  await time.pass(99);
  assertEquals(socket.asked, before); // a pause
  await time.pass(1);
  socket.bring(bytes("two"));
  await time.pass(0);
  assertEquals(handled, ["5: one", "5: two"]);
  assertEquals(reports.splice(0), ["5: a bug"]);
  // On Windows this is the last answer's failure, and costs no pause.
  const { asked } = socket;
  for (let i = 0; i < 2; i++) {
    socket.bring(new Deno.errors.ConnectionReset("os error 10054"));
  }
  await time.pass(0);
  assertEquals(socket.asked, asked + 2);
  assertEquals(reports, ["80: a client left before it was answered"]);
  await server.shutdown();
});

Deno.test("without onError a failure is no end", async () => {
  using time = new FakeTime();
  const { socket, handled, server } = open({ onError: undefined });
  socket.bring(new Error("no memory"));
  await time.pass(0);
  await time.pass(100);
  socket.bring(bytes("one"));
  await time.pass(0);
  assertEquals(handled, ["5: one"]);
  await server.shutdown();
});

Deno.test("a shutdown lets the answer in flight out, and closes", async () => {
  using time = new FakeTime();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { socket, server } = open({}, () => promise);
  socket.bring(bytes("one"));
  await time.pass(0);
  let over = false;
  const stopping = server.shutdown().then(() => over = true);
  await time.pass(4999);
  assertEquals([over, socket.closed], [false, 0]);
  resolve();
  assertEquals(await stopping, true);
  await server.finished;
  assertEquals([socket.asked, time.delays], [1, []]); // it begins no other
});

Deno.test("a shutdown waits five seconds, and one more for the loop", async () => {
  using time = new FakeTime();
  const { socket, server } = open({}, () => new Promise(() => {}));
  socket.bring(bytes("one"));
  await time.pass(0);
  let over = false;
  const stopping = server.shutdown().then(() => over = true);
  await time.pass(4999);
  assertEquals(socket.closed, 0);
  await time.pass(1);
  assertEquals([socket.closed, over], [1, false]);
  await time.pass(999);
  assertEquals(over, false);
  await time.pass(1);
  assertEquals(await stopping, true);
});

for (const Kind of [Deno.errors.BadResource, Deno.errors.Interrupted]) {
  const { name } = new Kind();
  Deno.test(`${name} is the end of the socket, and closing it again no failure`, async () => {
    const { socket, reports, server } = open();
    socket.onClose = () => {
      throw new Kind();
    };
    socket.bring(new Kind());
    await server.finished;
    await server[Symbol.asyncDispose]();
    assertEquals([reports, socket.closed, socket.asked], [[], 2, 1]);
  });
}

Deno.test("another failure to close is passed on", async () => {
  const { socket, server } = open({ once: true });
  socket.onClose = () => {
    throw new TypeError("a bug");
  };
  socket.bring(bytes("one"));
  const message = await server.finished.catch(({ message }) => message);
  assertEquals(message, "a bug");
});

Deno.test("after a failure a server without anything to do shuts down, too", async () => {
  using time = new FakeTime();
  const { socket, server } = open({}, () => {
    return Promise.reject(new Error("a bug"));
  });
  socket.bring(bytes("one"));
  await time.pass(0);
  await server.shutdown();
  await server.finished;
  assertEquals([socket.closed > 0, time.delays], [true, []]);
});

Deno.test("an onError that throws ends neither the server nor the process", async () => {
  using time = new FakeTime();
  const written = await consoleOf(async () => {
    const { socket, handled, server } = open({
      onError() {
        throw new Error("a bug in onError");
      },
    }, () => Promise.reject(new Error("a bug")));
    for (const text of ["one", "two"]) {
      socket.bring(bytes(text));
      await time.pass(0);
    }
    assertEquals(handled, ["5: one", "5: two"]);
    await server.shutdown();
  });
  assertEquals(written.split("\n"), Array(2).fill("Error: a bug in onError"));
});
