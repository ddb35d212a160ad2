import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { formatAddress } from "../../lib/address.ts";
import { launcher } from "../../lib/program.ts";
import { withTimeout } from "../../lib/io.ts";
import { exchange } from "../../udp/client.ts";
import { serve, type ServeOptions } from "../../udp/server.ts";
import {
  bracket,
  GREETING,
  linux,
  MESSAGE,
  needs,
  noise,
  Process,
  program,
  start,
  startServer,
  unix,
} from "../harness.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A socket of nobody in particular, at a free port. */
function open(hostname = "127.0.0.1", at = 0) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: at });
  const { port } = socket.addr as Deno.NetAddr;
  return { socket, port, [Symbol.dispose]: () => socket.close() };
}

/** Puts something in the place of a member until it is disposed. */
function replace<T extends object, K extends keyof T>(
  object: T,
  name: K,
  value: T[K],
): Disposable {
  const own = object[name];
  object[name] = value;
  return { [Symbol.dispose]: () => void (object[name] = own) };
}

for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
  Deno.test(`the scripts exchange datagrams at ${hostname}`, async () => {
    await using server = await startServer(
      "udp/server.ts",
      ["--once"],
      hostname,
    );
    const at = bracket(hostname);
    const { port } = server;
    // The addresses of a name are looked up, and each of them is asked.
    const hosts = at === "localhost" ? ["127.0.0.1", "[::1]"] : [at];
    const net = hosts.flatMap((host) => [`${host}:0`, `${host}:${port}`]);
    if (at === "localhost") net.unshift(at);
    const args = ["--hostname", at, "--port", `${port}`];
    await using client = start("udp/client.ts", `${net}`, args);
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
  const marked = encode("\ufeffwith a byte order mark");
  for (
    const message of [snake.subarray(0, 2), snake.subarray(2), snake, marked]
  ) {
    await exchange({ port: server.addr.port, message });
  }
  const text = "\ufeffwith a byte order mark"; // which is a part of the text
  assertEquals(heard, ["\ufffd", "\ufffd\ufffd", "🐍", text]);
});

Deno.test("a lost datagram is sent again", async () => {
  using server = open();
  const opened: Deno.NetAddr[] = [];
  const silences: number[] = [];
  const asking = exchange({
    port: server.port,
    timeout: 0.02,
    tries: 1000,
    onOpen: (_, remote) => void opened.push(remote),
    onTimeout: (attempt) => void silences.push(attempt),
  });
  await server.socket.receive(); // which we pretend was lost
  const [again, client] = await server.socket.receive();
  assertEquals(new TextDecoder().decode(again), MESSAGE);
  await server.socket.send(new Uint8Array(7), client);
  const totals = await asking;
  assertEquals(totals.received, 7);
  assertEquals(opened, [{ ...server.socket.addr as Deno.NetAddr }]);
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
      onStranger: (peer) => void strangers.push(formatAddress(peer)),
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

Deno.test(
  needs("the client says whose datagram it has ignored", unix),
  async () => {
    using server = open();
    using stranger = open();
    const args = ["--port", `${server.port}`, "--timeout", "0"];
    const net = `127.0.0.1:0,127.0.0.1:${server.port}`;
    await using client = start("udp/client.ts", net, args);
    const [, at] = await server.socket.receive();
    await stranger.socket.send(encode("forged"), at);
    await client.err.until(/ignored .*\n/);
    await server.socket.send(encode("true"), at);
    assertEquals([await client.code(), client.out.text], [0, "true"]);
    const line = `client: ignored a datagram from 127.0.0.1:${stranger.port}\n`;
    assertEquals(client.err.text, line);
  },
);

Deno.test("a message that cannot be sent fails, and nothing else does", async () => {
  using server = open();
  const message = new Uint8Array(65_508); // a byte more than IPv4 takes
  const error = await assertRejects(
    () => exchange({ port: server.port, message }),
    Error,
    "too long",
  );
  assertEquals(error.name, "Error");
});

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
  const { port } = server.addr;
  const asking = exchange({ port, timeout: 10, tries: 1 });
  await heard.promise;
  const stopped = server.shutdown();
  shown.resolve();
  assertEquals((await asking).received, GREETING.length);
  await stopped;
});

Deno.test("no answer to any try is told, and that UDP cannot tell why", async () => {
  using server = open(); // it receives, and says nothing
  const { port } = server;
  const delays: number[] = [];
  const { timeout } = AbortSignal;
  const noting = (delay: number) => {
    delays.push(delay);
    return timeout.call(AbortSignal, delay);
  };
  {
    using _ = replace(AbortSignal, "timeout", noting);
    await assertRejects(
      () => exchange({ port, timeout: 0.01, tries: 2 }),
      Deno.errors.TimedOut,
      "no answer; UDP cannot tell a lost datagram from a refused one",
    );
  }
  assertEquals(delays, [10, 10]); // each try waits, and nothing else does
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

// --- What is answered, and what is not ---------------------------------------

/** Something for a server to receive: a datagram from somewhere, or trouble. */
type Arrival = [bytes: Uint8Array, peer: Deno.NetAddr] | Error;

/** A datagram, as it arrives; where from is not proved by anything. */
function from(hostname: string, port: number, text = "hi"): Arrival {
  return [encode(text), { transport: "udp", hostname, port }];
}

/** Runs a server where just this arrives; resolves to what it sends. */
async function answersTo(
  arrivals: Arrival[],
  options: ServeOptions = {},
  hostname = "127.0.0.1",
): Promise<string[]> {
  const sent: string[] = [];
  const rest = arrivals[Symbol.iterator]();
  const socket = {
    addr: { transport: "udp", hostname, port: 1234 },
    // deno-lint-ignore require-await -- it rejects, and does not throw
    async receive() {
      const { value = new Deno.errors.BadResource("closed") } = rest.next();
      if (value instanceof Error) throw value;
      return value;
    },
    send(bytes: Uint8Array, { port }: Deno.NetAddr) {
      sent.push(`${port}: ${decode(bytes)}`);
      return Promise.resolve(bytes.length);
    },
    close() {},
  };
  const ours = (() => socket) as unknown as typeof Deno.listenDatagram;
  using _ = replace(Deno, "listenDatagram", ours);
  await serve({ message: "Hello!", ...options }).finished;
  return sent;
}

Deno.test("nobody is answered who cannot be, or does not want it", async () => {
  const totals: number[] = [];
  const errors: Error[] = [];
  const sent = await answersTo([
    from("127.0.0.1", 1234), // it pretends to be the server itself
    from("127.0.0.1", 0), // RFC 768: no port means no answer
    from("127.0.0.2", 1234),
    from("127.0.0.1", 1235),
  ], {
    onDone: (_, { sent }) => void totals.push(sent),
    onError: (error) => void errors.push(error),
  });
  assertEquals(sent, ["1234: Hello!", "1235: Hello!"]);
  assertEquals(totals, [0, 0, 6, 6]);
  assertEquals(errors, []);
});

Deno.test("an answer that comes back is not answered again", async () => {
  const sent = await answersTo([
    from("127.0.0.1", 7, "Hello!"), // a client may well say the same
    from("127.0.0.1", 7, "Hello!"), // but now it is our own answer
    from("127.0.0.1", 7, "Hello?"),
    from("127.0.0.1", 7, "Hello"),
    from("127.0.0.1", 8, "Hello!"),
  ]);
  assertEquals(sent, ["7: Hello!", "7: Hello!", "7: Hello!", "8: Hello!"]);
});

for (const hostname of ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::"]) {
  Deno.test(`at ${hostname} an answer is shorter than its question`, async () => {
    const arrivals = [0, 1, 2, 6, 7, 8].map((length) => {
      return from("192.0.2.2", length + 1, "x".repeat(length));
    });
    assertEquals(await answersTo(arrivals, {}, hostname), [
      "3: H",
      "7: Hello",
      "8: Hello!",
      "9: Hello!",
    ]);
    // The article's two sentences go through whole.
    const asked = [from("192.0.2.2", 1, MESSAGE)];
    const sent = await answersTo(asked, { message: GREETING }, hostname);
    assertEquals(sent, [`1: ${GREETING}`]);
  });
}

Deno.test("two servers that are set against each other soon fall silent", async () => {
  const log: string[] = [];
  const over = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const received = Promise.withResolvers<void>();
  function options(name: string): ServeOptions {
    return {
      onText: (text) => void log.push(`${name} < ${text}`),
      onDone(_, { sent }) {
        log.push(`${name} > ${sent}`);
        if (sent === 0 || log.length > 20) over.resolve();
      },
    };
  }
  await using one = serve({
    port: 0,
    ...options("one"),
    onText(text) {
      log.push(`one < ${text}`);
      received.resolve();
      return taken.promise;
    },
  });
  // Only root can forge an address; but a port may go from hand to hand.
  const { port, socket } = open();
  await socket.send(encode("hi"), one.addr);
  await received.promise;
  socket.close();
  await using _two = serve({ port, ...options("two") });
  taken.resolve();
  await withTimeout(10, over.promise); // it is over at once, or never
  assertEquals(log.sort(), [
    `one < ${GREETING}`,
    "one < hi",
    "one > 0",
    "one > 24",
    `two < ${GREETING}`,
    "two > 24",
  ]);
});

Deno.test(
  needs(
    "at a terminal a stranger raises no question",
    linux,
    program("python3"),
  ),
  async () => {
    const args = ["run", "--allow-net=127.0.0.1", "udp/server.ts", "--port=0"];
    const command = ["tests/peers/terminal.py", Deno.execPath(), ...args];
    await using terminal = new Process("python3", command);
    const [, port] = await terminal.out.until(/listening on \S+:(\d+)/);
    using stranger = open("127.0.0.2");
    const hostname = "127.0.0.1";
    const at = { transport: "udp", hostname, port: Number(port) } as const;
    await stranger.socket.send(encode("hi"), at);
    const [, reaction] = await terminal.out.until(/(requests|sandbox[^\n]*\n)/);
    assertEquals(
      reaction.trimEnd(),
      `sandbox does not allow 127.0.0.2:${stranger.port}; run it as: ` +
        `${launcher(Deno.execPath(), true)} run ` +
        "--allow-net=127.0.0.1,127.0.0.2 udp/server.ts --port=0",
    );
    const { received } = await exchange({ port: at.port, timeout: 0 });
    assertEquals(received, GREETING.length);
    await stranger.socket.send(encode("hi"), at); // nor does the next one
    await terminal.out.until(/(requests|sandbox[^\n]*\n)/, 2);
    assertEquals(/requests/.exec(terminal.out.text), null);
  },
);

Deno.test("the server answers where its grant is for one port alone", async () => {
  using friend = open();
  using stranger = open();
  const net = `127.0.0.1:0,127.0.0.1:${friend.port}`;
  await using server = start("udp/server.ts", net, ["--port", "0"]);
  const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
  const hostname = "127.0.0.1";
  const at = { transport: "udp", hostname, port: Number(port) } as const;
  await stranger.socket.send(encode("hi"), at);
  const refusal = `does not allow 127.0.0.1:${stranger.port};`;
  await server.err.until(RegExp(refusal));
  await friend.socket.send(encode("hi"), at);
  const answer = await withTimeout(10, friend.socket.receive());
  assertEquals(decode(answer![0]), GREETING);
});

// --- Trouble -----------------------------------------------------------------

Deno.test("no failure to receive a datagram ends the server", async () => {
  const { ConnectionReset } = Deno.errors;
  const delays: number[] = [];
  const later = ((ring: () => void, delay: number) => {
    delays.push(delay);
    queueMicrotask(ring);
  }) as unknown as typeof setTimeout;
  using _ = replace(globalThis, "setTimeout", later);
  const told: string[] = [];
  const sent = await answersTo([
    new ConnectionReset("os error 10054"), // an answer that nobody took
    new ConnectionReset("os error 10054"), // at once: nothing is used up
    from("127.0.0.1", 1),
    new Error("out of memory"),
    new Error("out of memory"),
    from("127.0.0.1", 2),
  ], {
    onError: (error, { port }) => void told.push(`${port}: ${error.message}`),
  });
  assertEquals(sent, ["1: Hello!", "2: Hello!"]);
  assertEquals(delays, [100, 100]);
  assertEquals(told, [ // once each, as long as it lasts
    "1234: a client left before it was answered",
    "1234: out of memory",
  ]);
});

Deno.test("a refusal, of which only Windows tells, counts as silence", async () => {
  const arrivals: Arrival[] = [
    new Deno.errors.ConnectionReset("os error 10054"),
    from("127.0.0.1", 1234),
  ];
  const socket = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 1 },
    // deno-lint-ignore require-await -- it rejects, and does not throw
    async receive() {
      const arrival = arrivals.shift()!;
      if (arrival instanceof Error) throw arrival;
      return arrival;
    },
    send: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    close() {},
  };
  const ours = (() => socket) as unknown as typeof Deno.listenDatagram;
  using _ = replace(Deno, "listenDatagram", ours);
  assertEquals((await exchange()).received, 2);
});

Deno.test("a datagram is answered when its text is shown, and not before", async () => {
  const log: string[] = [];
  await answersTo([from("127.0.0.1", 1), from("127.0.0.1", 2)], {
    async onText(_, { port }) {
      log.push(`text ${port}`);
      await new Promise((resolve) => setTimeout(resolve));
      log.push(`shown ${port}`);
    },
    onDone: ({ port }) => void log.push(`done ${port}`),
  });
  const each = (port: number) =>
    ["text", "shown", "done"].map((what) => {
      return `${what} ${port}`;
    });
  assertEquals(log, [...each(1), ...each(2)]);
});

const mine = new Error("thrown by a callback");
const HOW: Record<string, () => void> = {
  throws: () => {
    throw mine;
  },
  rejects: () => Promise.reject(mine),
};

for (const [how, fail] of Object.entries(HOW)) {
  for (const name of ["onText", "onDone"] as const) {
    Deno.test(`the server reports an ${name} that ${how}, and goes on`, async () => {
      const told: string[] = [];
      await answersTo([from("127.0.0.1", 1), from("127.0.0.1", 2)], {
        [name]: fail,
        onError: ({ message }, { port }) =>
          void told.push(`${port}: ${message}`),
      });
      assertEquals(told, [`1: ${mine.message}`, `2: ${mine.message}`]);
    });
  }

  Deno.test(`an onError that ${how} is told on the console, and no more`, async () => {
    const told: unknown[] = [];
    using _ = replace(console, "error", (error) => void told.push(error));
    const another = new Error("another");
    const onText = () => {
      throw another;
    };
    const arrivals = [new Error("of receiving"), from("127.0.0.1", 1)];
    await answersTo(arrivals, { onText, onError: fail });
    assertEquals(told, [mine, mine]);
  });
}

for (const name of ["onOpen", "onTimeout", "onStranger", "onData"] as const) {
  Deno.test(`the client passes on what an ${name} throws`, async () => {
    using server = open();
    using stranger = open();
    const asking = exchange({
      port: server.port,
      timeout: name === "onTimeout" ? 0.01 : 0,
      [name]: HOW.throws,
    });
    const failed = assertRejects(() => asking, Error, mine.message);
    if (name === "onStranger" || name === "onData") {
      const [, client] = await server.socket.receive();
      const { socket } = name === "onData" ? server : stranger;
      await socket.send(encode("hi"), client);
    }
    await failed;
  });
}
