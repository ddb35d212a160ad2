import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { address } from "../cli.ts";
import { exchange } from "../udp/client.ts";
import { serve } from "../udp/server.ts";
import {
  bracket,
  GREETING,
  linux,
  MESSAGE,
  needs,
  noise,
  start,
  startServer,
  unix,
} from "./harness.ts";

/** A socket of nobody in particular, at a free port. */
function open(hostname = "127.0.0.1", at = 0) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: at });
  const { port } = socket.addr as Deno.NetAddr;
  return { socket, port, [Symbol.dispose]: () => socket.close() };
}

for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
  Deno.test(`the scripts exchange datagrams at ${hostname}`, async () => {
    await using server = await startServer(
      "udp/server.ts",
      ["--once"],
      hostname,
    );
    const at = bracket(hostname);
    await using client = start(
      "udp/client.ts",
      `${at}:0,${at}:${server.port}`,
      ["--hostname", at, "--port", `${server.port}`],
    );
    assertEquals([await client.code(), client.err.text], [0, ""]);
    assertEquals(client.out.text, GREETING);
    assertEquals(await server.code(), 0);
    assertMatch(
      server.out.text,
      /^(127\.0\.0\.1|\[::1\]):\d+> Message sent from client-side\.\n$/,
    );
  });
}

for (const size of [0, 1, 1024, 1025, 65_507]) {
  Deno.test(`a datagram and its answer of ${size} bytes arrive whole`, async () => {
    const heard: string[] = [];
    const message = noise(size);
    const answer = noise(size).reverse();
    await using server = serve({
      port: 0,
      message: answer,
      onText: (text) => void heard.push(text),
    });
    let received: Uint8Array | undefined;
    const totals = await exchange({
      port: server.addr.port,
      message,
      onData: (bytes) => void (received = bytes),
    });
    assertEquals(totals, { received: size, sent: size, reads: 1 });
    assertEquals(received, answer);
    assertEquals(heard, [new TextDecoder().decode(message)]);
  });
}

Deno.test("each datagram is decoded for itself", async () => {
  const heard: string[] = [];
  await using server = serve({
    port: 0,
    onText: (text) => void heard.push(text),
  });
  const snake = new TextEncoder().encode("🐍");
  for (const message of [snake.subarray(0, 2), snake.subarray(2), snake]) {
    await exchange({ port: server.addr.port, message });
  }
  assertEquals(heard, ["\ufffd", "\ufffd\ufffd", "🐍"]);
});

Deno.test("a lost datagram is sent again", async () => {
  using server = open();
  const silences: number[] = [];
  const asking = exchange({
    port: server.port,
    timeout: 0.02,
    tries: 1000,
    onSilence: (attempt) => void silences.push(attempt),
  });
  await server.socket.receive(); // which we pretend was lost
  const [again, client] = await server.socket.receive();
  assertEquals(new TextDecoder().decode(again), MESSAGE);
  await server.socket.send(new Uint8Array(7), client);
  const totals = await asking;
  assertEquals(totals.received, 7);
  assertEquals(silences[0], 1);
  assertEquals(totals.sent, (silences.length + 1) * MESSAGE.length);
});

Deno.test(
  needs("datagrams from anybody but the server are ignored", linux),
  async () => {
    using server = open();
    // Another port of the same host, and the same port of another host, which
    // on Linux is as easy to have as any address that begins with 127.
    using stranger = open();
    using namesake = open("127.0.0.2", server.port);
    const strangers: string[] = [];
    let received: Uint8Array | undefined;
    const asking = exchange({
      port: server.port,
      timeout: 0,
      onStranger: (peer) => void strangers.push(address(peer)),
      onData: (bytes) => void (received = bytes),
    });
    const [, client] = await server.socket.receive();
    for (const { socket } of [stranger, namesake]) {
      await socket.send(new TextEncoder().encode("forged"), client);
    }
    await server.socket.send(new TextEncoder().encode("true"), client);
    await asking;
    assertEquals(new TextDecoder().decode(received), "true");
    assertEquals(strangers, [
      `127.0.0.1:${stranger.port}`,
      `127.0.0.2:${server.port}`,
    ]);
  },
);

Deno.test("shutdown lets the answer in flight go out", async () => {
  const heard = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  await using server = serve({
    port: 0,
    onText() {
      heard.resolve();
      return shown.promise;
    },
  });
  const asking = exchange({ port: server.addr.port, timeout: 0 });
  await heard.promise;
  const stopped = server.shutdown();
  shown.resolve();
  assertEquals((await asking).received, GREETING.length);
  await stopped;
});

Deno.test("no answer to any try is told, and that UDP cannot tell why", async () => {
  using server = open(); // it receives, and says nothing
  const { port } = server;
  await assertRejects(
    () => exchange({ port, timeout: 0.01, tries: 2 }),
    Deno.errors.TimedOut,
    "no answer; UDP cannot tell a lost datagram from a refused one",
  );
  const net = `127.0.0.1:0,127.0.0.1:${port}`;
  const args = ["--port", `${port}`, "--timeout", "0.01", "--tries", "2"];
  await using client = start("udp/client.ts", net, args);
  assertEquals([await client.code(), client.out.text], [1, ""]);
  assertEquals(client.err.text.split("\n"), [
    "client: no answer to try 1 of 2 in 0.01 s",
    "client: no answer to try 2 of 2 in 0.01 s",
    `client: 127.0.0.1:${port}: no answer; UDP cannot tell a lost datagram ` +
    "from a refused one; is the server there? " +
    "Wait longer with --timeout (0: for ever)",
    "",
  ]);
});

Deno.test("--verbose tells of each datagram, on both sides", async () => {
  const flags = ["--once", "--verbose"];
  await using server = await startServer("udp/server.ts", flags);
  const { port } = server;
  const net = `127.0.0.1:0,127.0.0.1:${port}`;
  const args = ["--port", `${port}`, "--verbose"];
  await using client = start("udp/client.ts", net, args);
  await client.code();
  await server.code();
  const [, local] = /^client: from (\S+) to /.exec(client.err.text)!;
  assertEquals(client.err.text.split("\n"), [
    `client: from ${local} to 127.0.0.1:${port}`,
    "client: over: 24 B received in 1 read, 30 B sent",
    "",
  ]);
  assertEquals(server.err.text.split("\n"), [
    `server: listening on 127.0.0.1:${port}`,
    `server: ${local} over: 30 B received in 1 read, 24 B sent`,
    "",
  ]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(needs(`${signal} ends the UDP server with 0`, unix), async () => {
    await using server = await startServer("udp/server.ts");
    await exchange({ port: server.port });
    server.kill(signal);
    assertEquals([await server.code(), server.err.text], [
      0,
      `server: listening on 127.0.0.1:${server.port}\n`,
    ]);
    assertMatch(server.out.text, /> Message sent from client-side\.\n$/);
  });
}

Deno.test(needs("SIGINT ends the UDP client with 130", unix), async () => {
  using server = open();
  const { port } = server;
  const net = `127.0.0.1:0,127.0.0.1:${port}`;
  const args = ["--port", `${port}`, "--timeout", "0"];
  await using client = start("udp/client.ts", net, args);
  await server.socket.receive();
  client.kill("SIGINT");
  assertEquals(await client.code(), 130);
  assertEquals(client.err.text, "client: interrupted\n");
});
