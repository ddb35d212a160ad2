/**
 * The chat, as programs that nobody here wrote join it, and as people of bad
 * will do: whatever one of them does, the others miss no line, and all of them
 * hear the same lines in the same order.
 */

import { createHash } from "node:crypto";
import type net from "node:net";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  fail,
} from "@std/assert";
import { withTimeout, writeAll } from "../../lib/io.ts";
import { Transcript } from "../../lib/process.ts";
import type { Server } from "../../lib/serve.ts";
import { serve, type ServeOptions } from "../../notebook/applications/chat.ts";
import { freeze, untilWaiting } from "../../notebook/lib/backlog.ts";
import { consoleOf, FakeConn, FakeListener, turn } from "../unit/fakes.ts";
import {
  audited,
  connect,
  descriptorsOf,
  failure,
  linux,
  memoryOf,
  needs,
  noise,
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

const CHAT = "notebook/applications/chat.ts";
const ASKED = "* What is your name?\n";
const RULE = "* A name has 1 to 20 letters, digits, - or _. What is your name?";

/** Opens a chat in a process of its own. */
function open(args: string[] = [], options?: ScriptOptions) {
  return startServer(CHAT, args, undefined, options);
}

/** Connects, and keeps what is heard. */
async function visit(port: number) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const heard = new Transcript([conn.readable]);
  heard.ended.catch(() => {}); // when we close it
  return {
    conn,
    heard,
    say: (text: string | Uint8Array) => writeAll(conn, text),
    /** Says that no more comes; resolves to all that was heard. */
    async leave(): Promise<string> {
      await conn.closeWrite();
      await heard.ended;
      return heard.text;
    },
    [Symbol.dispose]: () => conn[Symbol.dispose](),
  };
}

/** Connects, gives a name, and resolves when one is in. */
async function join(port: number, name: string) {
  const guest = await visit(port);
  await guest.say(`${name}\n`);
  await guest.heard.until(/^\* Here: .*\n/m);
  return guest;
}

/** Resolves to all that a socket of Node's hears, to its end or a reset. */
function hearAll(socket: net.Socket): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  socket.on("data", (part) => parts.push(part as Uint8Array<ArrayBuffer>));
  return new Promise((resolve) => {
    socket.on("close", () => resolve(new Blob(parts).text()));
  });
}

/** Asserts that two people talk, and hear nothing but each other. */
async function converse(one: Guest, other: Guest, word: string): Promise<void> {
  await one.say(`${word}?\n`);
  await other.heard.until(RegExp(`: ${word}\\?\\n$`));
  await other.say(`${word}!\n`);
  await one.heard.until(RegExp(`: ${word}\\?\\n\\w+: ${word}!\\n$`));
}

type Guest = Awaited<ReturnType<typeof join>>;

// --- Programs that nobody here wrote -----------------------------------------

/** Joins as "Python", and says a hundred lines in pieces that no line ends. */
const PYTHON = `
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    said = "Python\\n" + "".join(f"{i} from Python\\n" for i in range(100))
    for i in range(0, len(said), 7):
        s.sendall(said[i:i + 7].encode())
    if sys.argv[2] == "leave":
        s.shutdown(socket.SHUT_WR)
    while part := s.recv(1000):
        sys.stdout.buffer.write(part)
        sys.stdout.flush()
`;

/** How programs join; each is given a name and a hundred lines to say. */
const PROGRAMS: Record<string, (port: number, leave: boolean) => string[]> = {
  netcat: (port) => ["nc", "-N", "127.0.0.1", `${port}`],
  ncat: (port) => ["ncat", "127.0.0.1", `${port}`],
  socat: (port) => ["socat", "-t10", "-", `TCP4:127.0.0.1:${port}`],
  Python: (port, leave) => {
    return ["python3", "-c", PYTHON, `${port}`, leave ? "leave" : "stay"];
  },
  ours: (port) => [
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--allow-net=127.0.0.1:${port}`,
    "client.ts",
    `--port=${port}`,
    "--message=-",
    "--timeout=0",
  ],
};

/** What a program says when it is in. */
function hundred(name: string): string[] {
  return Array.from({ length: 100 }, (_, i) => `${i} from ${name}`);
}

/** Starts a program that gives a name, and says a hundred lines. */
function startProgram(name: string, port: number, leave: boolean): Process {
  const [command, ...args] = PROGRAMS[name](port, leave);
  const said = [name, ...hundred(name)].map((line) => `${line}\n`).join("");
  const stdin = new TextEncoder().encode(said);
  return new Process(command, args, { stdin, keepOpen: !leave });
}

const tools = ["nc", "ncat", "socat", "python3"].map(program);

Deno.test(
  needs(
    "netcat, ncat, socat, Python and our client hear the same, in the same order",
    unix,
    ...tools,
  ),
  async () => {
    await using chat = await open();
    using host = await join(chat.port, "host");
    await using programs = new AsyncDisposableStack();
    const names = Object.keys(PROGRAMS);
    const outputs = names.map((name) => {
      return programs.use(startProgram(name, chat.port, false)).out;
    });
    for (const name of names) {
      await host.heard.until(RegExp(`^${name}: 99 from ${name}\\n`, "m"));
    }
    await host.say("That is all.\n");
    await Promise.all(outputs.map((out) => out.until(/^host: That is all/m)));
    chat.kill("SIGTERM");
    await host.heard.ended;

    const all = host.heard.text;
    assert(all.endsWith("\nhost: That is all.\n* The chat closes.\n"), all);
    for (const [i, name] of names.entries()) {
      const said = all.split("\n").filter((line) => {
        return line.startsWith(`${name}: `);
      });
      assertEquals(said, hundred(name).map((line) => `${name}: ${line}`));
      // From when it came in, it has heard what the host has.
      await outputs[i].until(/\* The chat closes\.\n$/);
      const [greeted, here] = outputs[i].text.split(/(?<=\?\n|Here: .*\n)/);
      const [before, after] = all.split(`* ${name} comes.\n`);
      assertEquals(greeted, ASKED);
      assertEquals(outputs[i].text, greeted + here + after);
      const came = [...before.matchAll(/^\* (.+) comes\.$/gm)].map(([, n]) =>
        n
      );
      assertEquals(here, `* Here: ${["host", ...came, name].join(", ")}\n`);
    }
    assertEquals(await chat.code(), 0);
  },
);

for (const name of Object.keys(PROGRAMS)) {
  Deno.test(
    needs(
      `${name} says what it has to say, leaves, and ends with 0`,
      unix,
      ...tools,
    ),
    async () => {
      await using chat = await open();
      using host = await join(chat.port, "host");
      await using guest = startProgram(name, chat.port, true);
      assertEquals([await guest.code(), guest.err.text], [0, ""]);
      const said = hundred(name).map((line) => `${name}: ${line}\n`).join("");
      const here = `* Here: host, ${name}\n`;
      assertEquals(guest.out.text, ASKED + here + said);
      await host.heard.until(/ goes\.\n/);
      const comes = `* ${name} comes.\n`;
      const goes = `* ${name} goes.\n`;
      const heard = `${ASKED}* Here: host\n${comes}${said}${goes}`;
      assertEquals(host.heard.text, heard);
    },
  );
}

// --- Names -------------------------------------------------------------------

Deno.test("who comes and goes is told, and a name is free again", async () => {
  await using chat = await open();
  using ada = await join(chat.port, "Ada");
  using bob = await join(chat.port, "Bob");
  await bob.say("Hello?\n\n  \nSomebody?\n"); // an empty line says nothing
  await ada.heard.until(/Somebody/);
  const said = "Bob: Hello?\nBob: Somebody?\n";
  assertEquals(await bob.leave(), `${ASKED}* Here: Ada, Bob\n${said}`);
  await ada.heard.until(/goes/);
  using again = await join(chat.port, "bob");
  assertMatch(again.heard.text, /\n\* Here: Ada, bob\n$/);
  assertEquals(
    await ada.leave(),
    `${ASKED}* Here: Ada\n* Bob comes.\n${said}* Bob goes.\n* bob comes.\n`,
  );
});

Deno.test("a name that is taken, in whatever letters, is refused", async () => {
  await using chat = await open();
  using ada = await join(chat.port, "Zoé");
  using other = await visit(chat.port);
  // One is written with an accent of its own, one with a letter as wide as a
  // Chinese one: they look the same.
  for (const name of ["Zoé", "zOÉ", "  zoé  ", "ZOE\u0301", "Ｚoé", "Eve"]) {
    await other.say(`${name}\n`);
  }
  await other.heard.until(/^\* Here: .*\n/m);
  const refusals = ["Zoé", "zOÉ", "zoé", "ZOÉ", "Ｚoé"].map((name) => {
    return `* ${name} is here already. ${ASKED.slice(2)}`;
  });
  assertEquals(
    other.heard.text,
    `${ASKED}${refusals.join("")}* Here: Zoé, Eve\n`,
  );
  await ada.heard.until(/\n\* Eve comes\.\n$/);
});

/** What is no name, however often one tries. */
const NO_NAMES: [what: string, name: string][] = [
  ["nothing", ""],
  ["spaces", "   "],
  ["21 letters", "x".repeat(21)],
  ["1000 bytes", "x".repeat(1000)],
  ["two words", "Ada Bob"],
  ["another's line", "Ada: I am Bob. Bob"],
  ["the chat's star", "*"],
  ["an escape sequence", "\x1b[31mAda"],
  ["NUL", "A\0da"],
  ["a carriage return", "Bob\rAda"],
  ["reversed writing", "\u202eadA"],
  ["a space of no width", "A\u200bda"],
  ["a letter that nobody sees", "\u3164"],
  ["another's name and a letter that nobody sees", "Witness\u3164"],
  ["bytes that are not UTF-8", "\ufffd"],
  ["a mark without its letter", "\u0301Ada"],
];

for (const [what, name] of NO_NAMES) {
  Deno.test(`${what}: that is no name, and a better one is taken`, async () => {
    await using chat = await open();
    using witness = await join(chat.port, "Witness");
    using guest = await visit(chat.port);
    await guest.say(name === "\ufffd" ? Uint8Array.of(255) : name);
    await guest.say("\nAda\n");
    await guest.heard.until(/^\* Here: .*\n/m);
    assertEquals(
      guest.heard.text,
      `${ASKED}${RULE}\n* Here: Witness, Ada\n`,
    );
    await witness.heard.until(/comes/);
    assertEquals(
      witness.heard.text,
      `${ASKED}* Here: Witness\n* Ada comes.\n`,
    );
  });
}

Deno.test("who gives no name in time is told so, and let go", async () => {
  await using chat = await open(["--timeout", "0.2"]);
  using guest = await visit(chat.port);
  using trickling = await visit(chat.port);
  await trickling.say("Half a na");
  await Promise.all([guest.heard.ended, trickling.heard.ended]);
  await chat.err.until(/^server: .* nameless for 0\.2 s.*\n/m, 2);
  for (const { heard } of [guest, trickling]) {
    assertMatch(heard.text, /^\* What is your name\?\n\* .+\n$/);
  }
  // Whoever is in may be silent for much longer.
  using ada = await join(chat.port, "Ada");
  using late = await visit(chat.port);
  await late.heard.ended;
  using bob = await join(chat.port, "Bob");
  await ada.heard.until(/Bob comes/);
  await converse(ada, bob, "patient");
});

Deno.test("who leaves without a name was never there", async () => {
  await using chat = await open(["--verbose"]);
  using ada = await join(chat.port, "Ada");
  using guest = await visit(chat.port);
  assertEquals(await guest.leave(), ASKED);
  const socket = await connect(chat.port);
  await new Promise((resolve) => socket.once("data", resolve)); // it is asked
  socket.resetAndDestroy();
  await chat.err.until(/ over: /, 2);
  using bob = await join(chat.port, "Bob");
  await ada.heard.until(/comes/);
  assertEquals(ada.heard.text, `${ASKED}* Here: Ada\n* Bob comes.\n`);
  await converse(ada, bob, "alone");
});

// --- Many people, and one who does not read ----------------------------------

/** Seconds after which a test no longer hopes for what it waits for. */
const DEADLINE = 60;

const BEGIN = "host: We begin.\n";
const END = "host: We end.\n";

/**
 * Hears a conversation from its beginning to its end, and keeps its SHA-256
 * alone: two who have the same one have heard the same lines in the same order.
 */
async function digestOf(conn: Deno.TcpConn): Promise<string> {
  const hash = createHash("sha256");
  const end = END.length;
  const buffer = new Uint8Array(2 ** 18);
  let head: string | undefined = "";
  let tail = "";
  for (let n; (n = await conn.read(buffer)) !== null;) {
    let bytes = buffer.subarray(0, n);
    if (head !== undefined) { // it has not begun
      head += new TextDecoder().decode(bytes);
      const at: number = head.indexOf(BEGIN);
      if (at < 0) continue;
      bytes = new TextEncoder().encode(head.slice(at));
      head = undefined;
    }
    hash.update(bytes);
    tail += new TextDecoder().decode(bytes.subarray(-end));
    tail = tail.slice(-end);
    if (tail === END) return hash.digest("hex");
  }
  return `cut off before its end, after ${tail}`;
}

/** Hears and keeps a whole conversation, however long it is. */
function keepAll(conn: Deno.TcpConn) {
  let heard = "";
  const wanted = new Map<string, () => void>();
  async function readAll(): Promise<string> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(2 ** 18);
    for (let n; (n = await conn.read(buffer)) !== null;) {
      const more = decoder.decode(buffer.subarray(0, n), { stream: true });
      const fresh = heard.slice(-100) + more; // what is wanted may be cut
      heard += more;
      for (const [words, resolve] of wanted) {
        if (fresh.includes(words)) resolve();
      }
      if (fresh.endsWith(END)) break;
    }
    return heard.slice(heard.indexOf(BEGIN));
  }
  return {
    conn,
    /** All from the beginning to the end. */
    all: readAll(),
    /** Resolves when that is heard, at most 100 characters. */
    until(words: string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<true>();
      wanted.set(words, () => resolve(true));
      const heard = withTimeout(DEADLINE, promise).then((heard) => {
        if (!heard) fail(`Nobody has said ${words}`);
      });
      heard.catch(() => {}); // a test that has failed waits for it no more
      return heard;
    },
  };
}

/** Connects a host, who hears all, and so many others, whom it has heard come. */
async function fill(port: number, count: number, others: Disposable[]) {
  const at = { hostname: "127.0.0.1", port };
  const first = await Deno.connect(at);
  others.push(first);
  const host = keepAll(first);
  const here = host.until("* Here: host\n");
  await writeAll(first, "host\n");
  await here;
  const guests: Deno.TcpConn[] = [];
  for (let i = 0; i < count; i++) {
    const comes = host.until(`* guest${i} comes.\n`);
    const conn = await Deno.connect(at);
    others.push(conn);
    guests.push(conn);
    await writeAll(conn, `guest${i}\n`);
    await comes;
  }
  return { host, guests };
}

/** Ends a conversation; asserts that all have heard the same, and returns it. */
async function assertSame(
  host: ReturnType<typeof keepAll>,
  digests: Promise<string>[],
): Promise<string[]> {
  await writeAll(host.conn, END.replace("host: ", ""));
  const all = await host.all;
  const right = createHash("sha256").update(all).digest("hex");
  assertEquals(await Promise.all(digests), digests.map(() => right));
  return all.trimEnd().split("\n");
}

/** Asserts that somebody's lines are numbered from 0 to below `count`. */
function assertNumbered(lines: string[], name: string, count: number): void {
  const lead = `${name}: `;
  const numbers = lines.filter((line) => line.startsWith(lead)).map((line) => {
    return parseInt(line.slice(lead.length));
  });
  assertEquals(numbers, Array.from({ length: count }, (_, i) => i));
}

/** Asserts that a process had at most so many megabytes in memory. */
async function assertLean(process: Process, most: number): Promise<void> {
  const peak = await memoryOf(process, "VmHWM") / 1024;
  console.log(`at most ${Math.round(peak)} MB in memory`);
  assert(peak < most, `${peak} MB`);
}

Deno.test(
  needs("of 200 people one does not read: 199 miss nothing", linux),
  async () => {
    await using chat = await open([], { stdout: "null" });
    using all = new DisposableStack();
    const conns: Disposable[] = [];
    all.defer(() => conns.forEach((conn) => conn[Symbol.dispose]()));
    const { host, guests } = await fill(chat.port, 199, conns);
    const stalled = guests.pop()!;
    const digests = guests.map(digestOf);
    await writeAll(host.conn, BEGIN.replace("host: ", ""));

    // They talk until all that the kernel keeps for one who does not read, on
    // both sides, is full, and what the chat keeps, too.
    let gone = false;
    const going = host.until("* guest198 goes.\n").then(() => gone = true);
    const talkers = guests.slice(0, 20);
    const pad = "x".repeat(900);
    let said = 0;
    for (; !gone; said += 20) {
      assert(said < 2000, "36 MB are enough for anybody");
      const last = talkers.map((_, i) => {
        return host.until(`guest${i}: ${said + 19} x`);
      });
      const text = Array.from({ length: 20 }, (_, i) => `${said + i} ${pad}\n`);
      await Promise.all(talkers.map((conn) => writeAll(conn, text.join(""))));
      await Promise.all(last);
    }
    await going;
    const lines = await assertSame(host, digests);
    for (const i of talkers.keys()) assertNumbered(lines, `guest${i}`, said);
    assertEquals(lines.length, 20 * said + 3); // We begin, it goes, we end
    console.log(`${Math.round(20 * said * 910 / 2 ** 20)} MiB for each`);
    await assertLean(chat, 250);
    // The server tells whom it has shown out, and nobody else.
    const { port } = stalled.localAddr;
    assertMatch(
      chat.err.text,
      RegExp(
        "^server: listening on .*\n" +
          `server: 127\\.0\\.0\\.1:${port}\\b.* too far behind with reading\\b.*\n$`,
      ),
    );
  },
);

for (const count of [200, 400]) {
  Deno.test(
    needs(
      `one of ${count} people says 100,000 lines at once: nobody who reads misses one`,
      linux,
    ),
    async () => {
      await using chat = await open([], { stdout: "null" });
      using all = new DisposableStack();
      const conns: Disposable[] = [];
      all.defer(() => conns.forEach((conn) => conn[Symbol.dispose]()));
      const { host, guests } = await fill(chat.port, count - 1, conns);
      const digests = guests.map(digestOf);
      await writeAll(host.conn, BEGIN.replace("host: ", ""));
      const last = host.until("guest0: 99999\n");
      const text = Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join("");
      await writeAll(guests[0], text);
      // If they are shown out, there is nobody to say the last line.
      await Promise.race([last, ...digests]);
      const lines = await assertSame(host, digests);
      assertNumbered(lines, "guest0", 100_000);
      assertEquals(lines.length, 100_002);
      assertMatch(chat.err.text, /^server: listening on \S+\n$/); // no trouble
      await assertLean(chat, 250);
    },
  );
}

Deno.test(
  needs("one who floods and does not read is shown out", linux),
  async () => {
    await using chat = await open([], { stdout: "null" });
    using all = new DisposableStack();
    const conns: Disposable[] = [];
    all.defer(() => conns.forEach((conn) => conn[Symbol.dispose]()));
    const { host, guests } = await fill(chat.port, 10, conns);
    const flooder = guests.pop()!;
    const digests = guests.map(digestOf);
    await writeAll(host.conn, BEGIN.replace("host: ", ""));
    const goes = host.until("* guest9 goes.\n");
    const pad = "x".repeat(900);
    async function flood(): Promise<void> {
      for (let i = 0; i < 100_000; i++) {
        await writeAll(flooder, `${i} ${pad}\n`);
      }
    }
    const { ConnectionReset, BrokenPipe } = Deno.errors;
    const error = await flood().then(() => undefined, (error) => error);
    assert(error instanceof ConnectionReset || error instanceof BrokenPipe);
    await goes;
    const lines = await assertSame(host, digests);
    const said = lines.length - 3;
    assertNumbered(lines, "guest9", said); // what was heard has no gap
    assert(said > 1000);
    await assertLean(chat, 150);
  },
);

// --- People who take as much as we want, over no network ----------------------

/** A chat whose people come over no network. */
function openFake(options: ServeOptions = {}) {
  const listener = new FakeListener();
  const { listen } = Deno;
  let chat: Server;
  Deno.listen = (() => listener) as unknown as typeof listen;
  try {
    chat = serve({ maxLine: 10_000, ...options });
  } finally {
    Deno.listen = listen;
  }
  const conns: FakeConn[] = [];
  return {
    listener,
    /** Somebody connects. */
    visit(hostname = "127.0.0.1"): FakeConn {
      const conn = new FakeConn(hostname);
      conns.push(conn);
      listener.bring(conn);
      return conn;
    },
    /** Somebody comes in. */
    async join(name: string): Promise<FakeConn> {
      const conn = this.visit();
      conn.say(`${name}\n`);
      await conn.until(/^\* Here: .*\n/m);
      return conn;
    },
    shutdown: () => chat.shutdown(),
    [Symbol.asyncDispose]() {
      for (const conn of conns) {
        conn.taking = true;
        conn.take(Infinity);
      }
      return chat.shutdown();
    },
  };
}

/** A long line, and what the others hear of it. */
const LONG = `${"x".repeat(8000)}\n`;
const AS_HEARD = "Eve: ".length + LONG.length;

/** Says lines until one isn't heard by the others; returns how many were. */
async function flood(eve: FakeConn, witness: FakeConn): Promise<number> {
  for (let said = 1;; said++) {
    const before = witness.heard.length;
    eve.say(LONG);
    await turn();
    await turn(); // it's passed on at the end of a turn
    if (witness.heard.length === before) return said - 1;
    if (said > 1000) fail("nobody holds her up");
  }
}

/** A clock that passes when we say so: a second of it takes no time. */
function fastClock() {
  const { setTimeout, clearTimeout } = globalThis;
  const { timeout } = AbortSignal;
  const { now } = performance;
  let passed = 0;
  const timers = new Map<number, { at: number; ring: () => void }>();
  let id = 0;
  const fake = (ring: () => void, ms = 0) => {
    if (ms < 500) return setTimeout(ring, ms); // it's no clock
    timers.set(--id, { at: passed + ms, ring });
    return id;
  };
  globalThis.setTimeout = fake as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((id: number) => {
    if (!timers.delete(id)) clearTimeout(id);
  }) as typeof clearTimeout;
  AbortSignal.timeout = (ms) => {
    if (ms < 500) return timeout.call(AbortSignal, ms);
    const controller = new AbortController();
    timers.set(--id, { at: passed + ms, ring: () => controller.abort() });
    return controller.signal;
  };
  performance.now = () => passed;
  return {
    /** Lets so many milliseconds pass at once; what was due in them comes then. */
    async pass(ms: number): Promise<void> {
      passed += ms;
      for (const [id, { at, ring }] of [...timers]) {
        if (at > passed || !timers.delete(id)) continue;
        ring();
      }
      for (let i = 0; i < 3; i++) await turn();
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      AbortSignal.timeout = timeout;
      performance.now = now;
    },
  };
}

Deno.test("one who doesn't read holds up those who flood, and nobody else", async () => {
  const told: string[] = [];
  using clock = fastClock();
  await using chat = openFake({ onError: (error) => told.push(error.message) });
  const stalled = await chat.join("stalled");
  const ada = await chat.join("Ada");
  const bob = await chat.join("Bob");
  const eve = await chat.join("Eve");
  stalled.taking = false;
  const said = await flood(eve, ada);
  // A mebibyte waits for one who doesn't read, and a stretch of 16,384 at most.
  const waiting = said * AS_HEARD;
  assert(waiting > 2 ** 20 - 2 * AS_HEARD, `${waiting}`);
  assert(waiting < 2 ** 20 + 2 ** 14 + 2 * AS_HEARD, `${waiting}`);
  // Meanwhile others speak and hear, and others come: nobody has been shown out.
  for (const words of ["Can you hear me?", "And now?"]) {
    bob.say(`${words}\n`);
    await turn();
    await turn(); // it's passed on at the end of a turn
    assertStringIncludes(ada.heard, `\nBob: ${words}\n`);
  }
  const carol = await chat.join("Carol");
  carol.say("I can.\n");
  await bob.until(/\nCarol: I can\.\n$/);
  assertEquals(told, []);
  // When the one who doesn't read is out, the flood goes on.
  await clock.pass(1000);
  assertEquals(told, ["too far behind with reading"]);
  await ada.until(/\n\* stalled goes\.\n(?:.*\n)*Eve: x+\n$/);
});

Deno.test("many who say a little each cannot fill our memory", async () => {
  let isOut = false;
  using _clock = fastClock(); // no patience ends
  await using chat = openFake({
    maxLine: 2 ** 20,
    onError: ({ message }) => isOut ||= message.startsWith("too far behind"),
  });
  const stalled = await chat.join("stalled");
  stalled.taking = false;
  const line = `${"x".repeat(2 ** 20 - 100)}\n`;
  for (let mebibytes = 0; mebibytes <= 33; mebibytes++) {
    assert(!isOut || mebibytes > 31, `out after ${mebibytes}`);
    const guest = await chat.join(`guest${mebibytes}`);
    guest.say(line);
    await guest.until(/x\n$/);
    guest[Symbol.dispose]();
    for (let i = 0; i < 3; i++) await turn();
  }
  assert(isOut);
});

Deno.test("one who reads slowly is waited for, each time anew", async () => {
  const told: string[] = [];
  await using chat = openFake({ onError: (error) => told.push(error.message) });
  const slow = await chat.join("slow");
  const ada = await chat.join("Ada");
  const eve = await chat.join("Eve");
  for (let round = 0; round < 3; round++) {
    slow.taking = false;
    await flood(eve, ada); // the last line waits
    const before = ada.heard.length;
    slow.taking = true;
    slow.take(1);
    await ada.until(RegExp(`^[^]{${before}}Eve: x+\n$`));
  }
  assertEquals(told, []);
});

Deno.test("one who takes a little each time is out after ten seconds", async () => {
  const told: string[] = [];
  using clock = fastClock();
  await using chat = openFake({ onError: (error) => told.push(error.message) });
  const slow = await chat.join("slow");
  const ada = await chat.join("Ada");
  const eve = await chat.join("Eve");
  slow.taking = false;
  await flood(eve, ada);
  for (let second = 0; second < 10; second++) {
    slow.take(100);
    assertEquals(told, [], `after ${second} s`);
    await clock.pass(1000);
  }
  assertEquals(told, ["too far behind with reading"]);
  assertMatch(ada.heard, /\n\* slow goes\.\n/);
});

Deno.test("when we are late ourselves, nobody is out for it", async () => {
  const told: string[] = [];
  using clock = fastClock();
  await using chat = openFake({ onError: (error) => told.push(error.message) });
  const slow = await chat.join("slow");
  const ada = await chat.join("Ada");
  const eve = await chat.join("Eve");
  slow.taking = false;
  await flood(eve, ada);
  for (let i = 0; i < 20; i++) await clock.pass(5000); // we did nothing for 5 s
  assertEquals(told, []);
  await clock.pass(1000);
  await clock.pass(1000);
  assertEquals(told, ["too far behind with reading"]);
  assertMatch(ada.heard, /\n\* slow goes\.\n/);
});

Deno.test("who cannot be told anything is heard no more, either", async () => {
  const told: string[] = [];
  await using chat = openFake({ onError: (error) => told.push(error.message) });
  const ada = await chat.join("Ada");
  const eve = await chat.join("Eve");
  eve.breakWrites();
  ada.say("Hello?\n");
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(told, ["broken"]);
  assertMatch(ada.heard, /\n\* Eve goes\.\n$/);
});

Deno.test("a machine that vanished is noticed by the system", async () => {
  await using chat = openFake();
  assert((await chat.join("Ada")).keepAlive);
});

Deno.test("a name that comes too late is no longer taken", async () => {
  using clock = fastClock();
  await using chat = openFake();
  const ada = await chat.join("Ada");
  const late = chat.visit();
  await late.until(/name\?\n/);
  late.taking = false; // it takes a moment to tell that the time is over
  await clock.pass(60_000);
  late.say("Bob\n");
  await turn();
  await clock.pass(1000);
  await late.closed.promise;
  await chat.join("Carol");
  assertEquals(
    ada.heard,
    `${ASKED}* Here: Ada\n* Carol comes.\n`,
  );
});

Deno.test("one who says nothing for long is told so, and makes room", async () => {
  const told: string[] = [];
  await using chat = openFake({
    idleTimeout: 0.3,
    onError: ({ name, message }) => told.push(`${name}: ${message}`),
  });
  const ada = await chat.join("Ada");
  const silent = await chat.join("silent");
  const trickling = await chat.join("trickling");
  let left = 2;
  for (const { closed } of [silent, trickling]) {
    closed.promise.then(() => left--);
  }
  while (left > 0) { // an empty line is heard by nobody, but is one
    ada.say("\n");
    trickling.say("a");
    await turn();
  }
  for (const { heard } of [silent, trickling]) {
    assertStringIncludes(heard, "* You have said nothing for 0.3 s.\n");
  }
  await ada.until(/\* silent goes\.\n/);
  await ada.until(/\* trickling goes\.\n/);
  const words = "QuotaExceededError: nothing said for 0.3 s (idleTimeout)";
  assertEquals(told, [words, words]);
});

Deno.test("there are as many places as were given, and few for one address", async () => {
  const told: string[] = [];
  await using chat = openFake({
    maxPeople: 2,
    maxPerAddress: 1,
    onError: (error) => told.push(error.message),
  });
  const ada = chat.visit("10.0.0.1");
  await ada.until(/name\?\n/);
  const again = chat.visit("10.0.0.1");
  await again.closed.promise;
  assertEquals(again.heard, "* Too many people are here from your address.\n");
  assertEquals(told, [
    "the limit of 1 connections from one address (maxPerAddress) is reached",
  ]);
  const bob = chat.visit("10.0.0.2");
  await bob.until(/name\?\n/);
  const third = chat.visit("10.0.0.3");
  await turn();
  assertEquals(third.heard, "");
  bob[Symbol.dispose]();
  await third.until(/name\?\n/);
});

Deno.test("at the end people have five seconds, and the nameless are told", async () => {
  using clock = fastClock();
  await using chat = openFake();
  const slow = await chat.join("slow");
  const ada = await chat.join("Ada");
  const nameless = chat.visit();
  await nameless.until(/name\?\n/);
  slow.taking = false;
  ada.say("Hello!\n");
  await ada.until(/Hello!\n/);
  const ended = chat.shutdown();
  for (let second = 0; second < 4; second++) await clock.pass(1000);
  slow.taking = true;
  slow.take(Infinity);
  await ended;
  for (const { heard } of [slow, ada, nameless]) {
    assertStringIncludes(heard, "\n* The chat closes.\n");
  }
});

Deno.test("at the end whoever waits in the backlog is told, and asked no name", async () => {
  await using chat = openFake();
  const ada = await chat.join("Ada");
  const ended = chat.shutdown();
  const late = chat.visit();
  late.say("Bob\n");
  await late.closed.promise;
  await ended;
  assertEquals(late.heard, "* The chat closes.\n");
  assertEquals(ada.heard, `${ASKED}* Here: Ada\n* The chat closes.\n`);
});

// --- Callbacks that fail -----------------------------------------------------

for (const how of ["throws", "rejects"]) {
  const fail = (name: string) => (): void | Promise<void> => {
    const bug = new Error(`a bug in ${name}`);
    if (how === "throws") throw bug;
    return Promise.reject(bug);
  };

  Deno.test(`a callback that ${how} is reported, and the chat goes on`, async () => {
    const told: string[] = [];
    await using chat = openFake({
      onOpen: fail("onOpen"),
      onText: fail("onText"),
      onDone: fail("onDone"),
      onError: (error) => told.push(error.message),
    });
    const ada = await chat.join("Ada");
    const bob = await chat.join("Bob");
    ada.say("Hello?\n");
    await bob.until(/Hello\?\n/);
    ada.say("Again!\n");
    await bob.until(/Again!\n$/);
    bob[Symbol.dispose]();
    await ada.until(/Bob goes/);
    await turn();
    assertEquals(told.filter((message) => message.startsWith("a bug")), [
      ...["a bug in onOpen", "a bug in onOpen"],
      ...["a bug in onText", "a bug in onText"],
      "a bug in onDone",
    ]);
    assert(!/bug/.test(ada.heard)); // that's no business of the people
  });

  Deno.test(`an onError that ${how} ends neither the chat nor the process`, async () => {
    const written = await consoleOf(async () => {
      await using chat = openFake({ maxLine: 100, onError: fail("onError") });
      const ada = await chat.join("Ada");
      const eve = await chat.join("Eve");
      eve.say(`${"x".repeat(101)}\n`);
      await ada.until(/Eve goes/);
      await chat.join("Bob");
      await ada.until(/Bob comes/);
    });
    assertEquals(written, "Error: a bug in onError");
  });
}

// --- Hostile input -----------------------------------------------------------

/** What Mallory says, and what the others hear. */
const RUDE: [what: string, said: string | number[], heard: string][] = [
  ["a colour", "\x1b[31mred", "\\x1b[31mred"],
  ["a clear screen", "\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"],
  ["a one-byte control sequence", "\u009b31m", "\\x9b31m"],
  ["a carriage return", "hi\rBob: I am Bob", "hi\\x0dBob: I am Bob"],
  ["a line separator", "hi\u2028Bob: hi", "hi\\u2028Bob: hi"],
  ["a next line", "hi\u0085* Bob goes.", "hi\\x85* Bob goes."],
  ["reversed writing", "\u202eliated", "\\u202eliated"],
  ["backspaces", "\b\b\b\b\b\b\b\b\bBob: hi", `${"\\x08".repeat(9)}Bob: hi`],
  ["NUL", "a\0b", "a\\x00b"],
  ["another's line", "Bob: I am Bob", "Bob: I am Bob"],
  ["the chat's line", "* Bob goes.", "* Bob goes."],
  ["bytes that are not UTF-8", [0xff, 0x41, 0xc0, 0xaf], "\ufffdA\ufffd\ufffd"],
  ["half a character", [0x41, 0xf0, 0x9f], "A\ufffd"],
  ["1000 bytes of no UTF-8", Array(1000).fill(0xfe), "\ufffd".repeat(1000)],
  ["a carriage return at its end", "telnet\r", "telnet"],
  ["blanks up to the edge", `a${" ".repeat(70)}Bob: hi`, "a   Bob: hi"],
  ["tabs up to the edge", `a${"\t".repeat(9)}Bob: hi`, "a\t\t\tBob: hi"],
  [
    "wide blanks",
    `a${"\u3000".repeat(35)}Bob: hi`,
    "a\u3000\u3000\u3000Bob: hi",
  ],
  [
    "letters that nobody sees",
    `a${"\u3164 ".repeat(35)}Bob`,
    "a\u3164 \u3164Bob",
  ],
  ["text in any language", "日本 עברית 🐍é\t!", "日本 עברית 🐍é\t!"],
];

Deno.test("whatever one says is one line of one's own, for everybody", async () => {
  await using chat = await open();
  using bob = await join(chat.port, "Bob");
  using mallory = await join(chat.port, "Mallory");
  for (const [, said] of RUDE) {
    await mallory.say(typeof said === "string" ? said : Uint8Array.from(said));
    await mallory.say("\n");
  }
  await mallory.say("the end\n");
  await bob.heard.until(/: the end\n/);
  const heard = RUDE.map(([, , heard]) => `Mallory: ${heard}`);
  assertEquals(bob.heard.text.split("\n").slice(3), [
    ...heard,
    "Mallory: the end",
    "",
  ]);
  // It is the same on the server's own output, each behind the address.
  await chat.out.until(/: the end\n/);
  const { port } = mallory.conn.localAddr;
  const lead = `127.0.0.1:${port}> `;
  assertEquals(chat.out.text.split("\n"), [
    ...heard.map((line) => lead + line),
    `${lead}Mallory: the end`,
    "",
  ]);
});

const TOO_LONG = "* a line has at most 1000 bytes, and this one has more\n";

/** What ends a conversation, and what one is told before. */
const BROKEN: [what: string, said: string | Uint8Array, told: string][] = [
  ["a line of 1001 bytes", `${"x".repeat(1001)}\n`, TOO_LONG],
  ["20 MiB without a newline", noise(20 * 2 ** 20), TOO_LONG],
  ["20 MiB of 0xFF", new Uint8Array(20 * 2 ** 20).fill(255), TOO_LONG],
  ["a line that stops", "and then", "* the stream ended within a line\n"],
];

for (const [what, said, told] of BROKEN) {
  Deno.test(
    needs(`${what}: one is told, and shown out, and the others go on`, linux),
    async () => {
      await using chat = await open();
      using ada = await join(chat.port, "Ada");
      using bob = await join(chat.port, "Bob");
      for (const named of [true, false]) {
        const mallory = await connect(chat.port);
        const heard = hearAll(mallory);
        if (named) await send(mallory, new TextEncoder().encode("Mallory\n"));
        mallory.end(said);
        const here = named ? "* Here: Ada, Bob, Mallory\n" : "";
        assertEquals(await heard, ASKED + here + told);
      }
      await ada.heard.until(/\* Mallory goes\.\n$/);
      await bob.heard.until(/\* Mallory goes\.\n$/);
      await converse(ada, bob, "quiet");
      assertEquals(
        ada.heard.text,
        `${ASKED}* Here: Ada\n* Bob comes.\n* Mallory comes.\n` +
          "* Mallory goes.\nAda: quiet?\nBob: quiet!\n",
      );
      const words = told.slice(2, -1);
      await chat.err.until(RegExp(`^server: \\S+: ${words}\\n`, "m"), 2);
      await assertLean(chat, 120);
    },
  );
}

Deno.test(
  needs("a line of 1000 bytes is taken, and the next one, too", linux),
  async () => {
    await using chat = await open();
    using ada = await join(chat.port, "Ada");
    const line = "x".repeat(1000);
    await ada.say(`${line}\r\n${"é".repeat(500)}\nshort\n`);
    await ada.heard.until(/short/);
    const [, , ...heard] = ada.heard.text.split("\n");
    const said = [line, "é".repeat(500), "short"].map((line) => `Ada: ${line}`);
    assertEquals(heard, [...said, ""]);
  },
);

Deno.test(
  needs("1,500 people who come and reset leave nothing behind", linux),
  async () => {
    await using chat = await open();
    using ada = await join(chat.port, "Ada");
    using bob = await join(chat.port, "Bob");
    const before = await descriptorsOf(chat);
    const bytes = (text: string) => new TextEncoder().encode(text);
    await times(500, async () => {
      (await connect(chat.port)).resetAndDestroy();
    });
    await times(500, async (i) => {
      const socket = await connect(chat.port);
      await send(socket, bytes(`guest${i}\n`));
      socket.resetAndDestroy();
    });
    // These are in, and are told all that is said, when they go.
    await times(500, async (i) => {
      const socket = await connect(chat.port);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on("data", (part) => {
        if (`${part}`.includes("* Here: ")) resolve();
      });
      await send(socket, bytes(`friend${i}\n`));
      await promise;
      await send(socket, bytes("1\n2\n3\n"));
      socket.resetAndDestroy();
    });
    await ada.heard.until(/\* friend\d+ goes\.\n/, 500);
    await untilClosed(chat, before);
    await converse(ada, bob, "calm");
    const lines = ada.heard.text.split("\n");
    const told = (word: string) =>
      lines.flatMap((line) => RegExp(`^\\* (.+) ${word}\\.$`).exec(line) ?? [])
        .filter((_, i) => i % 2 === 1).sort();
    assertEquals(told("goes"), told("comes").filter((name) => name !== "Bob"));
    // A reset is told as what it is: nobody has stopped the server.
    const words = new Set(
      chat.err.text.trimEnd().split("\n").slice(1)
        .map((line) => line.replace(/^server: \S+ /, "")),
    );
    words.delete("client left before it was accepted"); // or it was too early
    assertEquals([...words], ["reset the connection before its end"]);
    chat.kill("SIGTERM");
    assertEquals(await chat.code(), 0);
  },
);

// --- The command line --------------------------------------------------------

const GRANT = "127.0.0.1:1234";

Deno.test("the chat's first line and its help agree on the grant", async () => {
  const source = await Deno.readTextFile(new URL(CHAT, ROOT));
  const command = `deno run --allow-net=${GRANT} ${CHAT}`;
  assertEquals(
    source.split("\n")[0],
    `#!/usr/bin/env -S deno run --allow-net=${GRANT}`,
  );
  await using long = start(CHAT, undefined, ["--help"]);
  await using short = start(CHAT, undefined, ["-h"]);
  assertEquals([await long.code(), long.err.text], [0, ""]);
  assertEquals([await short.code(), short.out.text], [0, long.out.text]);
  assertStringIncludes(long.out.text, `Usage:\n  ${command} [flags]\n`);
  const flags = source.matchAll(/^ {2}(\w+): flag\.\w+\(/gm);
  for (const [, name] of flags) {
    const flag = name.replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`);
    assertStringIncludes(long.out.text, `  --${flag} `);
  }
});

Deno.test(
  needs("a chat asks for nothing but its one address", unix),
  async () => {
    const asked = await audited(async (options) => {
      await using chat = await open(["--verbose"], options);
      using ada = await join(chat.port, "Ada");
      using bob = await join(chat.port, "Bob");
      await converse(ada, bob, "sandbox");
      chat.kill("SIGTERM");
      assertEquals(await chat.code(), 0);
    });
    assertEquals(asked, ["net 127.0.0.1:0"]); // where it asked for any free port
  },
);

for (const net of [undefined, "127.0.0.1:1235", "127.0.0.2:1234"]) {
  Deno.test(`under ${net ?? "nothing"} the chat is refused, and says what to add`, async () => {
    await using chat = start(CHAT, net);
    assertEquals(await failure(chat), [
      1,
      `server: Deno's sandbox does not allow ${GRANT}; ` +
      `run it as: deno run --allow-net=${GRANT} ${CHAT}`,
    ]);
  });
}

/** Command lines that are wrong, and what is said of them. */
const WRONG: [args: string[], words: string][] = [
  [["--prot", "1"], "unknown flag --prot; --help lists them"],
  [["Ada"], 'unexpected argument "Ada"'],
  [["--port", "65536"], 'a whole number from 0 to 65535, not "65536"'],
  [["--max-line", "0"], "--max-line takes a whole number from 1 to 1048576"],
  [["--max-people", "0"], "--max-people takes a whole number from 1 to"],
  [["--timeout", "-1"], "--timeout takes seconds from 0 to 86400"],
  [["--hostname", "\x1b[2J"], 'not "\\x1b[2J"'],
];

for (const [args, words] of WRONG) {
  Deno.test(`a wrong command line ends the chat with 2: ${JSON.stringify(args.join(" "))}`, async () => {
    await using chat = start(CHAT, undefined, args);
    const [code, line] = await failure(chat);
    assertStringIncludes(line, words);
    assertEquals([code, line.slice(0, 8)], [2, "server: "]);
  });
}

Deno.test("a chat whose port is in use says so in one line", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using chat = start(CHAT, `127.0.0.1:${port}`, ["--port", `${port}`]);
  assertEquals(await failure(chat), [
    1,
    `server: port ${port} is in use; stop the program that has it, ` +
    "or choose another with --port",
  ]);
});

/** No trouble is told; but on a busy machine even a quick end takes a while. */
const QUIETLY = /^server: listening on \S+\n(server: stopping: .*\n)?$/;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(
    needs(`${signal}: everybody is told that the chat closes, exit 0`, unix),
    async () => {
      await using chat = await open();
      using ada = await join(chat.port, "Ada");
      using bob = await join(chat.port, "Bob");
      await ada.heard.until(/Bob comes/);
      chat.kill(signal);
      await Promise.all([ada.heard.ended, bob.heard.ended]);
      const last = "* The chat closes.\n";
      assertEquals(
        ada.heard.text,
        `${ASKED}* Here: Ada\n* Bob comes.\n${last}`,
      );
      assertEquals(bob.heard.text, `${ASKED}* Here: Ada, Bob\n${last}`);
      assertEquals(await chat.code(), 0);
      assertMatch(chat.err.text, QUIETLY);
    },
  );
}

Deno.test(
  needs("SIGTERM: people in the backlog are told that the chat closes", linux),
  async () => {
    await using chat = await open();
    using ada = await join(chat.port, "Ada");
    await freeze(chat); // now nobody is accepted, but the system connects
    using all = new DisposableStack();
    const late = [];
    for (let i = 0; i < 50; i++) late.push(all.use(await visit(chat.port)));
    await untilWaiting(chat.port, 50);
    chat.kill("SIGTERM");
    chat.kill("SIGCONT");
    for (const { heard } of late) {
      await heard.ended;
      // Some are asked first: they are accepted before the signal is noticed.
      assertEquals(heard.text.replace(ASKED, ""), "* The chat closes.\n");
    }
    await ada.heard.ended;
    assertEquals(
      ada.heard.text,
      `${ASKED}* Here: Ada\n* The chat closes.\n`,
    );
    assertEquals(await chat.code(), 0);
    assertMatch(chat.err.text, QUIETLY);
  },
);

Deno.test(
  needs(
    "one who does not read, or has no name, does not keep a chat open",
    unix,
  ),
  async () => {
    await using chat = await open();
    using ada = await join(chat.port, "Ada");
    using nameless = await visit(chat.port);
    await nameless.heard.until(/name\?\n/);
    using all = new DisposableStack();
    const stalled = all.adopt(
      await connect(chat.port),
      (socket) => socket.destroy(),
    );
    stalled.pause();
    await send(stalled, new TextEncoder().encode("stalled\n"));
    await ada.heard.until(/stalled comes/);
    chat.kill("SIGTERM");
    assertEquals(await chat.code(), 0);
    await ada.heard.ended;
    assertMatch(ada.heard.text, /\n\* The chat closes\.\n$/);
  },
);
