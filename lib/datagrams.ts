/**
 * The receive loop: for UDP what the accept loop is for streams. It takes a
 * socket and a handler, and gives the handler one datagram after the other.
 *
 * @module
 */

import { delay, withTimeout } from "./io.ts";
import { guard, type Reports, throttle } from "./reports.ts";
import type { Server } from "./serve.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends Reports {
  /** Whether one conversation is enough. @default {false} */
  once?: boolean;
}

/** Seconds that a conversation in flight is given at a shutdown. */
const GRACE = 5;

/**
 * Receives datagrams and handles one after the other.
 *
 * @example Count the bytes that come
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./datagrams.ts";
 *
 * const own = { transport: "udp", hostname: "127.0.0.1", port: 0 } as const;
 * const socket = Deno.listenDatagram(own);
 * let bytes = 0;
 * const server = serve(socket, (datagram) => {
 *   bytes += datagram.length;
 *   return Promise.resolve();
 * }, { once: true });
 * const client = Deno.listenDatagram(own);
 * await client.send(new Uint8Array(5), server.addr);
 * await server.finished;
 * client.close();
 * assertEquals(bytes, 5);
 * ```
 *
 * @param socket Where datagrams come in; it is closed at the shutdown.
 * @param handle Handles one datagram, whose bytes are valid until it is done.
 * @param options Overrides of the defaults.
 * @returns The server; it receives already.
 */
export function serve(
  socket: Deno.DatagramConn,
  handle: (datagram: Uint8Array, peer: Deno.NetAddr) => Promise<void>,
  { once, ...reports }: ServeOptions = {},
): Server {
  const { onListen, onError } = guard<Deno.NetAddr, Reports>(reports);
  const addr = socket.addr as Deno.NetAddr;
  const report = throttle<Deno.NetAddr>((error, at) => onError?.(error, at));
  let conversation = Promise.resolve();
  let stopping = false;

  async function receiveLoop(): Promise<void> {
    const buffer = new Uint8Array(2 ** 16); // the rest of a longer one is lost
    for (;;) {
      try {
        const [datagram, from] = await socket.receive(buffer);
        const peer = from as Deno.NetAddr;
        try { // what goes wrong is reported, and stays in it
          conversation = handle(datagram, peer);
          await conversation;
        } catch (error) {
          onError?.(error as Error, peer);
        }
        if (once || stopping) break;
      } catch (error) {
        if (isClosed(error)) break;
        await backOff(error as Error);
      }
    }
    close(socket);
  }

  /** No failure to receive one datagram is a reason not to receive the next. */
  async function backOff(error: Error): Promise<void> {
    // On Windows an answer that nobody took makes the next receive fail.
    const refused = error instanceof Deno.errors.ConnectionReset;
    const left = "a client left before it was answered";
    report(refused ? new Error(left) : error, addr);
    // No memory is left. That passes, but not at once.
    if (!refused) await delay(0.1);
  }

  const finished = receiveLoop();
  onListen?.(addr);
  return {
    addr,
    finished,
    async shutdown() {
      stopping = true;
      await withTimeout(GRACE, conversation.catch(() => {}));
      close(socket);
      await withTimeout(1, finished);
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

function isClosed(error: unknown): boolean {
  const { BadResource, Interrupted } = Deno.errors;
  return error instanceof BadResource || error instanceof Interrupted;
}

function close(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}
