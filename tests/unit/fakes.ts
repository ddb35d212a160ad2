/**
 * Connections over no network: from any address, and read by somebody who takes
 * as much as a test wants, when it wants. No test has to fill a kernel's buffers
 * or to wait for a clock.
 *
 * @module
 */

/** A connection from any address. */
export class FakeConn implements Partial<Deno.TcpConn> {
  /** Where it comes from. */
  readonly remoteAddr: Deno.NetAddr;
  /** What the other side has taken so far. */
  heard = "";
  /** Whether the other side takes all that it's sent, at once. */
  taking = true;
  /** Whether the system is asked to notice that the other side has vanished. */
  keepAlive = false;
  /** Resolves to what became of it, in a server that says it. */
  readonly outcome = Promise.withResolvers<"served" | "refused">();
  /** Resolves when the server closes it. */
  readonly closed = Promise.withResolvers<null>();
  #isClosed = false;
  #said: Uint8Array[] = [];
  #more = Promise.withResolvers<void>();
  #writes: { bytes: Uint8Array; taken: PromiseWithResolvers<number> }[] = [];

  /** Comes from an address. */
  constructor(hostname: string, port = 1) {
    this.remoteAddr = { transport: "tcp", hostname, port };
    this.closed.promise.then(() => this.outcome.resolve("refused"));
  }

  /** Says something to the server. */
  say(text: string): void {
    this.#said.push(new TextEncoder().encode(text));
    this.#wake();
  }

  /** Takes up to so many bytes of what waits. */
  take(most: number): void {
    const write = this.#writes[0];
    if (!write) return;
    const n = Math.min(most, write.bytes.length);
    this.#receive(write.bytes.subarray(0, n));
    this.#writes.shift();
    write.taken.resolve(n);
  }

  /** Resolves as soon as the other side has taken something that matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.heard)) await this.#more.promise;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#said.length === 0) {
      if (this.#isClosed) throw new Deno.errors.BadResource("closed");
      await this.#more.promise;
    }
    const part = this.#said[0].subarray(0, buffer.length);
    buffer.set(part);
    const rest = this.#said.shift()!.subarray(part.length);
    if (rest.length > 0) this.#said.unshift(rest);
    return part.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#isClosed) return Promise.reject(new Deno.errors.BrokenPipe());
    if (this.taking) {
      this.#receive(bytes);
      return Promise.resolve(bytes.length);
    }
    const taken = Promise.withResolvers<number>();
    this.#writes.push({ bytes, taken });
    return taken.promise;
  }

  /** Lets the writes that wait fail, and all that come. */
  breakWrites(): void {
    this.write = () => Promise.reject(new Deno.errors.BrokenPipe("broken"));
    for (const { taken } of this.#writes.splice(0)) {
      taken.reject(new Deno.errors.BrokenPipe("broken"));
    }
  }

  closeWrite(): Promise<void> {
    this[Symbol.dispose](); // the other side ends, too
    return Promise.resolve();
  }

  setKeepAlive(on = true): void {
    this.keepAlive = on;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.breakWrites();
    this.closed.resolve(null);
    this.#wake();
  }

  #receive(bytes: Uint8Array): void {
    this.heard += new TextDecoder().decode(bytes);
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** A listener that is given what to accept, and counts how often it's asked. */
export class FakeListener implements Partial<Deno.TcpListener> {
  /** Every address of this machine. */
  readonly addr: Deno.NetAddr = {
    transport: "tcp",
    hostname: "0.0.0.0",
    port: 80,
  };
  /** How often it was asked for a connection. */
  asked = 0;
  /** Whether it was closed. */
  closed = false;
  #coming: (FakeConn | Error)[] = [];
  #more = Promise.withResolvers<void>();

  async accept(): Promise<Deno.TcpConn> {
    this.asked++;
    while (this.#coming.length === 0) await this.#more.promise;
    const next = this.#coming.shift()!;
    if (next instanceof Error) throw next;
    return next as unknown as Deno.TcpConn;
  }

  /** Brings a connection, or a failure to accept one. */
  bring(next: FakeConn | Error): void {
    this.#coming.push(next);
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }

  /** Closes it; as the system does, it resets whoever waits. */
  [Symbol.dispose](): void {
    this.closed = true;
    for (const next of this.#coming.splice(0)) {
      if (next instanceof FakeConn) next[Symbol.dispose]();
    }
    this.bring(new Deno.errors.BadResource());
  }
}

/** Resolves when everything that is ready to run has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Keeps what is written to the console while something runs. */
export async function consoleOf(work: () => Promise<void>): Promise<string> {
  const { error } = console;
  const written: unknown[] = [];
  console.error = (...words) => void written.push(...words);
  try {
    await work();
  } finally {
    console.error = error;
  }
  return written.join("\n");
}
