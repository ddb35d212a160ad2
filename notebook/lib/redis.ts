/**
 * A Redis server, which can be killed, and started again at the same port.
 *
 * @module
 */

import { type Child, start } from "./child.ts";

/** Options for {@linkcode Redis.start}. */
export interface RedisOptions {
  /** Its port. @default {any free one} */
  port?: number;
  /** A command that it is run by, such as one that limits it. @default {[]} */
  wrap?: string[];
}

/** A Redis server that keeps nothing on disk. */
export class Redis implements AsyncDisposable {
  /** Its port. */
  readonly port: number;
  readonly #command: string[];
  #process?: Child;

  private constructor(port: number, wrap: string[]) {
    this.port = port;
    const flags = ["--port", `${port}`, "--save", "", "--protected-mode", "no"];
    this.#command = [...wrap, "redis-server", ...flags];
  }

  /** Starts one; resolves when it can be reached. */
  static async start(
    { port = freePort(), wrap = [] }: RedisOptions = {},
  ): Promise<Redis> {
    const redis = new Redis(port, wrap);
    await redis.start();
    return redis;
  }

  /** Where it is reached from this machine. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again: it has forgotten everything. */
  async start(): Promise<void> {
    const [program, ...args] = this.#command;
    this.#process = start(program, args);
    await this.#process.until(/Ready to accept connections/);
  }

  /** Kills it; it says goodbye to nobody. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}

/** A port that is free at the moment: Redis doesn't choose one itself. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
