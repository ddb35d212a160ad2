/**
 * The accept loop: one for every server here, over TCP, TLS and Unix domain
 * sockets. It takes a listener and a handler, and knows nothing of what is said.
 *
 * What it has that `for await (const conn of listener)` lacks: it survives a
 * client that leaves before it is accepted, and a moment without descriptors;
 * it has a limit; what goes wrong with one client stays with that one; and it
 * can be shut down.
 *
 * @module
 */

import { Connection, ConnectionSet, type Socket } from "./connection.ts";
import { limitReached } from "./errors.ts";
import { delay, encode, withTimeout } from "./io.ts";
import { Places } from "./places.ts";
import { guard, type Reports, throttle } from "./reports.ts";

/** A server that runs, as `Deno.serve` returns it. */
export interface Server<A extends Deno.Addr = Deno.NetAddr>
  extends AsyncDisposable {
  /** The address it is bound to, with the real port. */
  readonly addr: A;
  /** Resolves when its last conversation is over. */
  readonly finished: Promise<void>;
  /**
   * Accepts whoever waits in the backlog, and then nobody new; lets the
   * conversations in flight finish, and ends.
   */
  shutdown(): Promise<void>;
}

/** Options for {@linkcode serve}. */
export interface ServeOptions<A extends Deno.Addr> extends Reports<A> {
  /** Whether one conversation is enough. @default {false} */
  once?: boolean;
  /** Seconds without a byte either way that end a conversation; 0: none. @default {0} */
  timeout?: number;
  /** Connections at once; further ones wait in the backlog. @default {1000} */
  maxConnections?: number;
  /**
   * Connections at once from one address; further ones are refused. This
   * machine's own aren't counted; 0 is any number. @default {0}
   */
  maxPerAddress?: number;
  /** What a refused connection is sent, unless it speaks TLS. @default {""} */
  refusal?: string;
  /**
   * Seconds that TLS's handshake may take; 0 is for ever. (Its place is free again
   * then, but Deno keeps the descriptor until the client ends.) @default {10}
   */
  handshakeTimeout?: number;
  /** Seconds that conversations have to end at a shutdown; 0: none. @default {5} */
  grace?: number;
}

/**
 * Accepts every client and handles each, all at once. A connection is closed
 * when its handler is done, whatever came of it.
 *
 * @example Everybody gets the same greeting
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeAll } from "./io.ts";
 * import { serve } from "./serve.ts";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await using server = serve(listener, (conn) => writeAll(conn, "Hello!"));
 * using conn = await Deno.connect({ port: server.addr.port });
 * assertEquals(await new Response(conn.readable).text(), "Hello!");
 * ```
 *
 * @param listener Where clients come in; it is closed at the shutdown.
 * @param handle Handles one connection.
 * @param options Overrides of the defaults.
 * @returns The server; it accepts already.
 */
export function serve<S extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<S, A>,
  handle: (conn: Connection<S>) => Promise<void>,
  options: ServeOptions<A> = {},
): Server<A> {
  const { once, timeout = 0, maxConnections = 1000 } = options;
  const { maxPerAddress = 0, handshakeTimeout = 10, grace = 5 } = options;
  const { onListen, onOpen, onDone, onError } = guard<A, Reports<A>>(options);
  const connections = new ConnectionSet<S>(timeout);
  const places = new Places(maxPerAddress);
  const report = throttle<A>((error, at) => onError?.(error, at));
  let accepted = 0;

  async function acceptLoop(): Promise<void> {
    for (;;) {
      try {
        const socket = await listener.accept();
        accepted++;
        if (!places.enter(socket.remoteAddr)) {
          refuse(socket);
          continue;
        }
        converse(socket); // not awaited: all clients are served at once
        if (once) break;
        if (connections.size < maxConnections) continue;
        report(
          limitReached(`${maxConnections} connections (maxConnections)`),
          listener.addr,
        );
        await connections.nextClose(); // further clients wait in the backlog
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) break; // by shutdown()
        await backOff(error as Error);
      }
    }
    listener[Symbol.dispose]();
    await connections.drained();
    connections[Symbol.dispose]();
  }

  /**
   * Closes the listener when nobody waits in its backlog any more. Those who do
   * wait are connected already, as far as they can tell, and may have spoken: a
   * listener that closes resets them.
   */
  async function closeWhenEmpty(): Promise<void> {
    // Where clients come and come, it is never empty: there's an end to that, too.
    const deadline = performance.now() + grace * 1000 / 5;
    for (let quiet = 0; quiet < QUIET && performance.now() < deadline;) {
      const [before, start] = [accepted, performance.now()];
      await delay(0.001); // Deno asks the system for clients between timers
      // On a busy machine we sleep for longer, and didn't ask all that time.
      const isLate = performance.now() - start > 3;
      const isFull = connections.size >= maxConnections;
      if (accepted > before || isFull) quiet = 0;
      else quiet += isLate ? 1 : 10;
    }
    listener[Symbol.dispose]();
  }

  /**
   * Handles one connection; what goes wrong is reported, and stays in it. (It's
   * told by callbacks, because one more async function that waits for the end
   * would hold half a kilobyte for every client that is there.)
   */
  function converse(socket: S): void {
    const conn = new Connection(socket);
    connections.add(conn);
    const done = Promise.resolve(begin(conn)); // a handler may return nothing
    done.then(() => end(conn), (error) => end(conn, error));
  }

  function begin(conn: Connection<S>): Promise<void> {
    const opened = onOpen?.(conn.remoteAddr);
    if (opened || "handshake" in conn.socket) return beginLater(conn, opened);
    try {
      return handle(conn);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async function beginLater(
    conn: Connection<S>,
    opened: Promise<void> | void,
  ): Promise<void> {
    if (opened) await conn.pauseFor(opened);
    const { socket } = conn;
    if ("handshake" in socket) await shakeHands(socket, handshakeTimeout);
    await handle(conn);
  }

  async function end(conn: Connection<S>, error?: Error): Promise<void> {
    conn.reason ??= error;
    // What becomes of it after its end is no trouble.
    const { reason, remoteAddr } = conn;
    if (!conn.ended && !conn.closed) await lingeringClose(conn);
    conn[Symbol.dispose]();
    connections.delete(conn);
    places.leave(remoteAddr);
    if (reason) onError?.(reason, remoteAddr);
    onDone?.(remoteAddr, conn);
  }

  /** Closes a connection that is one too many, with a word if that takes no time. */
  function refuse(socket: S): void {
    const what =
      `${maxPerAddress} connections from one address (maxPerAddress)`;
    report(limitReached(what), socket.remoteAddr);
    const { refusal = "" } = options;
    const said = refusal && !("handshake" in socket)
      ? socket.write(encode(refusal)) // the first bytes always find room
      : Promise.resolve();
    said.catch(() => {}).finally(() => socket[Symbol.dispose]());
  }

  /** No failure to accept one client is a reason not to accept the next. */
  async function backOff(error: Error): Promise<void> {
    const aborted = abortedBeforeAccept(error);
    const left = "a client left before it was accepted";
    report(aborted ? new Error(left) : error, listener.addr);
    // No descriptor or memory is left. That passes, but not at once.
    if (!aborted) await delay(0.1);
  }

  const finished = acceptLoop();
  onListen?.(listener.addr);
  return {
    addr: listener.addr,
    finished,
    async shutdown() {
      const closed = closeWhenEmpty();
      if (grace > 0) await withTimeout(grace, closed.then(() => finished));
      connections.abort(new Deno.errors.Interrupted("the server stops"));
      await withTimeout(1, finished);
    },
    [Symbol.asyncDispose]() {
      return this.shutdown();
    },
  };
}

/** When a backlog counts as empty: after 3 turns without a client, or 30 late ones. */
const QUIET = 30;

function abortedBeforeAccept(error: Error): boolean {
  const { NotConnected, ConnectionAborted, ConnectionReset } = Deno.errors;
  const kinds = [NotConnected, ConnectionAborted, ConnectionReset];
  return kinds.some((kind) => error instanceof kind);
}

/**
 * Ends our side, and reads for at most a second what the client still sends. A
 * socket that is closed with unread bytes resets the connection, and the reset
 * can overtake our own last words.
 */
async function lingeringClose(conn: Connection<Socket>): Promise<void> {
  const rest = new Uint8Array(16_384);
  async function drain(): Promise<void> {
    await conn.closeWrite();
    while (await conn.socket.read(rest) !== null);
  }
  await withTimeout(1, drain().catch(() => {})); // it may be broken already
}

/**
 * Over TLS both sides first agree on keys. The first read would do that too, but
 * wait for it as long as the other side likes. (Deno closes the socket of an
 * unfinished handshake only when the other side does: our place is free again,
 * the descriptor isn't.)
 */
async function shakeHands(socket: Socket, seconds: number): Promise<void> {
  const done = (socket as Deno.TlsConn).handshake().then(() => true);
  if (await withTimeout(seconds, done)) return;
  throw new Deno.errors.TimedOut(`without a handshake for ${seconds} s`);
}
