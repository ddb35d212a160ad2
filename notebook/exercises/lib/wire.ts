/**
 * A connection between the judge and the program, which takes down what passes.
 *
 * @module
 */

import { encode, withTimeout, writeAll } from "../../../lib/io.ts";
import { Channel, type Part, type Recorder } from "./channel.ts";
import type { Patience } from "./patience.ts";
import type { Socket } from "./sockets.ts";

/** The most bytes that one read takes. */
const BUFFER = 64 * 1024;

/** A connection that takes down what passes over it. */
export class Wire extends Channel implements Disposable {
  /** How it is spoken of. */
  protected readonly words = {
    brings: "is answered with",
    lacks: "is not answered",
    ends: "the connection ends",
    stays: "does not make your program close the connection",
  };
  readonly #socket: Socket;
  #open = true;
  /** A write has failed: then the system does not tell a later read why. */
  #refused = false;

  /** Takes a connection over. */
  constructor(
    socket: Socket,
    name: string,
    patience: Patience,
    record: Recorder,
    opener: ">" | "<" = ">",
  ) {
    super(name, patience, record);
    this.#socket = socket;
    record({ way: opener, on: name, mark: "connects" });
  }

  /** Sends all of it, even past a peer that is gone: its answer tells. */
  async send(message: string | Uint8Array): Promise<void> {
    const bytes = encode(message);
    this.record({ way: ">", on: this.name, bytes });
    try {
      await writeAll(this.#socket, bytes);
    } catch { // the answer, or its lack, is what counts
      this.#refused = true;
    }
  }

  /**
   * Sends as much as the system and the program take.
   *
   * @returns How many bytes they took before nothing moved any longer.
   */
  async sendWhileTaken(message: Uint8Array, enough = 0.3): Promise<number> {
    let sent = 0;
    this.record({ way: ">", on: this.name, bytes: message });
    while (sent < message.length) {
      const writing = this.#socket.write(message.subarray(sent, sent + BUFFER))
        .catch(() => this.#refuse());
      let taken = await withTimeout(enough, writing);
      if (taken === undefined) { // a busy machine, or has the program enough?
        await this.patience.untilIdle();
        taken = await withTimeout(0.01, writing);
      }
      if (!taken) break;
      sent += taken;
    }
    return sent;
  }

  /** Ends our side: FIN. */
  async end(): Promise<void> {
    this.record({ way: ">", on: this.name, mark: "FIN" });
    await this.#socket.closeWrite().catch(() => {});
  }

  /** Resets the connection: RST. */
  reset(): void {
    if (!this.#socket.reset) throw new Error("this connection cannot be reset");
    this.record({ way: ">", on: this.name, mark: "RST" });
    this.#open = false;
    this.#socket.reset();
  }

  /** Leaves: closes both sides, whatever is still on its way. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.record({ way: ">", on: this.name, mark: "closes" });
    this.#close();
  }

  /** Leaves without a word in the record. */
  [Symbol.dispose](): void {
    if (this.#open) this.#close();
    this.#open = false;
  }

  #refuse(): 0 {
    this.#refused = true;
    return 0;
  }

  #close(): void {
    try {
      this.#socket.close();
    } catch { /* it was closed from the other side */ }
  }

  /** Reads from the connection. */
  protected async pull(): Promise<Part> {
    const buffer = new Uint8Array(BUFFER);
    try {
      const length = await this.#socket.read(buffer);
      if (length === null) return this.#refused ? "RST" : "FIN";
      return buffer.subarray(0, length);
    } catch {
      return this.#open ? "RST" : "FIN";
    }
  }
}
