/**
 * A server for any conversation, over any kind of stream: TCP, TLS, or a Unix
 * domain socket. What is said in a conversation, its caller decides.
 *
 * @module
 */

import * as cli from "../../cli.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions<A extends Deno.Addr> {
  /** Connections at once; further ones wait in the backlog. @default {1000} */
  maxConnections?: number;
  /** Seconds that conversations in flight are given at a shutdown. @default {5} */
  grace?: number;
  /**
   * A conversation failed, or (at the server's own address) the listening. It
   * must not throw: there is nobody left to tell.
   */
  onError?(error: Error, at: A): void;
}

/** A server that runs. */
export interface Server<A extends Deno.Addr> extends AsyncDisposable {
  /** The address it is bound to. */
  readonly addr: A;
  /** Resolves when its last conversation is over. */
  readonly finished: Promise<void>;
  /** Takes nobody new, lets the conversations in flight finish, and ends. */
  shutdown(): Promise<void>;
}

/**
 * Accepts everybody, and holds a conversation with each, all at once. A
 * connection is closed when its conversation is over, whatever came of it.
 *
 * @example Everybody is told the same
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeAll } from "../../cli.ts";
 * import { serve } from "./serve.ts";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await using server = serve(listener, (conn) => writeAll(conn, "Hello!"));
 * using conn = await Deno.connect({ port: server.addr.port });
 * assertEquals(await new Response(conn.readable).text(), "Hello!");
 * ```
 *
 * @param listener Where they come in; it is closed at the shutdown.
 * @param talk Holds one conversation.
 * @param options Overrides of the defaults.
 * @returns The server; it accepts already.
 */
export function serve<C extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<C, A>,
  talk: (conn: C) => Promise<void>,
  { maxConnections = 1000, grace = 5, onError }: ServeOptions<A> = {},
): Server<A> {
  const open = new cli.Crowd<C>();

  async function hold(conn: C): Promise<void> {
    try {
      await talk(conn);
      await partFrom(conn);
    } catch (error) {
      onError?.(error as Error, conn.remoteAddr);
    } finally {
      conn[Symbol.dispose]();
      open.delete(conn);
    }
  }

  async function acceptAll(): Promise<void> {
    const complain = cli.sparingly(
      (error) => onError?.(error, listener.addr),
      listener.addr,
    );
    for (;;) {
      try {
        const conn = await listener.accept();
        open.add(conn);
        hold(conn);
        while (open.size >= maxConnections) await open.departure();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) break; // closed
        complain(error as Error);
        // A client that left too early costs no time. Where no descriptor is
        // left, one must wait until somebody gives one back.
        if (!isEarly(error)) await cli.sleep(0.1);
      }
    }
    await open.empty();
  }

  const finished = acceptAll();
  return {
    addr: listener.addr,
    finished,
    async shutdown() {
      listener[Symbol.dispose]();
      await cli.within(grace, finished);
      open.forEach((conn) => conn[Symbol.dispose]());
      await cli.within(1, finished);
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

/**
 * Says that no more will come, and waits a moment for the other side to end, too.
 * If we closed at once, while it still sends, the system would reset the
 * connection, and our last words could be lost on their way.
 */
async function partFrom(conn: Deno.Conn<Deno.Addr>): Promise<void> {
  const buffer = new Uint8Array(16_384);
  async function drain(): Promise<void> {
    await conn.closeWrite();
    while (await conn.read(buffer) !== null);
  }
  await cli.within(1, drain().catch(() => {})); // or it is broken already
}

/** Whether a client was gone before it was accepted. */
function isEarly(error: unknown): boolean {
  const { NotConnected, ConnectionAborted, ConnectionReset } = Deno.errors;
  const kinds = [NotConnected, ConnectionAborted, ConnectionReset];
  return kinds.some((kind) => error instanceof kind);
}
