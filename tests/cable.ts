/**
 * Two hosts, which are two network namespaces of this machine joined by a cable
 * of their own (a veth pair): what crosses it crosses a network. It takes root.
 */

import { read } from "./harness.ts";

/** A cable with a host at either end, for as long as a test lasts. */
export class Cable implements AsyncDisposable {
  /** The hosts' names, by which `ip` knows them. */
  readonly hosts: readonly string[];

  private constructor(name: string) {
    this.hosts = [1, 2].map((end) => `${name}-${Deno.pid}-${end}`);
  }

  /**
   * Lays one; both ends are called `end`, and have no address yet.
   *
   * @param name What the hosts' names begin with: no two cables may share it.
   */
  static async lay(name: string): Promise<Cable> {
    const cable = new Cable(name);
    const [one, two] = cable.hosts;
    for (const host of cable.hosts) await read("ip", "netns", "add", host);
    await read(
      "ip",
      ...["link", "add", "end", "netns", one],
      ...["type", "veth", "peer", "name", "end", "netns", two],
    );
    for (const host of cable.hosts) {
      await read("ip", "-n", host, "link", "set", "end", "up");
    }
    return cable;
  }

  /** Cuts the cable, or mends it. */
  async set(state: "up" | "down"): Promise<void> {
    await read("ip", "-n", this.hosts[1], "link", "set", "end", state);
  }

  /** Options for a program that runs on one of the hosts. */
  at(host: 1 | 2): { wrap: string[] } {
    return { wrap: ["ip", "netns", "exec", this.hosts[host - 1]] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.hosts) await read("ip", "netns", "del", host);
  }
}
