/**
 * HAProxy in front of several servers. It passes each client on to one of them,
 * in turn, and can leave a server out while the others go on.
 *
 * @module
 */

import { delay, encode } from "../../lib/io.ts";
import { type Child, start } from "./child.ts";

/** Options for {@linkcode Balancer.start}. */
export interface BalancerOptions {
  /** A further line of its configuration, such as `retries 0`. @default {""} */
  option?: string;
  /** What the line of each server ends with, such as `send-proxy`. @default {""} */
  perServer?: string;
}

/** A HAProxy that runs, and ends with its scope. */
export class Balancer implements AsyncDisposable {
  /** The port at which clients come in. */
  readonly port: number;
  readonly #folder: string;
  readonly #haproxy: Child;

  private constructor(port: number, folder: string, haproxy: Child) {
    this.port = port;
    this.#folder = folder;
    this.#haproxy = haproxy;
  }

  /**
   * Starts one; resolves when it takes clients.
   *
   * @param servers Its servers' names and ports.
   * @param options What else it is told.
   * @throws {Error} What HAProxy says if it can't start.
   */
  static async start(
    servers: Iterable<{ name: string; port: number }>,
    options: BalancerOptions = {},
  ): Promise<Balancer> {
    // HAProxy doesn't take port 0, but it does share a port: we keep a free one
    // until it's there.
    const free = { hostname: "127.0.0.1", port: 0, reusePort: true };
    using kept = Deno.listen(free);
    const { port } = kept.addr;
    const folder = await Deno.makeTempDir();
    const file = `${folder}/haproxy.cfg`;
    await Deno.writeTextFile(file, configure(port, folder, servers, options));
    const haproxy = start("haproxy", ["-db", "-f", file]);
    const balancer = new Balancer(port, folder, haproxy);
    await balancer.#answering();
    return balancer;
  }

  /** Gives it a command on its administrator's socket; resolves to its answer. */
  async command(words: string): Promise<string> {
    const path = `${this.#folder}/admin`;
    using conn = await Deno.connect({ transport: "unix", path });
    await conn.write(encode(`${words}\n`));
    return (await new Response(conn.readable).text()).trim();
  }

  /** How many clients a server has at the moment. */
  async clientsOf(server: string): Promise<number> {
    const table = await this.command("show stat");
    const [head, ...rows] = table.split("\n").map((line) => line.split(","));
    const row = rows.find(([proxy, name]) => {
      return proxy === "door" && name === server;
    });
    return Number(row![head.indexOf("scur")]); // sessions, currently
  }

  /** Sends nobody new to a server; resolves when nobody is left there. */
  async drain(server: string): Promise<void> {
    await this.command(`set server door/${server} state drain`);
    while (await this.clientsOf(server) > 0) await delay(0.01);
  }

  /** Sends clients to a server again. */
  async ready(server: string): Promise<void> {
    await this.command(`set server door/${server} state ready`);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#haproxy[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Resolves when it answers. */
  async #answering(): Promise<void> {
    const { NotFound, ConnectionRefused } = Deno.errors;
    for (;; await delay(0.01)) {
      try {
        await this.command("show info");
        return;
      } catch (error) {
        const early = error instanceof NotFound ||
          error instanceof ConnectionRefused;
        const { printed } = this.#haproxy;
        if (early && !printed.includes("[ALERT]")) continue;
        await this[Symbol.asyncDispose]();
        throw new Error(printed, { cause: error });
      }
    }
  }
}

/** What HAProxy reads when it starts. */
function configure(
  port: number,
  folder: string,
  servers: Iterable<{ name: string; port: number }>,
  { option = "", perServer = "" }: BalancerOptions,
): string {
  const lines = Array.from(servers, ({ name, port }) => {
    return `  server ${name} 127.0.0.1:${port} ${perServer}\n`;
  });
  return `global
  stats socket ${folder}/admin level admin
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen door
  bind 127.0.0.1:${port}
  ${option}
${lines.join("")}`;
}
