/**
 * What a network may do to a server, each done for real to a server in a process
 * of its own, under its documented permissions. After each the server has to be
 * there, serve the next client at once, have no more descriptors open than
 * before, and have told no stack trace. The last test prints what was tried.
 */

import type net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { delay } from "../../lib/io.ts";
import { exchange } from "../../client.ts";
import { exchange as exchangeUdp } from "../../udp/client.ts";
import {
  connect,
  descriptorsOf,
  GREETING,
  linux,
  memoryOf,
  needs,
  noise,
  portOf,
  Process,
  program,
  ROOT,
  type ScriptOptions,
  send,
  start,
  startServer,
  times,
  unix,
  untilClosed,
} from "../harness.ts";

// --- The table ---------------------------------------------------------------

/** What became of one case. */
interface Row {
  name: string;
  tried: string;
  survived: boolean;
  served: boolean;
  peak: string;
}

const rows: Row[] = [];

/** Prints a table with its columns aligned. */
function table(): string {
  const head = [
    "what was done to it",
    "how much",
    "survived",
    "next client served",
    "peak memory",
  ];
  const body = rows.map(({ name, tried, survived, served, peak }) => {
    return [name, tried, survived ? "yes" : "NO", served ? "yes" : "NO", peak];
  });
  const widths = head.map((_, i) => {
    return Math.max(...[head, ...body].map((cells) => cells[i].length));
  });
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

// --- The victim --------------------------------------------------------------

type Victim = Awaited<ReturnType<typeof startServer>>;

/** One conversation over the protocol that the server speaks. */
async function converse(path: string, port: number): Promise<number> {
  const ask = path === "server.ts" ? exchange : exchangeUdp;
  return (await ask({ port })).received;
}

/** Declares a case: a server, what is done to it, and what it says of it. */
function abuse(options: {
  path?: "server.ts" | "udp/server.ts";
  name: string;
  /** How many clients, or whatever else it is that comes. */
  count: number;
  /** What is said of that number. */
  tried(count: string): string;
  flags?: string[];
  /** The script itself, where it is not the path. */
  script?: string;
  process?: ScriptOptions;
  /** The length of its greeting. */
  greeting?: number;
  /** What to look at when it has ended. */
  after?(server: Victim): void | Promise<void>;
  /** The most that it may have in memory at any time, in megabytes. */
  memory?: number;
  attack(server: Victim, count: number): Promise<void>;
}): void {
  const {
    path = "server.ts",
    name,
    count,
    tried,
    flags,
    script = path,
    process,
    greeting = GREETING.length,
    after,
    memory = 250,
    attack,
  } = options;
  Deno.test(
    needs(`${path}: ${name}`, linux),
    async () => {
      const row = {
        name: `${path}: ${name}`,
        tried: tried(count.toLocaleString("en")),
        survived: false,
        served: false,
        peak: "",
      };
      rows.push(row);
      await using server = await startServer(script, flags, undefined, process);
      await converse(path, server.port); // what is loaded once is loaded now
      const before = await descriptorsOf(server);
      await attack(server, count);
      assertEquals(await converse(path, server.port), greeting);
      row.served = true;
      await untilClosed(server, before);
      const peak = await memoryOf(server, "VmHWM") / 1024;
      row.peak = `${Math.round(peak)} MB`;
      assert(peak < memory, `${peak} MB`);
      server.kill("SIGTERM");
      assertEquals(await server.code(), 0);
      assert(
        !/^\s+at |Uncaught|error:/m.test(server.err.text),
        server.err.text,
      );
      await after?.(server);
      row.survived = true;
    },
  );
}

// --- What one client may do --------------------------------------------------

/** Resolves when the other side, or a reset, has ended the connection. */
function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume().on("close", () => resolve());
  });
}

/** How often the server has said something. */
function said({ err }: Process, pattern: RegExp): number {
  return [...err.text.matchAll(pattern)].length;
}

/** Resolves when the first bytes have come. */
function greeted(socket: net.Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("data", resolve));
}

/** Asserts that the server has said something once. */
function once(server: Process, pattern: RegExp): void {
  assertEquals(said(server, pattern), 1);
}

abuse({
  name: "reset before it is accepted",
  count: 1000,
  tried: (count) => `${count} clients`,
  attack: ({ port }, count) =>
    times(count, async () => {
      (await connect(port)).resetAndDestroy();
    }),
});

abuse({
  name: "reset in the middle of a long greeting",
  count: 300,
  tried: (count) => `${count} clients`,
  flags: ["--message", "x".repeat(100_000)],
  greeting: 100_000,
  attack: ({ port }, count) =>
    times(count, async () => {
      const socket = await connect(port);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once("data", () => resolve());
      await promise;
      socket.resetAndDestroy();
    }),
});

abuse({
  name: "reset after the greeting, in the middle of a message",
  count: 1000,
  tried: (count) => `${count} clients`,
  async attack(server, count) {
    await times(count, async () => {
      const socket = await connect(server.port);
      await send(socket, noise(10_000));
      socket.resetAndDestroy();
    });
    await server.err.until(/ reset the connection /, 1);
  },
});

abuse({
  name: "end of stream first, then reading",
  count: 1000,
  tried: (count) => `${count} clients`,
  attack: ({ port }, count) =>
    times(count, async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await conn.closeWrite();
      const text = await new Response(conn.readable).text();
      assertEquals(text, GREETING);
    }),
});

abuse({
  name: "connected, and silent",
  count: 1000,
  tried: (count) => `${count} clients at once`,
  flags: ["--timeout", "2"],
  async attack(server, count) {
    const sockets: net.Socket[] = [];
    await times(count, async () => {
      sockets.push(await connect(server.port));
    });
    assertEquals(await converse("server.ts", server.port), GREETING.length);
    await Promise.all(sockets.map(ended));
    await server.err.until(/ was silent for 2 s, /, count);
  },
});

abuse({
  name: "one byte a second",
  count: 100,
  tried: (count) => `${count} clients, 4 bytes each`,
  flags: ["--timeout", "3"],
  async attack(server, count) {
    const sockets = await Promise.all(
      Array.from({ length: count }, () => connect(server.port)),
    );
    for (let i = 0; i < 4; i++) {
      await Promise.all(sockets.map((socket) => send(socket, noise(1))));
      await delay(1); // this pace is the attack
    }
    sockets.forEach((socket) => socket.end());
    await Promise.all(sockets.map(ended));
    assertEquals(said(server, / was silent /g), 0);
  },
});

abuse({
  name: "stopped for longer than its --timeout (Ctrl-Z, a laptop that sleeps)",
  count: 100,
  tried: (count) => `${count} clients that spoke meanwhile`,
  flags: ["--timeout", "2"],
  async attack(server, count) {
    const sockets = await Promise.all(
      Array.from({ length: count }, () => connect(server.port)),
    );
    await Promise.all(sockets.map(greeted));
    server.kill("SIGSTOP");
    await Promise.all(
      sockets.map((socket) => send(socket, noise(10).fill(120))),
    );
    await delay(3); // this time is the attack
    server.kill("SIGCONT");
    sockets.forEach((socket) => socket.end());
    await Promise.all(sockets.map(ended));
    assertEquals(said(server, / was silent /g), 0);
    await server.out.until(/> \S{10}\n/, count); // and nobody's line is lost
  },
});

abuse({
  name: "more than --max-bytes",
  count: 300,
  tried: (count) => `${count} clients, 100 kB each where 10 kB are allowed`,
  flags: ["--max-bytes", "10000"],
  process: { stdout: "null" },
  async attack(server, count) {
    await times(count, async () => {
      const socket = await connect(server.port);
      socket.write(noise(100_000));
      await ended(socket);
    });
    const pattern = / limit of 10000 bytes \(--max-bytes\) is reached\n/;
    await server.err.until(pattern, count);
  },
});

abuse({
  name: "more than --max-connections",
  count: 500,
  tried: (count) => `${count} clients where 10 may be there at once`,
  flags: ["--max-connections", "10"],
  async attack(server, count) {
    let served = 0;
    await times(count, async () => {
      const { received } = await exchange({ port: server.port });
      served += received;
    }, 100);
    assertEquals(served, count * GREETING.length);
    await server.err.until(/ limit of 10 connections /, 1);
  },
  after(server) {
    // Trouble that goes on is told once, not with each of 500 clients.
    assert(said(server, / limit of 10 connections /g) < 10, server.err.text);
  },
});

abuse({
  name: "out of descriptors",
  count: 500,
  tried: (count) => `${count} clients at once where 64 descriptors are allowed`,
  process: { wrap: ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"'] },
  async attack(server, count) {
    let served = 0;
    await times(count, async () => {
      const { port } = server;
      const { received } = await exchange({ port, timeout: 0 });
      served += received;
    }, count);
    assertEquals(served, count * GREETING.length);
    await server.err.until(/Too many open files/, 1);
  },
});

abuse({
  name: "10,000 connections at once",
  count: 10_000,
  tried: (count) => `${count} clients that stay`,
  async attack(server, count) {
    const conns: Deno.TcpConn[] = [];
    await times(count - 1, async () => {
      const at = { hostname: "127.0.0.1", port: server.port };
      const conn = await Deno.connect(at);
      await conn.read(new Uint8Array(100));
      conns.push(conn);
    }, 400);
    assertEquals(await converse("server.ts", server.port), GREETING.length);
    conns.forEach((conn) => conn.close());
  },
});

abuse({
  name: "100 MiB without a newline",
  count: 1,
  tried: (count) => `${count} client`,
  flags: ["--max-bytes", "0"],
  process: { stdout: "null" },
  async attack({ port }) {
    const { sent } = await exchange({ port, message: noise(100 * 2 ** 20) });
    assertEquals(sent, 100 * 2 ** 20);
  },
});

abuse({
  name: "bytes that are not UTF-8",
  count: 20,
  tried: (count) => `${count} MiB of 0xFF`,
  flags: ["--max-bytes", "0"],
  process: { stdout: "null" },
  async attack({ port }, count) {
    const message = new Uint8Array(count * 2 ** 20).fill(0xff);
    assertEquals((await exchange({ port, message })).sent, message.length);
  },
});

abuse({
  name: "a second server on the same port",
  count: 10,
  tried: (count) => `${count} of them`,
  attack: ({ port }, count) =>
    times(count, async () => {
      const net = `127.0.0.1:${port}`;
      await using second = start("server.ts", net, ["--port", `${port}`]);
      assertEquals(await second.code(), 1);
    }, 2),
});

abuse({
  name: "a long greeting that nobody reads",
  count: 50,
  tried: (count) => `${count} clients, 32 MiB each`,
  flags: ["--timeout", "1"],
  script: "tests/peers/long_greeting.ts",
  greeting: 32 * 2 ** 20,
  async attack(server, count) {
    const sockets = await Promise.all(
      Array.from({ length: count }, () => connect(server.port)),
    );
    sockets.forEach((socket) => socket.pause());
    await server.err.until(/ was silent for 1 s, /, count);
    sockets.forEach((socket) => socket.destroy());
  },
});

abuse({
  name: "standard output closed",
  count: 100,
  tried: (count) => `${count} clients afterwards`,
  process: { stdout: "unread" },
  async attack(server, count) {
    await server.closeOutput();
    await times(count, () => converse("server.ts", server.port));
    await server.err.until(/cannot write to standard output/, 1);
  },
  after: (server) => once(server, /cannot write to standard output/g),
});

abuse({
  name: "standard output never read",
  count: 100,
  tried: (count) => `${count} clients, 1 MiB each`,
  process: { stdout: "unread" },
  memory: 130,
  async attack(server, count) {
    const message = noise(2 ** 20);
    await times(count, () => exchange({ port: server.port, message }), count);
    await server.err.until(/took nothing for 5 s; /, 1);
  },
  after: (server) => once(server, /took nothing for 5 s; /g),
});

let late: Promise<string>;

abuse({
  name: "standard output read late",
  count: 4,
  tried: (count) => `${count} clients, 1 MiB each`,
  process: { stdout: "unread" },
  async attack(server, count) {
    const clients = times(count, async () => {
      await exchange({ port: server.port, message: noise(2 ** 20) });
    }, count);
    await delay(1); // so late, but not too late
    late = server.readOutput();
    await clients;
  },
  async after(server) {
    const text = (await late).replaceAll(/^127\.0\.0\.1:\d+> |\n/gm, "")
      .replaceAll("Message sent from client-side.", "");
    assertEquals(text.length, 4 * 2 ** 20);
    assertEquals(said(server, /took nothing/g), 0);
  },
});

abuse({
  name: "standard output never read, and then much more of it",
  count: 20,
  tried: (count) => `200 kB, and 5 s later ${count} clients with 1 MiB each`,
  process: { stdout: "unread" },
  async attack(server, count) {
    const { port } = server;
    await exchange({ port, message: noise(200_000) });
    await server.err.until(/took nothing for 5 s; /, 1);
    const message = noise(2 ** 20);
    await times(count, () => exchange({ port, message }), count);
  },
});

// --- UDP ---------------------------------------------------------------------

abuse({
  path: "udp/server.ts",
  name: "datagrams of 0, 1 and 65,507 bytes, and of random bytes",
  count: 1000,
  tried: (count) => `${count} of each`,
  process: { stdout: "null" },
  async attack({ port }, count) {
    for (const size of [0, 1, 65_507]) {
      const message = noise(size);
      await times(count, () => exchangeUdp({ port, message, timeout: 5 }), 1);
    }
    await times(count, () => {
      const message = crypto.getRandomValues(new Uint8Array(1000));
      return exchangeUdp({ port, message, timeout: 5 });
    }, 4);
  },
});

abuse({
  path: "udp/server.ts",
  name: "an echo that returns each of its answers",
  count: 100,
  tried: (count) => `${count} of them`,
  async attack({ port }, count) {
    const at = { transport: "udp", hostname: "127.0.0.1", port } as const;
    await times(count, async () => {
      const echo = Deno.listenDatagram({ ...at, port: 0 });
      await echo.send(noise(30), at);
      const [answer] = await echo.receive();
      await echo.send(answer, at); // it is not answered: the next is another's
      echo.close();
    }, 1);
  },
});

abuse({
  path: "udp/server.ts",
  name: "a flood of datagrams",
  count: 200_000,
  tried: (count) => `${count}, as fast as they can be sent`,
  process: { stdout: "null" },
  async attack({ port }, count) {
    const at = { transport: "udp", hostname: "127.0.0.1", port } as const;
    const socket = Deno.listenDatagram({ ...at, port: 0 });
    for (let i = 0; i < count; i++) await socket.send(noise(100), at);
    socket.close();
  },
});

abuse({
  path: "udp/server.ts",
  name: "senders that are gone when the answer comes (ICMP)",
  count: 10_000,
  tried: (count) => `${count} of them`,
  async attack({ port }, count) {
    const at = { transport: "udp", hostname: "127.0.0.1", port } as const;
    await times(count, async () => {
      const socket = Deno.listenDatagram({ ...at, port: 0 });
      await socket.send(noise(10), at);
      socket.close();
    });
  },
});

// --- What ends a server ------------------------------------------------------

Deno.test(
  needs("server.ts: SIGTERM in the middle of 100 conversations", unix),
  async () => {
    await using server = await startServer("server.ts");
    const sockets: net.Socket[] = [];
    await times(100, async () => {
      const socket = await connect(server.port);
      await send(socket, new TextEncoder().encode("first "));
      sockets.push(socket);
    });
    await server.out.until(/first /, 100);
    server.kill("SIGTERM");
    await server.err.until(/stopping/);
    for (const socket of sockets) socket.end("last");
    await Promise.all(sockets.map(ended));
    assertEquals(await server.code(), 0);
    assertEquals(server.out.text.split("last").length - 1, 100);
  },
);

Deno.test(
  needs("server.ts: standard error never read", linux, program("ss")),
  async () => {
    const args = ["run", "-q", "--allow-net=127.0.0.1:0", "server.ts"];
    const script = 'exec "$0" "$@" --port 0 --verbose 2>&1';
    await using server = new Process("sh", [
      "-c",
      script,
      Deno.execPath(),
      ...args,
    ], { stdout: "unread" });
    const port = await portOf(server);
    // Each is told in some 130 bytes: far more than a pipe takes.
    await times(3000, () => exchange({ port }));
    server.kill("SIGTERM");
    assertEquals(await server.code(), 0);
  },
);

// --- The result --------------------------------------------------------------

Deno.test(
  needs("what we tried is what the README says we tried", linux),
  async () => {
    console.log(table());
    assertEquals(rows.filter(({ survived }) => !survived), []);
    const file = new URL("README.md", ROOT);
    const readme = await Deno.readTextFile(file);
    const [before, old, after] = readme.split(
      /(?<=<!-- tried -->\n\n)|(?=\n\n<!-- \/tried -->)/,
    );
    if (Deno.env.get("UPDATE_README")) {
      return await Deno.writeTextFile(file, before + table() + after);
    }
    // What was done, and that it was survived, is the same in each run; memory
    // differs, but is not twice as much.
    const comparable = (text: string) => text.replaceAll(/[ -]+|\d+ MB/g, " ");
    assertEquals(comparable(old), comparable(table()));
    const [said, seen] = [old, table()].map((text) => {
      return Array.from(text.matchAll(/(\d+) MB +\|$/gm), ([, peak]) => +peak);
    });
    for (const [i, { name }] of rows.entries()) {
      const isNear = said[i] < seen[i] * 2 && said[i] > seen[i] / 2;
      assert(isNear, `${name}: ${seen[i]} MB, not ${said[i]} MB`);
    }
  },
);
