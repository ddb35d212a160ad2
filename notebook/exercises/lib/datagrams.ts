/**
 * A socket for datagrams between the judge and the program.
 *
 * @module
 */

import { encode, withTimeout } from "../../../lib/io.ts";
import { show } from "./bytes.ts";
import type { Recorder } from "./channel.ts";
import { Symptom } from "./symptom.ts";
import { firstDifference } from "./bytes.ts";
import type { Patience } from "./patience.ts";

/** A datagram that came. */
export interface Datagram {
  /** What is in it. */
  bytes: Uint8Array;
  /** Who sent it. */
  from: Deno.NetAddr;
}

/** A socket for datagrams that takes down what passes. */
export class Datagrams implements Disposable {
  readonly #socket: Deno.DatagramConn;
  readonly #patience: Patience;
  readonly #record: Recorder;
  readonly #name: string;
  #peer?: Deno.NetAddr;
  #coming?: Promise<Datagram | undefined>;
  #open = true;

  /** Takes a socket over. */
  constructor(
    socket: Deno.DatagramConn,
    peer: Deno.NetAddr | undefined,
    name: string,
    patience: Patience,
    record: Recorder,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#name = name;
    this.#patience = patience;
    this.#record = record;
  }

  /** Its own port. */
  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** Whom it sends to: whoever was heard last, unless it was told. */
  get peer(): Deno.NetAddr | undefined {
    return this.#peer;
  }

  /** Sends a datagram. */
  async send(message: string | Uint8Array, to = this.#peer): Promise<void> {
    const bytes = encode(message);
    this.#record({ way: ">", on: this.#name, bytes });
    await this.#socket.send(bytes, to!).catch(() => {}); // UDP promises nothing
  }

  /** The next datagram, or undefined if the program surely sends none. */
  async next(patience = this.#patience): Promise<Datagram | undefined> {
    this.#coming ??= this.#receive();
    return this.#take((await patience.for(this.#coming))?.value);
  }

  /** The next datagram, if one comes within so many seconds. */
  async nextWithin(seconds: number): Promise<Datagram | undefined> {
    this.#coming ??= this.#receive();
    return this.#take(await withTimeout(seconds, this.#coming));
  }

  /** Receives just this datagram. */
  async expect(expected: string | Uint8Array): Promise<void> {
    const wanted = encode(expected);
    const came = await this.next();
    if (!came) {
      const seen = `is not answered (${show(wanted)} was expected)`;
      throw new Symptom("silent", seen, {
        got: new Uint8Array(),
        expected: wanted,
        on: this.#name,
      });
    }
    const { bytes } = came;
    const same = firstDifference(bytes, wanted);
    if (same === wanted.length && bytes.length === wanted.length) return;
    const seen = `is answered with ${show(bytes)} instead of ${show(wanted)}`;
    throw new Symptom("changed", seen, {
      got: bytes,
      expected: wanted,
      on: this.#name,
    });
  }

  /** Forgets whom it heard, and what they have sent and nobody has received. */
  async forget(): Promise<void> {
    while (await this.nextWithin(0.01));
    this.#peer = undefined;
  }

  /** Leaves. */
  close(): void {
    this.#record({ way: ">", on: this.#name, mark: "closes" });
    this[Symbol.dispose]();
  }

  /** Resolves, after it has left, when its port is free again. */
  get released(): Promise<unknown> {
    return this.#coming ?? Promise.resolve(); // the last wait holds the socket
  }

  /** Leaves without a word in the record. */
  [Symbol.dispose](): void {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }

  #take(came: Datagram | undefined): Datagram | undefined {
    if (!came) return undefined;
    this.#coming = undefined;
    this.#peer ??= came.from;
    this.#record({ way: "<", on: this.#name, bytes: came.bytes });
    return came;
  }

  async #receive(): Promise<Datagram | undefined> {
    try {
      const [bytes, from] = await this.#socket.receive(new Uint8Array(65_535));
      return { bytes, from: from as Deno.NetAddr };
    } catch {
      return undefined;
    }
  }
}
