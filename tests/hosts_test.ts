/**
 * Two hosts, which are two network namespaces of this machine joined by a cable
 * of their own (a veth pair): what crosses it crosses a network. It takes root.
 */

import { assertEquals } from "@std/assert";
import {
  bracket,
  GREETING,
  linux,
  MESSAGE,
  needs,
  Process,
  program,
  read,
  start,
  superuser,
} from "./harness.ts";

const needed = [linux, superuser, program("ip")];

/** The two hosts' addresses, by family. */
const FAMILIES = [["10.201.0.1", "10.201.0.2"], ["fd00:201::1", "fd00:201::2"]];

/** A cable with a host at either end, for as long as a test lasts. */
class Cable implements AsyncDisposable {
  readonly hosts = [1, 2].map((end) => `sockets-${Deno.pid}-${end}`);

  static async lay(): Promise<Cable> {
    const cable = new Cable();
    const [one, two] = cable.hosts;
    for (const host of cable.hosts) await read("ip", "netns", "add", host);
    await read(
      "ip",
      ...["link", "add", "end", "netns", one],
      ...["type", "veth", "peer", "name", "end", "netns", two],
    );
    for (const [i, host] of cable.hosts.entries()) {
      const [ipv4, ipv6] = FAMILIES.map((addresses) => addresses[i]);
      await read("ip", "-n", host, "link", "set", "end", "up");
      await read("ip", "-n", host, "addr", "add", `${ipv4}/24`, "dev", "end");
      // Nobody else is on this cable who might have the address already.
      const address = ["addr", "add", `${ipv6}/64`, "dev", "end", "nodad"];
      await read("ip", "-n", host, ...address);
    }
    return cable;
  }

  /** Cuts the cable, or mends it. */
  async set(state: "up" | "down"): Promise<void> {
    await read("ip", "-n", this.hosts[1], "link", "set", "end", state);
  }

  /** Options for a script that runs on one of the hosts. */
  at(host: 1 | 2): { wrap: string[] } {
    return { wrap: ["ip", "netns", "exec", this.hosts[host - 1]] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.hosts) await read("ip", "netns", "del", host);
  }
}

/** Starts a server on host 1; resolves to it and its port. */
async function serve(
  cable: Cable,
  path: "server.ts" | "udp/server.ts",
  [here, there]: string[],
  flags: string[],
): Promise<Process & { port: number }> {
  const at = bracket(here);
  const net = path === "server.ts" ? `${at}:0` : `${at},${bracket(there)}`;
  const args = ["--hostname", here, "--port", "0", ...flags];
  const server = start(path, net, args, cable.at(1));
  const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
  return Object.assign(server, { port: Number(port) });
}

for (const [here, there] of FAMILIES) {
  Deno.test(
    needs(`two hosts talk over TCP, from ${there} to ${here}`, ...needed),
    async () => {
      await using cable = await Cable.lay();
      await using server = await serve(cable, "server.ts", [here, there], [
        "--once",
      ]);
      const args = ["--hostname", here, "--port", `${server.port}`];
      const net = `${bracket(here)}:${server.port}`;
      await using client = start("client.ts", net, args, cable.at(2));
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.text, GREETING);
      assertEquals(await server.code(), 0);
      const line = server.out.text.replace(/:\d+> /, "> ");
      assertEquals(line, `${bracket(there)}> Message sent from client-side.\n`);
    },
  );

  Deno.test(
    needs(`two hosts talk over UDP, from ${there} to ${here}`, ...needed),
    async () => {
      await using cable = await Cable.lay();
      await using server = await serve(
        cable,
        "udp/server.ts",
        [here, there],
        [],
      );
      const any = here.includes(":") ? "[::]:0" : "0.0.0.0:0";
      const net = `${any},${bracket(here)}:${server.port}`;
      // From outside nobody is sent as much as they sent.
      const talks = [[MESSAGE, GREETING], ["hi", "M"], [
        "Message from the server.",
        "Message from the server",
      ]];
      for (const [message, answer] of talks) {
        const args = ["--hostname", here, "--port", `${server.port}`];
        args.push(`--message=${message}`);
        await using client = start("udp/client.ts", net, args, cable.at(2));
        assertEquals([await client.code(), client.err.text], [0, ""]);
        assertEquals(client.out.text, answer);
      }
      assertEquals(
        server.err.text,
        `server: listening on ${bracket(here)}:${server.port}\n` +
          "server: beyond this machine an answer is shorter than its question\n",
      );
    },
  );
}

Deno.test(
  needs(
    "a cable that is cut ends a conversation on both sides, and no other",
    ...needed,
  ),
  async () => {
    await using cable = await Cable.lay();
    const [ipv4] = FAMILIES;
    await using server = await serve(cable, "server.ts", ipv4, [
      "--timeout",
      "1",
    ]);
    const net = `${ipv4[0]}:${server.port}`;
    const args = ["--hostname", ipv4[0], "--port", `${server.port}`];
    const stdin = new TextEncoder().encode("before the cut");
    const flags = ["--message", "-", "--timeout", "1"];
    await using client = start("client.ts", net, [...args, ...flags], {
      ...cable.at(2),
      stdin,
      keepOpen: true,
    });
    await server.out.until(/> before the cut\n/);
    await cable.set("down");
    assertEquals([await client.code(), client.err.text], [
      1,
      `client: ${net}: silent for 1 s; is the server there? ` +
      "Wait longer with --timeout (0: for ever)\n",
    ]);
    await server.err.until(
      /\nserver: 10\.201\.0\.2:\d+ was silent for 1 s, and is given up \(--timeout\)\n$/,
    );
    await cable.set("up");
    await using next = start("client.ts", net, args, cable.at(2));
    assertEquals([await next.code(), next.out.text], [0, GREETING]);
  },
);
