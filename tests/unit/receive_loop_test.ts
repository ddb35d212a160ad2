/** The receive loop over UDP: what a failure stops, and how it ends. */

import { assertEquals } from "@std/assert";
import { serve, type ServeOptions } from "../../lib/datagrams.ts";
import { turn } from "./fakes.ts";

const PEER: Deno.NetAddr = {
  transport: "udp",
  hostname: "127.0.0.1",
  port: 9,
};

/** A socket that brings what the test gives it. */
class FakeSocket {
  readonly addr: Deno.NetAddr = { ...PEER, port: 80 };
  closed = false;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #more = Promise.withResolvers<void>();

  bring(text: string): void {
    this.#waiting.push(new TextEncoder().encode(text));
    this.#wake();
  }

  async receive(): Promise<[Uint8Array<ArrayBuffer>, Deno.NetAddr]> {
    while (this.#waiting.length === 0) {
      if (this.closed) throw new Deno.errors.BadResource();
      await this.#more.promise;
    }
    return [this.#waiting.shift()!, PEER];
  }

  close(): void {
    this.closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

function open(
  handle: (text: string) => Promise<void>,
  options?: ServeOptions,
) {
  const socket = new FakeSocket();
  const server = serve(
    socket as unknown as Deno.DatagramConn,
    (datagram) => handle(new TextDecoder().decode(datagram)),
    options,
  );
  return { socket, server };
}

Deno.test("a handler that fails is reported with its peer, and the next is handled", async () => {
  const heard: string[] = [];
  const errors: string[] = [];
  const { socket, server } = open((text) => {
    heard.push(text);
    return text === "1" ? Promise.reject(new Error("mine")) : Promise.resolve();
  }, {
    onError: ({ message }, { port }) => void errors.push(`${port}: ${message}`),
  });
  socket.bring("1");
  socket.bring("2");
  await turn();
  assertEquals([heard, errors], [["1", "2"], ["9: mine"]]);
  await server.shutdown(); // although the last one but one has failed
  await server.finished;
});

Deno.test("after a failure a server without anything to do shuts down, too", async () => {
  const { socket, server } = open(() => Promise.reject(new Error("mine")));
  socket.bring("1");
  await turn();
  await server.shutdown();
  await server.finished;
  assertEquals(socket.closed, true);
});

Deno.test("a shutdown lets the conversation in flight end, and begins no other", async () => {
  const heard: string[] = [];
  const answered = Promise.withResolvers<void>();
  const { socket, server } = open((text) => {
    heard.push(text);
    return answered.promise;
  });
  socket.bring("1");
  socket.bring("2");
  await turn();
  const ended = server.shutdown();
  await turn();
  assertEquals(socket.closed, false, "it is still needed for the answer");
  answered.resolve();
  await ended;
  assertEquals(heard, ["1"]);
});

Deno.test("an onError that throws ends neither the server nor the process", async () => {
  const { error } = console;
  const told: unknown[] = [];
  console.error = (what) => void told.push((what as Error).message);
  try {
    const { socket, server } = open(() => Promise.reject(new Error("mine")), {
      onError() {
        throw new Error("a bug");
      },
    });
    socket.bring("1");
    await turn();
    await server.shutdown();
    await server.finished;
  } finally {
    console.error = error;
  }
  assertEquals(told, ["a bug"]);
});
