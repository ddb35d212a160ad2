/**
 * A restart that loses nobody: what the chapter on networks says of servers
 * behind a balancer, and of a listener that outlives its server, with figures
 * that it leaves out.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay, writeAll } from "../../lib/io.ts";
import { Balancer } from "../../notebook/lib/balancer.ts";
import { type Conversation, Fleet } from "../../notebook/lib/fleet.ts";
import { GREETING, needs, Process, program } from "../harness.ts";

const haproxy = program("haproxy");

/** Restarts three servers, one after the other, under load. */
async function roll(drain: boolean, option = "") {
  await using fleet = await Fleet.start(3, { option });
  const load = fleet.load(40);
  await load.until(300);
  for (const server of fleet.servers) {
    if (drain) await fleet.balancer.drain(server.name);
    await server.stop();
    await server.start();
    if (drain) await fleet.balancer.ready(server.name);
  }
  await load.until(1000);
  const all = await load.end();
  for (const server of fleet.servers) await server.stop();
  const lives = fleet.servers.map(({ printed }) => {
    return printed.match(/^server: listening on /gm)!.length;
  });
  assertEquals(lives, [2, 2, 2]);
  const heard = fleet.heard.map(({ number }) => number).sort((a, b) => a - b);
  return { all, heard, summary: fleet.summarize(all) };
}

/** The numbers of those who were served. */
function servedOf(all: Conversation[]): number[] {
  return all.filter(({ failure }) => failure === undefined)
    .map(({ number }) => number).sort((a, b) => a - b);
}

Deno.test(
  needs(
    "1,000 conversations through a rolling restart, drained: none is lost",
    haproxy,
  ),
  async () => {
    const { all, heard, summary } = await roll(true, "retries 0");
    assert(all.length >= 1000);
    assertEquals(all.filter(({ failure }) => failure), []);
    assertEquals(heard, servedOf(all)); // each of them, and once
    assertEquals([summary.clients, summary.lost], [all.length, 0]);
    const places = summary.timeline.map(({ server }) => server);
    assertEquals([...new Set(places)].sort(), ["s1", "s2", "s3"]);
    const clients = summary.timeline.reduce((sum, bar) => sum + bar.clients, 0);
    assertEquals(clients, all.length);
  },
);

Deno.test(
  needs("the same by SIGTERM alone loses clients, and says so", haproxy),
  async () => {
    const { all, heard, summary } = await roll(false, "retries 0");
    assertEquals(heard, servedOf(all)); // whoever was lost was not heard either
    assert(summary.lost > 0);
    assertEquals(summary.lost, all.length - heard.length);
    const nobody = summary.timeline.filter(({ server }) => server === "nobody");
    const lost = nobody.reduce((sum, { clients }) => sum + clients, 0);
    assertEquals(lost, summary.lost);
  },
);

for (const drain of [true, false]) {
  const what = drain ? "is waited for by a drain" : "is cut off by SIGTERM";
  Deno.test(
    needs(`a client that speaks after six seconds ${what}`, haproxy),
    async () => {
      await using fleet = await Fleet.start(2);
      const [server] = fleet.servers;
      const { balancer } = fleet;
      using conn = await Deno.connect({ port: balancer.port });
      await conn.read(new Uint8Array(99));
      assertEquals(await balancer.clientsOf(server.name), 1);
      const speaking = delay(6).then(async () => {
        await writeAll(conn, "At last!").catch(() => {});
        await conn.closeWrite().catch(() => {});
      });
      if (drain) await balancer.drain(server.name);
      await server.stop();
      await speaking;
      assertEquals(server.printed.includes("> At last!"), drain);
      assertEquals(
        / was cut off: the server stops$/m.test(server.printed),
        !drain,
      );
    },
  );
}

Deno.test(
  needs("a drained server gets nobody until it's ready again", haproxy),
  async () => {
    await using fleet = await Fleet.start(2);
    const { balancer, servers: [first] } = fleet;
    async function visit(): Promise<void> {
      using conn = await Deno.connect({ port: balancer.port });
      await writeAll(conn, "visitor\n");
      await conn.closeWrite();
      assertEquals(await new Response(conn.readable).text(), GREETING);
    }
    await balancer.drain(first.name);
    for (let i = 0; i < 10; i++) await visit();
    await balancer.ready(first.name);
    for (let i = 0; i < 10; i++) await visit();
    await first.stop();
    assertEquals(first.printed.match(/visitor/g)?.length, 5);
  },
);

for (const announced of [false, true]) {
  const what = announced ? "unless it's told by a line of text" : "as its peer";
  Deno.test(
    needs(`behind a balancer the server sees the balancer, ${what}`, haproxy),
    async () => {
      const perServer = announced ? "send-proxy" : "";
      await using fleet = await Fleet.start(1, { perServer });
      const { balancer, servers: [server] } = fleet;
      using conn = await Deno.connect({ port: balancer.port });
      const { port } = conn.localAddr as Deno.NetAddr;
      await conn.read(new Uint8Array(99));
      await writeAll(conn, "Hello!");
      await conn.closeWrite();
      await new Response(conn.readable).text();
      await server.stop();
      const [, peer] = /^127\.0\.0\.1:(\d+)> Hello!$/m.exec(server.printed)!;
      assert(Number(peer) !== port);
      const [, client] = // the carriage return is shown as an escape
        /> PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 (\d+) \d+\\x0d$/m
          .exec(server.printed) ?? [];
      assertEquals(client, announced ? `${port}` : undefined);
    },
  );
}

Deno.test(
  needs("a balancer that can't start says why, and leaves nothing", haproxy),
  async () => {
    const error = await assertRejects(
      () => Balancer.start([], { option: "nonsense" }),
      Error,
      "unknown keyword 'nonsense'",
    );
    const [, folder] = /\[(\S+)\/haproxy\.cfg:\d+\]/.exec(error.message)!;
    await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
  },
);

/** Makes a listener, and gives it to one server, and then to the next. */
const LAUNCHER = `
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
def start():
    fd = listener.fileno()
    server = subprocess.Popen([*sys.argv[1:], str(fd)], pass_fds=[fd],
                              stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"ready\\n"
    return server
first = start()
first.kill()
first.wait()
client = socket.create_connection(listener.getsockname())
second = start()
print(client.makefile().read(), second.pid)
second.kill()
second.wait()
`;

Deno.test(
  needs(
    "a listener outlives its server: the next one greets",
    program("python3"),
  ),
  async () => {
    const script = [
      "run",
      "-q",
      "--no-prompt",
      "notebook/networks/inherited.ts",
    ];
    const args = ["-c", LAUNCHER, Deno.execPath(), ...script];
    await using launcher = new Process("python3", args);
    assertEquals(await launcher.code(), 0, launcher.err.text);
    assertMatch(launcher.out.text, /^Hello from process (\d+)\.\n \1\n$/);
  },
);
