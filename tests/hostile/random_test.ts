/**
 * Random conversations: sizes, splits of both sides' writes, half-closes and
 * resets drawn from a seed. Whatever ends in order must have arrived whole. A
 * failure names its seed; `SEED=… deno task test tests/hostile/random_test.ts` repeats it.
 */

import { Buffer } from "node:buffer";
import net from "node:net";
import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import { exchange } from "../../client.ts";
import { serve } from "../../server.ts";
import { assertReadmeSays, connect, send, times } from "../harness.ts";

/** How many random clients our server has, and random servers our client. */
const CLIENTS = 3000, SERVERS = 2000;

const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000_000);

/** Numbers that look random and depend on the seed alone (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

/** A text of up to so many characters, of one to four bytes each. */
function randomText(draw: (below: number) => number): string {
  const alphabet = ["a", "Z", " ", "\n", "é", "日", "🐍"];
  const length = draw(4) === 0 ? draw(20_000) : draw(100);
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[draw(alphabet.length)];
  return text;
}

/** Cuts bytes into a few pieces at random places, even inside characters. */
function* cut(bytes: Uint8Array, draw: (below: number) => number) {
  const pieces = 1 + draw(5);
  for (let start = 0, i = 1; i <= pieces; i++) {
    const end = i === pieces
      ? bytes.length
      : start + draw(bytes.length - start + 1);
    if (end > start) yield bytes.slice(start, end);
    start = end;
  }
}

/** Runs so many conversations, 50 at a time, each with its own numbers. */
async function converse(
  count: number,
  converse: (draw: (below: number) => number) => Promise<void>,
): Promise<void> {
  console.log(`${count} conversations, SEED=${seed}`);
  await times(count, async (i) => {
    try {
      await converse(random(seed + i));
    } catch (error) {
      throw new Error(`SEED=${seed}, conversation ${i}`, { cause: error });
    }
  }, 50);
}

/** What the server knows of one client. */
interface Heard {
  text: string;
  error?: Error;
  over: PromiseWithResolvers<void>;
}

Deno.test("the README says how many random conversations there are", async () => {
  const all = (CLIENTS + SERVERS).toLocaleString("en");
  await assertReadmeSays(`**${all} random conversations**`);
});

Deno.test("our server hears all that random clients said in order", async () => {
  const message = randomText(random(seed)) + "!";
  const clients = new Map<number, Heard>();
  await using server = serve({
    port: 0,
    message,
    onOpen({ port }) {
      clients.set(port, { text: "", over: Promise.withResolvers<void>() });
    },
    onText(text, { port }) {
      clients.get(port)!.text += text;
    },
    onError(error, { port }) {
      const client = clients.get(port);
      if (client) client.error = error; // else it left before it was accepted
    },
    onDone: ({ port }) => clients.get(port)!.over.resolve(),
  });
  let whole = 0;
  await converse(CLIENTS, async (draw) => {
    const socket = await connect(server.addr.port);
    const port = socket.localPort!;
    const reading = collect(socket);
    const said = randomText(draw);
    const resets = draw(5) === 0;
    for (const piece of cut(new TextEncoder().encode(said), draw)) {
      if (resets && draw(3) === 0) break;
      await send(socket, piece);
      if (draw(3) === 0) await new Promise(setImmediate);
    }
    if (resets) socket.resetAndDestroy();
    else socket.end();
    const received = await reading;
    if (resets) return;
    const heard = clients.get(port)!;
    await heard.over.promise;
    whole++;
    assertEquals(heard.error, undefined);
    assertEquals(heard.text, said);
    assertEquals(received, message);
  });
  assert(whole > 2000, `${whole} ended in order`);
});

Deno.test("our client holds its part with random servers", async () => {
  let whole = 0;
  await converse(SERVERS, async (draw) => {
    const greeting = randomText(draw);
    const message = randomText(draw);
    const resets = draw(5) === 0;
    const served = Promise.withResolvers<string>();
    const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
      socket.on("error", () => {});
      const reading = collect(socket);
      for (const piece of cut(new TextEncoder().encode(greeting), draw)) {
        if (resets && draw(3) === 0) break;
        await send(socket, piece);
        if (draw(3) === 0) await new Promise(setImmediate);
      }
      if (resets) socket.resetAndDestroy();
      // An empty greeting, too, has an end; any other may end before the client.
      else if (greeting === "" || draw(2) === 0) socket.end();
      socket.on("end", () => socket.end());
      served.resolve(await reading);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as net.AddressInfo;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let received = "";
    const exchanged = exchange({
      port,
      message: pieces(message, draw),
      buffer: 1 + draw(2000),
      onData: (bytes) => {
        received += decoder.decode(bytes, { stream: true });
      },
    });
    const outcome = await exchanged.then(() => undefined, (error) => error);
    const heard = await served.promise;
    await new Promise((resolve) => server.close(resolve));
    // Even what was torn arrived in its order, and the exchange has ended.
    if (resets) return assert(greeting.startsWith(received));
    whole++;
    assertEquals([outcome, received, heard], [undefined, greeting, message]);
  });
  assert(whole > 1400, `${whole} ended in order`);
});

/** A message in pieces that take their time. */
async function* pieces(message: string, draw: (below: number) => number) {
  for (const piece of cut(new TextEncoder().encode(message), draw)) {
    if (draw(3) === 0) await new Promise(setImmediate);
    yield piece;
  }
}

/** Reads a connection to its end, in order or not. */
function collect(socket: net.Socket): Promise<string> {
  const parts: Uint8Array[] = [];
  socket.on("data", (part) => parts.push(part));
  return new Promise((resolve) => {
    socket.on("close", () => resolve(Buffer.concat(parts).toString()));
  });
}
