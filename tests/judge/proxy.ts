/**
 * A bad line between the judge and a program: it cuts, joins and delays what
 * passes, and loses nothing. Which of them it does is drawn from a seed.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import net from "node:net";
import { delay } from "../../lib/io.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";

/** What a line does to what passes. */
export interface Line {
  /** The lengths in bytes that it is cut into, in turn; without any it is not. */
  cuts: number[];
  /** The seconds by which it is late, in turn; what comes meanwhile is joined. */
  delays: number[];
}

/** A line, and where it begins. */
export interface Proxy extends AsyncDisposable {
  /** The port on which it listens. */
  port: number;
}

/** Draws a line over which nothing passes as it was sent; the same from the same seed. */
export function badLine(seed: number): Line {
  let state = seed;
  const draw = (most: number) => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    return (state >>> 16) % most;
  };
  return {
    // Large pieces, too: a megabyte in pieces of a few bytes takes minutes.
    cuts: Array.from({ length: 7 }, (_, i) => i % 3 ? 1 + draw(5) : 60_000),
    delays: Array.from({ length: 5 }, () => draw(12) / 1000),
  };
}

/** Takes from a list in turn, for ever; from an empty one, nothing. */
function* inTurn<T>(values: T[]): Generator<T> {
  while (values.length > 0) yield* values;
}

/** Passes bytes on in one direction, its end and its reset included. */
async function pass(
  from: net.Socket,
  to: net.Socket,
  { cuts, delays }: Line,
): Promise<void> {
  const [lengths, pauses] = [inTurn(cuts), inTurn(delays)];
  for await (const part of readsOf(from, () => pauses.next().value)) {
    for (let rest = part; rest.length > 0 && !to.destroyed;) {
      const length = lengths.next().value ?? rest.length;
      const room = to.write(rest.subarray(0, length));
      rest = rest.subarray(length);
      if (!room && !to.destroyed) await firstOf(to, "drain", "close");
      if (rest.length > 0) await delay(0); // so that it leaves by itself
    }
  }
  to.end();
}

/** What comes, each time all of it that came during a pause, to its end. */
async function* readsOf(
  from: net.Socket,
  pause: () => number | undefined,
): AsyncGenerator<Buffer> {
  for (;;) {
    await delay(pause() ?? 0);
    const part = from.read() as Buffer | null;
    if (part) yield part;
    else if (from.readableEnded || from.destroyed) return;
    else await firstOf(from, "readable", "end", "close");
  }
}

/** Resolves at the first of these events. */
async function firstOf(socket: net.Socket, ...events: string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of events) socket.on(event, resolve);
  await promise;
  for (const event of events) socket.off(event, resolve);
}

/** A reset, or an end without a word, is passed on as a reset. */
function linkResets(a: net.Socket, b: net.Socket): void {
  for (const [one, other] of [[a, b], [b, a]]) {
    one.on("error", () => other.resetAndDestroy());
  }
}

/** Connects, again and again while nobody listens there and somebody waits for it. */
async function reach(port: number, isOver: () => boolean): Promise<net.Socket> {
  for (;;) {
    const socket = net.connect({
      port,
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    const done = Promise.withResolvers<boolean>();
    socket.once("connect", () => done.resolve(true));
    socket.once("error", () => done.resolve(false));
    if (await done.promise || isOver()) return socket;
    await delay(0.01);
  }
}

/**
 * Passes on what comes to a port of its own to another one, over TCP.
 *
 * @param to The other port.
 * @param line What becomes of it on the way.
 * @param patient Whether it waits until somebody listens there.
 */
export async function tcpProxy(
  to: number,
  line: Line,
  patient: boolean,
): Promise<Proxy> {
  const sockets = new Set<net.Socket>();
  const handling = new Set<Promise<unknown>>();
  let closed = false;
  async function handle(near: net.Socket): Promise<void> {
    sockets.add(near);
    near.on("error", () => {});
    const far = await reach(to, () => !patient || near.destroyed || closed);
    sockets.add(far);
    far.on("error", () => {});
    if (far.destroyed) near.resetAndDestroy(); // nobody is there
    linkResets(near, far);
    near.setNoDelay();
    far.setNoDelay();
    await Promise.all([pass(near, far, line), pass(far, near, line)]);
  }
  const server = net.createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    (near) => {
      const work = handle(near).finally(() => handling.delete(work));
      handling.add(work);
    },
  );
  const port = freePort();
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return {
    port,
    async [Symbol.asyncDispose]() {
      closed = true;
      const over = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await Promise.all(handling);
      await over;
    },
  };
}

/** Passes on datagrams, late, and in their order. */
export function udpProxy(to: number, { delays }: Line): Proxy {
  const hostname = "127.0.0.1", transport = "udp";
  const port = freePort();
  const near = Deno.listenDatagram({ hostname, port, transport });
  const far = new Map<number, Deno.DatagramConn>();
  const work: Promise<void>[] = [];
  const server: Deno.NetAddr = { hostname, port: to, transport };
  let closed = false;

  /** Each datagram that comes, until the socket is closed. */
  async function forEach(
    socket: Deno.DatagramConn,
    take: (bytes: Uint8Array, from: Deno.NetAddr) => Promise<unknown>,
  ): Promise<void> {
    const pauses = inTurn(delays);
    try {
      for (;;) {
        const [bytes, from] = await socket.receive(new Uint8Array(65_535));
        await delay(pauses.next().value ?? 0);
        await take(bytes, from as Deno.NetAddr);
      }
    } catch { /* closed */ }
  }

  work.push(forEach(near, async (bytes, client) => {
    if (closed) return; // while it was delayed
    let socket = far.get(client.port);
    if (!socket) {
      socket = Deno.listenDatagram({ hostname, port: 0, transport });
      far.set(client.port, socket);
      work.push(forEach(socket, async (bytes, from) => {
        if (from.port === to) await near.send(bytes, client); // and no stranger's
      }));
    }
    await socket.send(bytes, server);
  }));
  return {
    port,
    async [Symbol.asyncDispose]() {
      closed = true;
      near.close();
      for (const socket of far.values()) socket.close();
      await Promise.all(work);
    },
  };
}
