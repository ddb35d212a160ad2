import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { delay, writeAll } from "../../lib/io.ts";
import { freeze, untilWaiting } from "../../notebook/lib/backlog.ts";
import { exchange } from "../../client.ts";
import { serve, type ServeOptions } from "../../server.ts";
import {
  bracket,
  FakeTime,
  GREETING,
  linux,
  MESSAGE,
  needs,
  noise,
  Process,
  program,
  read,
  replace,
  start,
  startServer,
  unix,
} from "../harness.ts";

const python = program("python3");

/** Serves on a free port, and keeps what it hears. */
function listen(options: ServeOptions = {}) {
  const heard: string[] = [];
  const errors: string[] = [];
  let more = Promise.withResolvers<void>();
  const server = serve({
    port: 0,
    onText(text) {
      heard.push(text);
      more.resolve();
      more = Promise.withResolvers();
    },
    onError: (error) => void errors.push(`${error.name}: ${error.message}`),
    ...options,
  });
  /** Resolves when something more is heard. */
  const next = () => more.promise;
  return Object.assign(server, { heard, errors, next });
}

/** Collects what a client receives. */
function collect() {
  const parts: Uint8Array[] = [];
  return {
    onData: (bytes: Uint8Array) => void parts.push(bytes.slice()),
    bytes: () => new Blob(parts as Uint8Array<ArrayBuffer>[]).bytes(),
  };
}

/** Connects as a program that is not ours would. */
function connect({ addr }: { addr: Deno.NetAddr }): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: addr.hostname, port: addr.port });
}

/**
 * Resolves when nobody listens any more. Until then we may be accepted, and are
 * polite; but we leave the server a moment in which nobody comes.
 */
async function untilRefused(port: number): Promise<void> {
  const { ConnectionRefused, ConnectionReset } = Deno.errors;
  for (;; await delay(0.01)) {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await conn.closeWrite();
      while (await conn.read(new Uint8Array(100)) !== null);
    } catch (error) {
      if (error instanceof ConnectionRefused) return;
      // We were in the backlog of a listener that closed.
      if (!(error instanceof ConnectionReset)) throw error;
    }
  }
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

// --- The conversation, between ours and ours ---------------------------------

for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
  Deno.test(`the scripts greet each other at ${hostname}`, async () => {
    const at = bracket(hostname);
    await using server = await startServer("server.ts", ["--once"], hostname);
    const { port } = server;
    await using client = start(
      "client.ts",
      `${at}:${port}`,
      ["--hostname", at, "--port", `${port}`],
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

for (const size of [0, 1, 1024, 1025, 2 ** 20]) {
  Deno.test(`greeting and message of ${size} bytes arrive whole`, async () => {
    const greeting = noise(size);
    const message = noise(size).reverse();
    await using server = listen({ message: greeting });
    const { onData, bytes } = collect();
    const totals = await exchange({ port: server.addr.port, message, onData });
    await server.shutdown();
    assertEquals([totals.received, totals.sent], [size, size]);
    assertEquals(await digest(await bytes()), await digest(greeting));
    const heard = new TextEncoder().encode(server.heard.join(""));
    assertEquals(await digest(heard), await digest(message));
    assertEquals(server.errors, []);
  });
}

Deno.test("no read takes more than the buffer holds", async () => {
  const sizes: number[] = [];
  await using server = listen({
    onText: (text) => void sizes.push(text.length),
  });
  const message = noise(10_000);
  const totals = await exchange({ port: server.addr.port, message });
  await server.shutdown();
  assertEquals(sizes.reduce((sum, size) => sum + size, 0), 10_000);
  assertEquals(Math.max(...sizes), 1024);
  assertEquals(totals.reads, 1);
});

for (const buffer of [1, 2, 3]) {
  Deno.test(`a character survives reads of ${buffer} bytes`, async () => {
    await using server = listen({ buffer });
    await exchange({ port: server.addr.port, message: "🐍é🐍" });
    await server.shutdown();
    assertEquals(server.heard.join(""), "🐍é🐍");
    assertEquals(server.heard.includes("\ufffd"), false);
  });
}

Deno.test("a character split at each of its places survives 1,024 byte reads", async () => {
  for (const lead of [1021, 1022, 1023]) {
    await using server = listen();
    const text = "x".repeat(lead) + "🐍";
    await exchange({ port: server.addr.port, message: text });
    await server.shutdown();
    assertEquals(server.heard.join(""), text);
  }
});

Deno.test("what is not UTF-8, or ends too early, shows as U+FFFD", async () => {
  for (
    const [bytes, shown] of [
      [[0xff, 0x41], "\ufffdA"],
      [[0x41, 0xf0, 0x9f, 0x90], "A\ufffd"],
      [[0xc0, 0xaf], "\ufffd\ufffd"],
      [[0xef, 0xbb, 0xbf, 0x41], "\ufeffA"],
    ] as [number[], string][]
  ) {
    await using server = listen();
    const message = Uint8Array.from(bytes);
    await exchange({ port: server.addr.port, message });
    await server.shutdown();
    assertEquals(server.heard.join(""), shown);
  }
});

Deno.test("the client listens to the server's end of stream, whenever that is", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    await conn.write(new TextEncoder().encode("first "));
    const heard: number[] = [];
    const bytes = new Uint8Array(100);
    for (let n; (n = await conn.read(bytes)) !== null;) heard.push(n);
    await conn.write(new TextEncoder().encode("and last"));
    return heard.reduce((sum, n) => sum + n, 0);
  })();
  const { onData, bytes } = collect();
  await exchange({ port: listener.addr.port, onData });
  assertEquals(new TextDecoder().decode(await bytes()), "first and last");
  assertEquals(await serving, MESSAGE.length);
});

Deno.test("a server that says nothing, and says so, is answered in full", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const message = noise(2 ** 20);
  const asking = exchange({ port: listener.addr.port, message });
  using conn = await listener.accept();
  await conn.closeWrite();
  const bytes = new Uint8Array(2 ** 16);
  let heard = 0;
  for (let n; (n = await conn.read(bytes)) !== null;) heard += n;
  assertEquals(heard, 2 ** 20);
  assertEquals(await asking, { received: 0, sent: 2 ** 20, reads: 0 });
});

Deno.test("the client waits until something has arrived before it speaks", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asking = exchange({ port: listener.addr.port });
  using conn = await listener.accept();
  const bytes = new Uint8Array(100);
  let spoken = false;
  const read = conn.read(bytes).then((n) => (spoken = true, n));
  // Another whole conversation fits into the time that this one is silent.
  const other = exchange({ port: listener.addr.port });
  using another = await listener.accept();
  await another.write(new Uint8Array(1));
  for (let n; (n = await another.read(new Uint8Array(100))) !== null;) void n;
  another.close();
  await other;
  assertEquals(spoken, false);
  await conn.write(new Uint8Array(1));
  assertEquals(await read, MESSAGE.length);
  conn.close();
  await asking;
});

// --- Many clients, and troubled ones -----------------------------------------

Deno.test("many clients are served at once, while one is silent", async () => {
  await using server = listen();
  using silent = await connect(server);
  await silent.read(new Uint8Array(100));
  const clients = Array.from({ length: 50 }, (_, i) => {
    return exchange({ port: server.addr.port, message: `client ${i}` });
  });
  await Promise.all(clients);
  await silent.closeWrite();
  await server.shutdown();
  const expected = clients.map((_, i) => `client ${i}`).sort();
  assertEquals(server.heard.sort(), expected);
});

Deno.test("a client that is silent for too long is given up", async () => {
  await using server = listen({ timeout: 0.05 });
  using conn = await connect(server);
  await conn.read(new Uint8Array(100));
  assertEquals(await conn.read(new Uint8Array(100)), null);
  await server.shutdown();
  assertEquals(server.errors, ["TimedOut: silent for 0.05 s"]);
});

Deno.test("a server that is silent for too long is given up", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = listener.addr.port;
  const error = await assertRejects(() => exchange({ port, timeout: 0.05 }));
  assertEquals((error as Error).name, "TimedOut");
});

Deno.test("--max-bytes is the last byte that is let in", async () => {
  await using server = listen({ maxBytes: 2000 });
  await exchange({ port: server.addr.port, message: noise(2000) });
  assertEquals([server.heard.join("").length, server.errors], [2000, []]);
  server.heard.length = 0;
  const more = exchange({ port: server.addr.port, message: noise(1e6) });
  await more.catch(() => {}); // whether a reset reaches it is a race
  await server.shutdown();
  assertEquals(server.errors, [
    "QuotaExceededError: the limit of 2000 bytes (maxBytes) is reached",
  ]);
  const allowed = new TextDecoder().decode(noise(2000));
  assertEquals(server.heard.join(""), allowed);
});

Deno.test("one byte more than --max-bytes is too many, on either side", async () => {
  const words = "the limit of 2000 bytes (maxBytes) is reached";
  await using server = listen({ maxBytes: 2000, message: noise(2001) });
  const { port } = server.addr;
  await exchange({ port, message: noise(2001) });
  await server.shutdown();
  assertEquals(server.errors, [`QuotaExceededError: ${words}`]);
  await using other = listen({ message: noise(2001) });
  const { onData, bytes } = collect();
  const at = { port: other.addr.port, onData };
  await assertRejects(() => exchange({ ...at, maxBytes: 2000 }), Error, words);
  assertEquals(await bytes(), noise(2000));
  assertEquals((await exchange({ ...at, maxBytes: 2001 })).received, 2001);
});

Deno.test("a server without end is left at --max-bytes, with what it has sent", async () => {
  await using server = await startServer("server.ts", ["--message", "12345"]);
  const net = `127.0.0.1:${server.port}`;
  const args = ["--port", `${server.port}`, "--max-bytes", "4"];
  await using client = start("client.ts", net, args);
  assertEquals([await client.code(), client.out.text, client.err.text], [
    1,
    "1234",
    `client: ${net}: the limit of 4 bytes (--max-bytes) is reached\n`,
  ]);
});

Deno.test("beyond --max-connections clients wait, and are served in the end", async () => {
  let opened = 0;
  await using server = listen({
    maxConnections: 2,
    onOpen: () => void opened++,
  });
  using one = await connect(server);
  using two = await connect(server);
  using three = await connect(server); // the kernel connects it; nobody accepts
  const bytes = new Uint8Array(100);
  await one.read(bytes);
  await two.read(bytes);
  const served = three.read(bytes);
  // The server goes round its loop for the others as often as they like.
  for (let i = 1; i <= 10; i++) {
    await two.write(new Uint8Array([65]));
    while (server.heard.length < i) await Promise.race([server.next(), served]);
  }
  assertEquals(opened, 2);
  await one.closeWrite();
  assertEquals(await served, GREETING.length);
  await two.closeWrite();
  await three.closeWrite();
  await server.shutdown();
  assertEquals([opened, server.errors[0]], [
    3,
    "QuotaExceededError: the limit of 2 connections (maxConnections) is reached",
  ]);
});

Deno.test("shutdown lets a conversation finish, and takes no new one", async () => {
  await using server = listen();
  using conn = await connect(server);
  await conn.read(new Uint8Array(100));
  const stopped = server.shutdown();
  await untilRefused(server.addr.port);
  await conn.write(new TextEncoder().encode("still here"));
  await conn.closeWrite();
  await stopped;
  assertEquals([server.heard, server.errors], [["still here"], []]);
});

Deno.test("a silent conversation is cut off 5 seconds into a shutdown", async () => {
  await using server = listen();
  using conn = await connect(server);
  await conn.read(new Uint8Array(100));
  await server.shutdown();
  assertEquals(await conn.read(new Uint8Array(100)), null);
  assertMatch(server.errors.join(), /^Interrupted: /);
});

Deno.test("who says something now and then is not silent", async () => {
  await using server = listen({ timeout: 1 });
  using conn = await connect(server);
  await conn.read(new Uint8Array(100));
  for (let i = 0; i < 6; i++) { // for 1.5 seconds, longer than the timeout
    await delay(0.25);
    await conn.write(new Uint8Array([65]));
  }
  await conn.closeWrite();
  await server.shutdown();
  assertEquals([server.heard.join(""), server.errors], ["AAAAAA", []]);
});

Deno.test("our own slowness is not the other side's silence", async () => {
  const slowly = () => delay(0.2);
  await using server = listen({ timeout: 0.1, onText: slowly });
  const { port } = server.addr;
  await exchange({ port, timeout: 0.1, message: "", onData: slowly });
  // The client leaves its end open until the server has shown what it said.
  using conn = await connect(server);
  await conn.write(new Uint8Array([65]));
  await conn.closeWrite();
  while (await conn.read(new Uint8Array(100)) !== null);
  await server.shutdown();
  assertEquals(server.errors, []);
});

Deno.test("a message that cannot be read ends the exchange with the reason", async () => {
  await using server = listen();
  const { port } = server.addr;
  async function* message() {
    yield new Uint8Array([65]);
    await Promise.reject(new RangeError("torn"));
  }
  await assertRejects(
    () => exchange({ port, message: message(), timeout: 0 }),
    RangeError,
    "torn",
  );
});

Deno.test("the timeout ends an exchange whose message never comes", async () => {
  await using server = listen({ timeout: 0.05 });
  const { port } = server.addr;
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* message() {
    yield new Uint8Array([65]);
    await promise;
  }
  await assertRejects(
    () => exchange({ port, message: message(), timeout: 0.2 }),
    Deno.errors.TimedOut,
  );
  resolve();
});

Deno.test("a callback that throws ends no conversation", async () => {
  let opened = 0;
  await using server = listen({
    onOpen() {
      if (++opened === 1) throw new TypeError("mine");
    },
  });
  await exchange({ port: server.addr.port, message: "1" });
  await exchange({ port: server.addr.port, message: "2" });
  await server.shutdown();
  assertEquals([server.heard, server.errors], [["1", "2"], [
    "TypeError: mine",
  ]]);
});

const THROWING = ["onListen", "onOpen", "onText", "onDone"] as const;

for (const name of THROWING) {
  for (const [how, fault] of [["throws", mine], ["rejects", later]] as const) {
    Deno.test(`${name} that ${how} is reported, and ends no process`, async () => {
      await using server = listen({ [name]: fault });
      for (let i = 0; i < 2; i++) {
        await exchange({ port: server.addr.port });
      }
      await server.shutdown();
      const times = name === "onListen" ? 1 : 2;
      assertEquals(server.errors, Array(times).fill("TypeError: mine"));
      // Where the fault is not in what was heard, it was heard all the same.
      const isHeard = name !== "onText";
      assertEquals(server.heard, isHeard ? [MESSAGE, MESSAGE] : []);
    });
  }
}

for (const [how, fault] of [["throws", mine], ["rejects", later]] as const) {
  Deno.test(`onError that ${how} is reported on the console`, async () => {
    const told: unknown[] = [];
    using _console = replace(console, "error", (error) => told.push(error));
    await using server = listen({ onOpen: mine, onError: fault });
    const { port } = server.addr;
    for (let i = 0; i < 2; i++) await exchange({ port });
    await server.shutdown();
    assertEquals(told.map(String), Array(2).fill("TypeError: mine"));
  });
}

Deno.test("without onError a callback that throws is told on the console", async () => {
  const told: unknown[] = [];
  using _console = replace(console, "error", (error) => told.push(error));
  await using server = listen({ onDone: mine, onError: undefined });
  await exchange({ port: server.addr.port });
  await server.shutdown();
  assertEquals(told.map(String), ["TypeError: mine"]);
});

for (const name of ["onRefused", "onOpen", "onData"] as const) {
  for (const [how, fault] of [["throws", mine], ["rejects", later]] as const) {
    Deno.test(`${name} that ${how} ends its exchange, and is its reason`, async () => {
      await using server = listen();
      const { port } = server.addr;
      using _connect = refuseFirst(name === "onRefused" ? 1 : 0);
      const error = await assertRejects(() =>
        exchange({ port, wait: 60, [name]: fault })
      );
      assertEquals(String(error), "TypeError: mine");
    });
  }
}

function mine(): never {
  throw new TypeError("mine");
}

async function later(): Promise<never> {
  await Promise.resolve();
  return mine();
}

/** Refuses the first connections as if nobody listened yet. */
function refuseFirst(times: number): Disposable {
  const real = Deno.connect;
  return replace(
    Deno,
    "connect",
    ((options: Deno.ConnectOptions) => {
      if (times-- > 0) throw new Deno.errors.ConnectionRefused();
      return real(options);
    }) as typeof Deno.connect,
  );
}

Deno.test("--wait reports once that it waits, which is no silence", async () => {
  await using server = listen();
  const { port } = server.addr;
  let refused = 0;
  using _connect = refuseFirst(30); // which takes longer than the timeout
  const onRefused = () => void refused++;
  const options = { port, wait: 60, timeout: 0.5, onRefused };
  assertEquals((await exchange(options)).received, GREETING.length);
  assertEquals(refused, 1);
});

Deno.test("the timeout ends even the connecting", async () => {
  using _connect = replace(
    Deno,
    "connect",
    (({ signal }: { signal?: AbortSignal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => reject(signal!.reason));
      return signal ? promise : Promise.reject(new Error("no signal"));
    }) as never,
  );
  await assertRejects(() => exchange({ timeout: 0.1 }), Deno.errors.TimedOut);
});

Deno.test("where no descriptor is left, the server waits before it accepts again", async () => {
  using time = new FakeTime();
  let accepts = 0;
  const full = Object.assign(new Error("Too many open files"), {
    code: "EMFILE",
  });
  const listener = {
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    accept() {
      const error = ++accepts < 3 ? full : new Deno.errors.BadResource();
      return Promise.reject(error);
    },
    [Symbol.dispose]() {},
  };
  using _listen = replace(Deno, "listen", (() => listener) as never);
  const server = listen();
  for (const tried of [1, 2, 3]) {
    await time.pass(0);
    assertEquals([accepts, time.delays], [tried, tried < 3 ? [100] : []]);
    await time.pass(100);
  }
  await server.finished;
  assertEquals(server.errors, ["Error: Too many open files"]); // not twice
});

Deno.test("a server for one conversation takes nobody else meanwhile", async () => {
  await using server = listen({ once: true });
  using conn = await connect(server);
  await conn.read(new Uint8Array(100));
  await assertRejects(() => connect(server), Deno.errors.ConnectionRefused);
  await conn.closeWrite();
  await server.finished;
});

Deno.test(
  needs("--backlog is what the system is asked for", linux, program("ss")),
  async () => {
    await using server = await startServer("server.ts", ["--backlog", "7"]);
    const sockets = await read("ss", "-Hltn", `sport = :${server.port}`);
    assertMatch(sockets, /^LISTEN\s+0\s+7\s/);
  },
);

Deno.test("a message that cannot be read leaves no server waiting", async () => {
  await using server = listen({ timeout: 0.5 });
  const { port } = server.addr;
  // deno-lint-ignore require-yield
  async function* message() {
    await Promise.reject(new RangeError("torn"));
  }
  await assertRejects(
    () => exchange({ port, message: message(), timeout: 0 }),
    RangeError,
    "torn",
  );
  await server.shutdown();
  assertEquals(server.errors, []); // least of all a timeout
});

Deno.test("options out of range are a RangeError, in both scripts", async () => {
  assertThrows(() => serve({ port: 65_536 }), RangeError, "port takes a whole");
  assertThrows(() => serve({ port: 0, buffer: 0 }), RangeError, "buffer takes");
  assertThrows(() => serve({ port: 0, timeout: NaN }), RangeError, "timeout");
  await assertRejects(() => exchange({ buffer: 0 }), RangeError, "buffer");
  await assertRejects(() => exchange({ wait: Infinity }), RangeError, "wait");
});

Deno.test("an option that is undefined has its default", async () => {
  await using server = listen({ message: undefined, buffer: undefined });
  const { port } = server.addr;
  const { received } = await exchange({ port, hostname: undefined });
  assertEquals(received, GREETING.length);
});

Deno.test("writeAll() goes on where a write takes only a part", async () => {
  const taken: number[] = [];
  const write = (bytes: Uint8Array) => {
    taken.push(bytes[0]);
    return Promise.resolve(Math.min(2, bytes.length));
  };
  await writeAll({ write }, Uint8Array.from([1, 2, 3, 4, 5]));
  assertEquals(taken, [1, 3, 5]);
});

// --- The command line --------------------------------------------------------

Deno.test("--message - sends a megabyte of standard input", async () => {
  await using server = await startServer("server.ts", [
    "--once",
    "--verbose",
  ]);
  const { port } = server;
  const stdin = noise(2 ** 20);
  const args = ["--port", `${port}`, "--message", "-"];
  await using client = start("client.ts", `127.0.0.1:${port}`, args, { stdin });
  assertEquals([await client.code(), client.err.text], [0, ""]);
  assertEquals(await server.code(), 0);
  assertMatch(
    server.err.text,
    / over: 1\.05 MB received in \d+ reads, 24 B sent\n$/,
  );
  const heard = server.out.text.replaceAll(/^127\.0\.0\.1:\d+> |\n/gm, "");
  assertEquals(heard, new TextDecoder().decode(stdin));
});

Deno.test(
  needs("a file holds the greeting and nothing else", unix),
  async () => {
    const message = "caf\u00e9 \u001b[31m\u0000\r\n🐍 no newline";
    const server = serve({ port: 0, message });
    const file = await Deno.makeTempFile();
    await using shell = new Process("sh", [
      "-c",
      `exec "$0" run --allow-net=127.0.0.1:$1 client.ts --port $1 > "$2"`,
      Deno.execPath(),
      `${server.addr.port}`,
      file,
    ]);
    assertEquals(await shell.code(), 0);
    assertEquals(await Deno.readTextFile(file), message);
    await Deno.remove(file);
    await server.shutdown();
  },
);

Deno.test("--wait keeps trying until the server is there", async () => {
  using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = first.addr;
  first.close(); // nobody listens there now
  const args = ["--port", `${port}`, "--wait", "30", "--verbose"];
  await using client = start("client.ts", `127.0.0.1:${port}`, args);
  await client.err.until(/nobody listens on .* yet/);
  await using server = serve({ port });
  assertEquals(await client.code(), 0);
  assertEquals(client.out.text, GREETING);
  await server.shutdown();
});

Deno.test("--verbose tells of opening and closing, on both sides", async () => {
  await using server = await startServer("server.ts", [
    "--once",
    "--verbose",
  ]);
  const { port } = server;
  const args = ["--port", `${port}`, "--verbose"];
  await using client = start("client.ts", `127.0.0.1:${port}`, args);
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
    `server: ${local} connected`,
    `server: ${local} over: 30 B received in 1 read, 24 B sent`,
    "",
  ]);
  assertEquals(server.out.text, `${local}> ${MESSAGE}\n`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(
    needs(
      `${signal} lets a conversation finish, then ends the server with 0`,
      unix,
    ),
    async () => {
      await using server = await startServer("server.ts");
      const { port } = server;
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await conn.read(new Uint8Array(100));
      server.kill(signal);
      await untilRefused(port);
      await conn.write(new TextEncoder().encode("goodbye"));
      await conn.closeWrite();
      assertEquals(await server.code(), 0);
      assertMatch(server.out.text, /^127\.0\.0\.1:\d+> goodbye\n$/);
    },
  );
}

Deno.test(
  needs("SIGTERM: whoever waits in the backlog is served all the same", linux),
  async () => {
    await using server = await startServer("server.ts");
    const at = { hostname: "127.0.0.1", port: server.port };
    await freeze(server); // now nobody is accepted, but the system connects
    using conns = new DisposableStack();
    const clients = [];
    for (let i = 0; i < 300; i++) { // Deno accepts some 130 in one go
      const conn = conns.use(await Deno.connect(at));
      await writeAll(conn, `client ${i}\n`);
      await conn.closeWrite();
      clients.push(conn);
    }
    await untilWaiting(server.port, 300);
    server.kill("SIGTERM");
    server.kill("SIGCONT");
    const heard = clients.map((conn) => new Response(conn.readable).text());
    assertEquals(await Promise.all(heard), Array(300).fill(GREETING));
    assertEquals(await server.code(), 0);
    const said = server.out.text.matchAll(/> client (\d+)$/gm);
    assertEquals(new Set(Array.from(said, ([, i]) => i)).size, 300);
  },
);

Deno.test(
  needs("a server that was stopped cuts nobody off who spoke", unix),
  async () => {
    const flags = ["--once", "--timeout", "2"];
    await using server = await startServer("server.ts", flags);
    const { port } = server;
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.read(new Uint8Array(100));
    server.kill("SIGSTOP");
    await conn.write(new TextEncoder().encode("while you "));
    await delay(3); // longer than its patience: this is what is tested
    server.kill("SIGCONT");
    await server.out.until(/while you /);
    await conn.write(new TextEncoder().encode("were away"));
    await conn.closeWrite();
    assertEquals(await server.code(), 0);
    assertMatch(server.out.text, /> while you \n.*> were away\n$/);
    assertEquals(
      server.err.text,
      `server: listening on 127.0.0.1:${port}\n`,
    );
  },
);

Deno.test(needs("a second SIGINT ends the server at once", unix), async () => {
  await using server = await startServer("server.ts");
  const { port } = server;
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.read(new Uint8Array(100));
  server.kill("SIGINT");
  await server.err.until(/stopping: /);
  server.kill("SIGINT");
  assertEquals(await server.code(), 130); // not 0, as after five seconds
});

Deno.test(needs("SIGINT ends the client with 130", unix), async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const args = ["--port", `${port}`, "--verbose"];
  await using client = start("client.ts", `127.0.0.1:${port}`, args);
  await client.err.until(/from/);
  client.kill("SIGINT");
  assertEquals(await client.code(), 130);
  assertMatch(client.err.text, /client: interrupted\n$/);
});

// --- The article's scripts, corrected ----------------------------------------

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(
    needs(`Python's client and our server, at ${hostname}`, python),
    async () => {
      await using server = await startServer(
        "server.ts",
        ["--once"],
        hostname,
      );
      const { port } = server;
      const args = ["tests/peers/client.py", hostname, `${port}`];
      await using client = new Process("python3", args);
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.text, `${GREETING}\n`);
      assertEquals(await server.code(), 0);
      assertMatch(server.out.text, /> Message sent from client-side\.\n$/);
    },
  );

  Deno.test(
    needs(`Python's server and our client, at ${hostname}`, python),
    async () => {
      const args = ["-u", "tests/peers/server.py", hostname, "0"];
      await using server = new Process("python3", args);
      const [port] = await server.err.until(/\d+(?=\n)/);
      const at = bracket(hostname);
      const flags = ["--hostname", hostname, "--port", port];
      await using client = start("client.ts", `${at}:${port}`, flags);
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.text, GREETING);
      assertEquals(await server.code(), 0);
      assertEquals(server.out.text, `${MESSAGE}\n`);
    },
  );
}

Deno.test(
  needs("Python's client and Python's server, as a check on both", python),
  async () => {
    await using server = new Process("python3", [
      "tests/peers/server.py",
      "127.0.0.1",
      "0",
    ]);
    const [port] = await server.err.until(/\d+(?=\n)/);
    await using client = new Process("python3", [
      "tests/peers/client.py",
      "127.0.0.1",
      port,
    ]);
    assertEquals([await client.code(), client.out.text], [0, `${GREETING}\n`]);
    assertEquals([await server.code(), server.out.text], [0, `${MESSAGE}\n`]);
  },
);
