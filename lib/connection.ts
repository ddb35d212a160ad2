/**
 * A connection that counts what it carries, notices when it carries nothing,
 * and knows why it was ended; and a set of them.
 *
 * @module
 */

import { Ticker, ticksOf } from "./ticker.ts";

/** The totals of one conversation. */
export interface Totals {
  /** Bytes received. */
  received: number;
  /** Bytes sent. */
  sent: number;
  /** Reads that it took to receive them. */
  reads: number;
}

/** Any socket that carries a stream: TCP, TLS, or a Unix domain socket. */
export type Socket = Deno.Conn<Deno.Addr>;

/** A socket, and what a server or a client needs to know about it. */
export class Connection<S extends Socket = Deno.TcpConn>
  implements Totals, Disposable {
  /** Bytes received. */
  received = 0;
  /** Bytes sent. */
  sent = 0;
  /** Reads that brought something. */
  reads = 0;
  /** Whether the peer's end of stream has been read. */
  ended = false;
  /** Whether we have closed it. */
  closed = false;
  /** Why we ended it before its end, if we did. */
  reason?: Error;
  /** Its place in a {@linkcode ConnectionSet}. */
  place: number = -1;
  /** The socket itself: for what only its kind can do, and for the hot paths. */
  readonly socket: S;
  #aborted?: PromiseWithResolvers<never>;
  #pauses = 0;
  #carried = 0; // bytes either way, at the last tick
  #idleTicks = 0; // in which nothing was added to them

  /** Takes a socket that is connected. */
  constructor(socket: S) {
    this.socket = socket;
  }

  /** The address of the other side. */
  get remoteAddr(): S["remoteAddr"] {
    return this.socket.remoteAddr;
  }

  /** Our own address. */
  get localAddr(): S["localAddr"] {
    return this.socket.localAddr;
  }

  /** Reads what has arrived, or waits for something; null is the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    return this.count(await this.socket.read(buffer));
  }

  /** Counts what a read of the socket itself brought, and returns it. */
  count(n: number | null): number | null {
    if (n === null) {
      this.ended = true;
    } else {
      this.received += n;
      this.reads++;
    }
    return n;
  }

  /** How many bytes more than allowed were received; 0 allows any number. */
  excess(maxBytes: number): number {
    return maxBytes && Math.max(0, this.received - maxBytes);
  }

  /** Writes some of the bytes, and returns how many. */
  async write(bytes: Uint8Array): Promise<number> {
    const n = await this.socket.write(bytes);
    this.sent += n;
    return n;
  }

  /** Says that we have no more to send; we can still read. */
  closeWrite(): Promise<void> {
    return this.socket.closeWrite();
  }

  /** Waits for our own side, which must not count as the peer's silence. */
  pauseFor<T>(own: Promise<T> | T): Promise<T> | T {
    return own instanceof Promise ? this.#pauseUntil(own) : own;
  }

  async #pauseUntil<T>(own: Promise<T>): Promise<T> {
    this.#pauses++;
    try {
      return await own;
    } finally {
      this.#pauses--;
      this.#idleTicks = 0;
    }
  }

  /** Counts a tick; returns for how many of them nothing has gone either way. */
  countIdle(): number {
    const carried = this.received + this.sent;
    const idle = carried === this.#carried && this.#pauses === 0;
    this.#carried = carried;
    this.#idleTicks = idle ? this.#idleTicks + 1 : 0;
    return this.#idleTicks;
  }

  /** Is called when it has been idle for too long: that ends it. */
  onIdle(reason: Error): void {
    this.abort(reason);
  }

  /** Ends it before its end: what it waits for fails, with this reason. */
  abort(reason: Error): void {
    this.reason ??= reason;
    this[Symbol.dispose]();
    this.#aborted?.reject(this.reason);
  }

  /** Rejects with the reason when the connection is aborted. */
  get aborted(): Promise<never> {
    if (!this.#aborted) {
      this.#aborted = Promise.withResolvers();
      this.#aborted.promise.catch(() => {}); // not everybody waits for it
      if (this.reason) this.#aborted.reject(this.reason);
    }
    return this.#aborted.promise;
  }

  /** Closes it; a second time does nothing. */
  [Symbol.dispose](): void {
    this.closed = true;
    this.socket[Symbol.dispose]();
  }
}

/**
 * The connections that are open, and one ticker that ends those that have been
 * idle for too long: a timer for each would cost as much as a read.
 *
 * Each connection knows its place in an array, so that it leaves at once. (In a
 * `Set` those that come and go leave dead tables behind, which keep what they
 * held alive through many collections.)
 */
export class ConnectionSet<S extends Socket> implements Disposable {
  #all: Connection<S>[] = [];
  #seconds: number;
  #next?: PromiseWithResolvers<void>;
  #ticker = new Ticker(() => {
    this.checkIdle();
    return this.size > 0;
  });

  /**
   * Starts without any.
   *
   * @param seconds How long one of them may be idle; 0 is for ever.
   */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.length;
  }

  /** Takes one in. */
  add(connection: Connection<S>): void {
    connection.place = this.#all.push(connection) - 1;
    if (this.#seconds > 0) this.#ticker.start();
  }

  /** Takes one out; the last one moves to its place. */
  delete(connection: Connection<S>): void {
    const last = this.#all.pop()!;
    if (last !== connection) {
      this.#all[connection.place] = last;
      last.place = connection.place;
    }
    this.#next?.resolve();
    this.#next = undefined;
  }

  /** Resolves when the next one closes. */
  nextClose(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  /** Resolves when none is left. */
  async drained(): Promise<void> {
    while (this.size > 0) await this.nextClose();
  }

  /** Ends all of them before their end. */
  abort(reason: Error): void {
    for (const connection of this.#all) connection.abort(reason);
  }

  /** Stops watching them. */
  [Symbol.dispose](): void {
    this.#ticker[Symbol.dispose]();
  }

  /** Ends those that are idle; the ticker calls it. */
  checkIdle(): void {
    const limit = ticksOf(this.#seconds);
    for (const connection of this.#all) {
      if (connection.countIdle() !== limit) continue;
      const words = `silent for ${this.#seconds} s`;
      connection.onIdle(new Deno.errors.TimedOut(words));
    }
  }
}

/**
 * Aborts a connection that has been idle for too long.
 *
 * @param connection The connection.
 * @param seconds How long it may be idle; 0 is for ever.
 * @returns What ends the watch.
 */
export function watchIdle(
  connection: Connection<Socket>,
  seconds: number,
): Disposable {
  const connections = new ConnectionSet(seconds);
  connections.add(connection);
  return connections;
}
