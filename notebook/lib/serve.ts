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
  /**
   * Connections at once from one address; further ones are refused, so that no
   * machine can take every place. This machine's own aren't counted; 0 is any
   * number. @default {100}
   */
  maxPerAddress?: number;
  /** What a refused connection is sent, unless it speaks TLS. @default {""} */
  refusal?: string | Uint8Array;
  /** Seconds that TLS's handshake may take; 0 is for ever. @default {10} */
  handshakeTimeout?: number;
  /** Seconds that conversations in flight are given at a shutdown. @default {5} */
  grace?: number;
  /**
   * A conversation failed, or (at the server's own address) the listening. If it
   * throws, that goes to the console: there is nobody else left to tell.
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
  options: ServeOptions<A> = {},
): Server<A> {
  const { maxConnections = 1000, maxPerAddress = 100, refusal = "" } = options;
  const { handshakeTimeout = 10, grace = 5, onError } = options;
  const open = new cli.Crowd<C>();
  const places = new Places(maxPerAddress);

  async function hold(conn: C): Promise<void> {
    try {
      await shakeHands(conn, handshakeTimeout);
      await talk(conn);
      await partFrom(conn);
    } catch (error) {
      report(error as Error, conn.remoteAddr);
    } finally {
      conn[Symbol.dispose]();
      places.leave(conn.remoteAddr);
      open.delete(conn);
    }
  }

  function report(error: Error, at: A): Promise<void> {
    return safely(() => onError?.(error, at));
  }

  async function acceptAll(): Promise<void> {
    let at = listener.addr;
    const complain = cli.sparingly((error) => report(error, at), at);
    for (;;) {
      try {
        const conn = await listener.accept();
        if (!places.enter(conn.remoteAddr)) {
          refuse(conn, refusal);
          at = conn.remoteAddr; // of those who are refused the first is named
          complain(
            limit(
              `${maxPerAddress} connections from one address (maxPerAddress)`,
            ),
          );
          continue;
        }
        open.add(conn);
        hold(conn);
        while (open.size >= maxConnections) await open.departure();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) break; // closed
        at = listener.addr;
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

/** The places that each address has taken. */
class Places {
  #most: number;
  #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a place, unless the address has all that one may have. */
  enter(at: Deno.Addr): boolean {
    const machine = machineOf(at);
    if (machine === undefined || this.#most === 0) return true;
    const taken = this.#taken.get(machine) ?? 0;
    if (taken === this.#most) return false;
    this.#taken.set(machine, taken + 1);
    return true;
  }

  /** Gives a place back. */
  leave(at: Deno.Addr): void {
    const machine = machineOf(at) ?? "";
    const taken = this.#taken.get(machine) ?? 0;
    if (taken > 1) this.#taken.set(machine, taken - 1);
    else this.#taken.delete(machine); // whoever is gone costs no memory
  }
}

/**
 * Which machine an address belongs to; undefined is this one. Whoever has an
 * IPv6 address usually has 2 ** 64 of them, alike in their first four groups, so
 * these count as one. (On a single link all are alike in those, and don't.)
 */
function machineOf(at: Deno.Addr): string | undefined {
  if (!("hostname" in at)) return undefined; // a path: it's on this machine
  const address = at.hostname.replace(/^::ffff:(?=[\d.]+$)/, ""); // IPv4 in IPv6
  if (cli.isLoopback(address)) return undefined;
  if (!address.includes(":") || address.startsWith("fe80:")) return address;
  const [before, after] = address.split("::").map((part) => part.split(":"));
  const zeros = after ? 8 - before.length - after.length : 0;
  return [...before, ...Array(zeros).fill("0")].slice(0, 4).join(":");
}

/** Closes a connection that is one too many, with a word if that costs no time. */
function refuse(conn: Deno.Conn<Deno.Addr>, words: string | Uint8Array): void {
  const said = words.length > 0 && !("handshake" in conn)
    ? conn.write(cli.encode(words)) // the first bytes always find room
    : Promise.resolve();
  said.catch(() => {}).finally(() => conn[Symbol.dispose]());
}

/** What a limit says when it's reached. */
function limit(what: string): Error {
  const words = `the limit of ${what} is reached`;
  return new DOMException(words, "QuotaExceededError");
}

/**
 * Over TLS both sides first agree on keys. The first read would do that too, but
 * wait for it as long as the other side likes. (Deno closes the socket of an
 * unfinished handshake only when the other side does: our place is free again,
 * the descriptor isn't.)
 */
async function shakeHands(
  conn: Deno.Conn<Deno.Addr> & { handshake?(): Promise<unknown> },
  seconds: number,
): Promise<void> {
  if (!conn.handshake) return;
  const done = conn.handshake().then(() => true);
  if (await cli.within(seconds, done)) return;
  throw new Deno.errors.TimedOut(`without a handshake for ${seconds} s`);
}

/**
 * Calls a callback that isn't ours: its failure must not become our own, or it
 * would end the process.
 *
 * @param call The call.
 * @param onFailure Is given what it throws, or rejects with. By default that goes
 * to the console.
 */
export async function safely(
  call: () => unknown,
  onFailure: (error: Error) => unknown = console.error,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    await onFailure(error as Error);
  }
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
