/**
 * Our scripts with programs that nobody here wrote, or that use other sockets
 * than ours: each as a client of our server and as a server for our client,
 * over TCP and UDP, over IPv4 and IPv6.
 */

import { assertEquals } from "@std/assert";
import {
  assertReadmeSays,
  bracket,
  GREETING,
  MESSAGE,
  needs,
  portOf,
  Process,
  program,
  start,
  startServer,
  unix,
} from "../harness.ts";

const HOSTS = ["127.0.0.1", "::1"];

/** A command, for a host and a port; a server is given port 0. */
type Command = (host: string, port: number) => string[];

function family(host: string): string {
  return host.includes(":") ? "6" : "4";
}

function peer(runtime: string, file: string): Command {
  return (host, port) => [runtime, `tests/peers/${file}`, host, `${port}`];
}

function bash(script: string): Command {
  return (host, port) => ["bash", "-c", script, "bash", host, `${port}`];
}

const TCP_CLIENTS: Record<string, Command> = {
  "Python's sockets": peer("python3", "client.py"),
  "Python's asyncio": peer("python3", "asyncio_client.py"),
  "Node's net": peer("node", "node_client.mjs"),
  "OpenBSD netcat": (host, port) => ["nc", "-N", host, `${port}`],
  "ncat": (host, port) => ["ncat", host, `${port}`],
  "socat": (host, port) => [
    "socat",
    "-t10",
    "-",
    `TCP${family(host)}:${bracket(host)}:${port}`,
  ],
  "curl": (host, port) => ["curl", "-sN", `telnet://${bracket(host)}:${port}`],
  "bash": bash(
    'exec 3<>"/dev/tcp/$1/$2"; head -c 24 <&3; cat >&3; exec 3>&-',
  ),
};

const TCP_SERVERS: Record<string, Command> = {
  "Python's sockets": peer("python3", "server.py"),
  "Python's asyncio": peer("python3", "asyncio_server.py"),
  "Node's net": peer("node", "node_server.mjs"),
  "OpenBSD netcat": (host, port) => ["nc", "-lN", host, `${port}`],
  "ncat": (host, port) => ["ncat", "-l", host, `${port}`],
  "socat": (host, port) => [
    "socat",
    "-t10",
    "-",
    `TCP${family(host)}-LISTEN:${port},bind=${bracket(host)}`,
  ],
};

const UDP_CLIENTS: Record<string, Command> = {
  "Python's sockets": peer("python3", "udp_client.py"),
  "Node's dgram": peer("node", "node_udp_client.mjs"),
  "OpenBSD netcat": (host, port) => ["nc", "-u", host, `${port}`],
  "ncat": (host, port) => ["ncat", "-u", host, `${port}`],
  "socat": (host, port) => [
    "socat",
    "-t10",
    "-",
    `UDP${family(host)}:${bracket(host)}:${port}`,
  ],
  "bash": bash('exec 3<>"/dev/udp/$1/$2"; cat >&3; head -c 24 <&3'),
};

const UDP_SERVERS: Record<string, Command> = {
  "Python's sockets": peer("python3", "udp_server.py"),
  "Node's dgram": peer("node", "node_udp_server.mjs"),
  "OpenBSD netcat": (host, port) => ["nc", "-ul", host, `${port}`],
  "ncat": (host, port) => ["ncat", "-ul", host, `${port}`],
  "socat": (host, port) => [
    "socat",
    "-t10",
    "-",
    `UDP${family(host)}-LISTEN:${port},bind=${bracket(host)}`,
  ],
};

Deno.test("the README says how many other programs there are", async () => {
  const kinds = [TCP_CLIENTS, TCP_SERVERS, UDP_CLIENTS, UDP_SERVERS];
  const { size } = new Set(kinds.flatMap((kind) => Object.keys(kind)));
  const words = ["Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];
  await assertReadmeSays(`**${words[size - 7]} other programs**`);
});

/** A message for the standard input of a program. */
function say(message: string, keepOpen = false) {
  return { stdin: new TextEncoder().encode(message), keepOpen };
}

for (const host of HOSTS) {
  for (const [name, command] of Object.entries(TCP_CLIENTS)) {
    const tool = command(host, 0)[0];
    Deno.test(
      needs(`TCP: ${name} as a client, at ${host}`, program(tool), unix),
      async () => {
        await using server = await startServer("server.ts", ["--once"], host);
        const [tool, ...args] = command(host, server.port);
        // Curl does not end its side when its standard input ends.
        const stays = name === "curl";
        await using client = new Process(tool, args, say(MESSAGE, stays));
        await server.out.until(/-side\.\n$/);
        if (stays) client.kill("SIGTERM");
        assertEquals(await server.code(), 0);
        if (!stays) assertEquals(await client.code(), 0);
        await client.out.ended;
        assertEquals(client.out.text.trimEnd(), GREETING);
        const shown = server.out.text.replaceAll(/^\S+> |\n/gm, "");
        assertEquals(shown, MESSAGE);
        assertEquals(server.err.text.split("\n").length, 2); // no trouble told
      },
    );
  }

  for (const [name, command] of Object.entries(TCP_SERVERS)) {
    const [tool, ...args] = command(host, 0);
    Deno.test(
      needs(
        `TCP: ${name} as a server, at ${host}`,
        program(tool),
        program("ss"),
        unix,
      ),
      async () => {
        await using server = new Process(tool, args, say(GREETING));
        const port = await portOf(server);
        const flags = ["--hostname", host, "--port", `${port}`];
        await using client = start(
          "client.ts",
          `${bracket(host)}:${port}`,
          flags,
        );
        assertEquals([await client.code(), client.err.text], [0, ""]);
        assertEquals(client.out.text, GREETING);
        assertEquals(await server.code(), 0);
        assertEquals(server.out.text.trimEnd(), MESSAGE);
      },
    );
  }

  for (const [name, command] of Object.entries(UDP_CLIENTS)) {
    const tool = command(host, 0)[0];
    Deno.test(
      needs(`UDP: ${name} as a client, at ${host}`, program(tool), unix),
      async () => {
        await using server = await startServer("udp/server.ts", [], host);
        const [tool, ...args] = command(host, server.port);
        // Ncat does not wait for an answer when its standard input has ended.
        await using client = new Process(
          tool,
          args,
          say(MESSAGE, name === "ncat"),
        );
        await server.out.until(/^\S+> Message sent from client-side\.\n$/);
        await client.out.until(/^Message from the server\.$/);
      },
    );
  }

  for (const [name, command] of Object.entries(UDP_SERVERS)) {
    const [tool, ...args] = command(host, 0);
    Deno.test(
      needs(
        `UDP: ${name} as a server, at ${host}`,
        program(tool),
        program("ss"),
        unix,
      ),
      async () => {
        await using server = new Process(tool, args, say(GREETING));
        const port = await portOf(server);
        const at = bracket(host);
        const flags = ["--hostname", host, "--port", `${port}`];
        await using client = start(
          "udp/client.ts",
          `${at}:0,${at}:${port}`,
          flags,
        );
        assertEquals([await client.code(), client.err.text], [0, ""]);
        assertEquals(client.out.text, GREETING);
        await server.out.until(/^Message sent from client-side\.$/);
      },
    );
  }
}
