/**
 * One room on several servers: their people hear one another, in order, and are
 * told what they didn't hear. First over a bus that does what a test wants, then
 * over Redis, then between two hosts whose cable is cut.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeAll } from "../../lib/io.ts";
import { Transcript } from "../../lib/process.ts";
import { Bus } from "../../notebook/applications/bus.ts";
import { serve } from "../../notebook/applications/chat.ts";
import { Redis } from "../../notebook/lib/redis.ts";
import type { Link } from "../../notebook/applications/redis.ts";
import { Cable } from "../cable.ts";
import {
  audited,
  failure,
  FakeTime,
  linux,
  needs,
  program,
  read,
  type ScriptOptions,
  start,
  superuser,
} from "../harness.ts";

const CHAT = "notebook/applications/chat.ts";
const BROKEN = "* The other servers are out of reach: " +
  "what is said now is heard on this one only.\n";
const WHOLE = "* The other servers are within reach again.\n";

// --- A bus that does what a test wants ---------------------------------------

/** What all share, without a network. */
class Hub {
  /** Whether nobody can be reached. */
  down = false;
  /** Whether what is said is lost without a word. */
  deaf = false;
  /** Who has which name. */
  owners = new Map<string, string>();
  /** All that was said. */
  said: string[] = [];
  #ears = new Set<(message: string) => void>();
  #links: Link[] = [];

  /** Makes a link. */
  open = (onMessage: (message: string) => void): Promise<Link> => {
    if (this.down) return Promise.reject(new Error("nobody is there"));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#ears.add(onMessage);
    const link: Link = {
      ended,
      send: (message) => Promise.resolve(this.send(message)),
      claim: (name, owner) => {
        const before = this.owners.get(name) ?? owner;
        this.owners.set(name, before);
        return Promise.resolve(before === owner);
      },
      release: (name) => Promise.resolve(void this.owners.delete(name)),
      [Symbol.dispose]: () => {
        this.#ears.delete(onMessage);
        resolve();
      },
    };
    this.#links.push(link);
    return Promise.resolve(link);
  };

  /** Says something to all. */
  send(message: string): void {
    this.said.push(message);
    if (!this.deaf) this.#ears.forEach((ear) => ear(message));
  }

  /** Breaks all links. */
  break(): void {
    for (const link of this.#links.splice(0)) link[Symbol.dispose]();
  }
}

/** A server on such a bus, without people of flesh. */
async function connect(hub: Hub) {
  const bus = await Bus.connect(hub.open);
  const lines: string[] = [];
  const taken: string[] = [];
  bus.start({
    onLine: (line) => void lines.push(line),
    onTaken: (key) => void taken.push(key),
  });
  return Object.assign(bus, { lines, taken });
}

Deno.test("what one server's people say is heard on the others, in order", async () => {
  const hub = new Hub();
  await using one = await connect(hub);
  await using two = await connect(hub);
  one.join("ada", "Ada");
  for (const word of ["one", "two", "three"]) one.say("ada", `Ada: ${word}`);
  assertEquals(two.names, ["Ada"]);
  one.leave("ada");
  assertEquals(two.names, []);
  assertEquals(two.lines, [
    "* Ada comes.",
    ...["Ada: one", "Ada: two", "Ada: three"],
    "* Ada goes.",
  ]);
  assertEquals(one.lines, []);
});

Deno.test("a server that comes later knows who is there", async () => {
  const hub = new Hub();
  await using one = await connect(hub);
  one.join("ada", "Ada");
  one.say("ada", "Ada: Is anybody here?");
  await using two = await connect(hub);
  assertEquals(two.names, ["Ada"]);
  one.say("ada", "Ada: Ah!");
  assertEquals(two.lines, ["* Ada comes.", "Ada: Ah!"]); // and nothing is lost
});

Deno.test("lines that are lost are counted, and it's told whose they were", async () => {
  const hub = new Hub();
  await using one = await connect(hub);
  await using two = await connect(hub);
  for (const name of ["Ada", "Bob", "Cy"]) one.join(name.toLowerCase(), name);
  two.lines.length = 0;
  hub.deaf = true;
  for (const word of ["one", "two"]) one.say("ada", `Ada: ${word}`);
  for (const word of ["one", "two"]) one.say("bob", `Bob: ${word}`);
  one.say("cy", "Cy: one");
  hub.deaf = false;
  one.say("ada", "Ada: three");
  one.join("dee", "Dee");
  one.say("bob", "Bob: three");
  assertEquals(two.lines, [
    "* Lost on the way: 2 lines of Ada.",
    "Ada: three",
    "* Dee comes.",
    "* Lost on the way: 2 lines of Bob, 1 line of Cy.",
    "Bob: three",
  ]);
});

Deno.test("what was given up, and comes late, is not heard", async () => {
  const hub = new Hub();
  await using one = await connect(hub);
  await using two = await connect(hub);
  one.join("ada", "Ada");
  hub.deaf = true;
  one.say("ada", "Ada: late");
  const [late] = hub.said.slice(-1);
  hub.deaf = false;
  one.say("ada", "Ada: new");
  hub.send(late);
  hub.send("nonsense");
  assertEquals(two.lines.slice(1), [
    "* Lost on the way: 1 line of Ada.",
    "Ada: new",
  ]);
});

Deno.test("a name is one server's, and nobody's while the bus is away", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const one = await connect(hub);
  const two = await connect(hub);
  assertEquals([await one.claim("ada"), await two.claim("ada")], [true, false]);
  one.join("ada", "Ada");
  one.leave("ada");
  assertEquals(await two.claim("ada"), true);
  two.leave("ada");
  assertEquals(await one.claim("ada"), true);
  one.join("ada", "Ada");
  hub.owners.clear(); // Redis keeps nothing if it's started anew
  assertEquals(await two.claim("ada"), false);
  hub.down = true;
  hub.break();
  await time.pass(0);
  assertEquals(await one.claim("bob"), undefined);
  hub.down = false;
  await time.pass(500);
  assertEquals(await two.claim("bob"), true);
  one.leave("ada");
  assertEquals(await two.claim("ada"), true);
  for (const bus of [one, two]) await bus[Symbol.asyncDispose]();
});

Deno.test("the bus gone and back: people are told, and what they missed", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const one = await connect(hub);
  const two = await connect(hub);
  one.join("ada", "Ada");
  hub.down = true;
  hub.break();
  await time.pass(0);
  one.say("ada", "Ada: Hello?");
  await time.pass(500); // an attempt in vain
  hub.down = false;
  await time.pass(500);
  one.say("ada", "Ada: Hello!");
  const [gone, back] = [BROKEN, WHOLE].map((line) => line.trim());
  assertEquals(one.lines, [gone, back]);
  assertEquals(two.lines, [
    "* Ada comes.",
    gone,
    back,
    "* Lost on the way: 1 line of Ada.",
    "Ada: Hello!",
  ]);
  for (const bus of [one, two]) await bus[Symbol.asyncDispose]();
});

Deno.test("a server that isn't heard for eight seconds is out of reach", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const one = await connect(hub);
  const two = await connect(hub);
  two.join("bob", "Bob");
  one.lines.length = 0;
  const { send } = hub;
  const isTwos = (message: string) => message.includes("bob");
  hub.send = (message) => isTwos(message) || send.call(hub, message);
  await time.passSeconds(7.9);
  assertEquals([one.lines, one.names], [[], ["Bob"]]);
  await time.passSeconds(0.1);
  assertEquals([one.lines, one.names], [["* Out of reach: Bob."], []]);
  hub.send = send;
  two.say("bob", "Bob: Hello!");
  assertEquals(one.lines.slice(1), ["* Back: Bob.", "Bob: Hello!"]);
  assertEquals(one.names, ["Bob"]);
  for (const bus of [one, two]) await bus[Symbol.asyncDispose]();
});

Deno.test("a server that doesn't hear itself makes a new link", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const other = await connect(hub);
  await time.passSeconds(1); // they speak in turn
  const bus = await connect(hub);
  other.join("bob", "Bob");
  await time.passSeconds(30);
  assertEquals(bus.lines.splice(0), ["* Bob comes."]);
  hub.deaf = true;
  await time.passSeconds(7.9);
  assertEquals(bus.lines, []);
  await time.passSeconds(0.1);
  assertEquals(bus.lines, [BROKEN.trim()]); // and not Bob's server alone
  await time.passSeconds(10); // a new link, as deaf as the first
  hub.deaf = false;
  assertEquals(bus.lines, [BROKEN.trim()]);
  await time.passSeconds(2);
  assertEquals(bus.lines, [BROKEN.trim(), WHOLE.trim()]);
  for (const each of [bus, other]) await each[Symbol.asyncDispose]();
});

Deno.test("a name that was taken meanwhile is reported, at the next beat", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const bus = await connect(hub);
  bus.join("ada", "Ada");
  hub.owners.set("ada", "somebody else");
  await time.passSeconds(2);
  assertEquals(bus.taken, ["ada"]);
  bus.say("ada", "Ada: Hm.");
  bus.rename("ada", "ada-2", "Ada-2");
  assertEquals(hub.owners.get("ada"), "somebody else"); // not ours to give back
  assertMatch(hub.said.at(-1)!, /"ada-2":\{"name":"Ada-2","lines":1\}/);
  await bus[Symbol.asyncDispose]();
});

// --- The chat on such a bus --------------------------------------------------

/** Connects, and keeps what is heard. */
async function visit(port: number) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const heard = new Transcript([conn.readable]);
  heard.ended.catch(() => {}); // when we close it
  return {
    heard,
    say: (text: string) => writeAll(conn, `${text}\n`),
    [Symbol.dispose]: () => conn[Symbol.dispose](),
  };
}

/** Connects, gives a name, and resolves when one is in. */
async function join(port: number, name: string) {
  const guest = await visit(port);
  await guest.say(name);
  await guest.heard.until(/^\* Here: .*\n/m);
  return guest;
}

Deno.test("two chats are one room, with one Ada", async () => {
  const hub = new Hub();
  await using one = serve({ port: 0, bus: await Bus.connect(hub.open) });
  await using two = serve({ port: 0, bus: await Bus.connect(hub.open) });
  using ada = await join(one.addr.port, "Ada");
  using bob = await visit(two.addr.port);
  await bob.say("ＡＤＡ"); // as wide as they may be
  await bob.heard.until(/already/);
  await bob.say("Bob");
  await ada.heard.until(/Bob comes/);
  await ada.say("Hello?");
  await bob.heard.until(/Hello\?/);
  await bob.say("Hello!");
  await ada.heard.until(/Hello!/);
  bob[Symbol.dispose]();
  await ada.heard.until(/goes/);
  const asked = "What is your name?\n";
  assertEquals(
    ada.heard.text,
    `* ${asked}* Here: Ada\n* Bob comes.\nAda: Hello?\nBob: Hello!\n` +
      "* Bob goes.\n",
  );
  assertEquals(
    bob.heard.text,
    `* ${asked}* ＡＤＡ is here already. ${asked}` +
      "* Here: Bob, Ada\nAda: Hello?\nBob: Hello!\n",
  );
});

Deno.test("two who ask for one name at the same moment are not both let in", async () => {
  const hub = new Hub();
  await using chat = serve({ port: 0, bus: await Bus.connect(hub.open) });
  using one = await visit(chat.addr.port);
  using two = await visit(chat.addr.port);
  const both = [one, two];
  for (const { heard } of both) await heard.until(/name/);
  await Promise.all(both.map(({ say }) => say("Ada")));
  await Promise.all(
    both.map(({ heard }) => heard.until(/already|Here: Ada\n/)),
  );
  const all = one.heard.text + two.heard.text;
  assertEquals(all.match(/Here/g)?.length, 1);
});

Deno.test("while the bus is away nobody comes in, and nobody is thrown out", async () => {
  const hub = new Hub();
  const errors: string[] = [];
  await using chat = serve({
    port: 0,
    bus: await Bus.connect(hub.open),
    onError: ({ message }) => errors.push(message),
  });
  using ada = await join(chat.addr.port, "Ada");
  hub.down = true;
  hub.break();
  await ada.heard.until(/out of reach/);
  using bob = await visit(chat.addr.port);
  await bob.say("Bob");
  await bob.heard.until(/\* Names can't be checked at the moment\. What is/);
  await ada.say("Hello?");
  await ada.heard.until(/Ada: Hello\?/);
  hub.down = false;
  await ada.heard.until(/within reach/);
  await bob.say("Bob");
  await ada.heard.until(/Bob comes/);
  assertEquals(errors, [
    "the bus is out of reach; we try again until it's back",
  ]);
});

Deno.test("a name that was taken meanwhile becomes another", async () => {
  using time = new FakeTime();
  const hub = new Hub();
  const chat = serve({ port: 0, bus: await Bus.connect(hub.open) });
  const pass = setImmediateUntil(time);
  using ada = await pass(join(chat.addr.port, "Ada"));
  hub.owners.set("ada", "somebody else");
  hub.owners.set("ada-2", "somebody else");
  await time.pass(2000);
  await pass(
    ada.heard.until(/^\* Ada was taken elsewhere; it's Ada-3 now\.$/m),
  );
  await ada.say("Hm.");
  await pass(ada.heard.until(/^Ada-3: Hm\.$/m));
  await pass(chat.shutdown());
});

/** Waits for something of the network's while the clock stands still, nearly. */
function setImmediateUntil(time: FakeTime) {
  return async <T>(promise: Promise<T>): Promise<T> => {
    let over = false;
    promise.catch(() => {}).finally(() => over = true);
    while (!over) await time.pass(1);
    return await promise;
  };
}

// --- Redis -------------------------------------------------------------------

const redis = program("redis-server");

/** Starts a chat that shares its room by way of a Redis server. */
async function open(url: string, options?: ScriptOptions) {
  const grant = `127.0.0.1:0,${new URL(url).host}`;
  const chat = start(CHAT, grant, ["--port", "0", "--bus", url], options);
  const [, port] = await chat.err.until(/^server: listening on \S+:(\d+)\n/);
  return Object.assign(chat, { port: Number(port) });
}

Deno.test(
  needs("over Redis: two servers, one room, and one permission more", redis),
  async () => {
    await using bus = await Redis.start();
    const asked = await audited(async (options) => {
      await using one = await open(bus.url, options);
      await using two = await open(bus.url);
      using ada = await join(one.port, "Ada");
      using bob = await visit(two.port);
      await bob.say("ada");
      await bob.heard.until(/\* ada is here already\./);
      await bob.say("Bob");
      await ada.heard.until(/Bob comes/);
      await ada.say("Hello?");
      await bob.heard.until(/^Ada: Hello\?$/m);
      await bob.say("Hello!");
      await ada.heard.until(/^Bob: Hello!$/m);
      two.kill();
      await ada.heard.until(/Bob goes/);
      assertEquals(await two.code(), 0);
      using again = await join(one.port, "Bob"); // the name is free again
      assertMatch(again.heard.text, /\* Here: Ada, Bob\n$/);
      one.kill();
      assertEquals(await one.code(), 0);
      assertEquals(
        one.err.text,
        `server: listening on 127.0.0.1:${one.port}\n`,
      );
    });
    assertEquals(asked, ["net 127.0.0.1:0", `net 127.0.0.1:${bus.port}`]);
  },
);

Deno.test("without a bus the chat loads no package", async () => {
  const info = await read(Deno.execPath(), "info", "--json", CHAT);
  const { npmPackages, modules } = JSON.parse(info);
  assertEquals(npmPackages ?? {}, {});
  assert(modules.length > 10);
  const names = modules.map(({ specifier }: { specifier: string }) =>
    specifier
  );
  assertEquals(names.filter((name: string) => name.startsWith("npm:")), []);
});

Deno.test("a bus that can't be reached is told in a line", async () => {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const url = `redis://127.0.0.1:${port}`;
  const args = ["--port", "0", "--bus", url];
  await using refused = start(CHAT, `127.0.0.1:0,127.0.0.1:${port}`, args);
  assertEquals(await failure(refused), [
    1,
    `server: nobody listens on 127.0.0.1:${port}; start the server first`,
  ]);
  await using forbidden = start(CHAT, "127.0.0.1:0", args);
  assertEquals(await failure(forbidden), [
    1,
    `server: Deno's sandbox does not allow 127.0.0.1:${port}; run it as: ` +
    `deno run --allow-net=127.0.0.1:0,127.0.0.1:${port} ${CHAT} ` +
    args.join(" "),
  ]);
  await using wrong = start(CHAT, "127.0.0.1:0", ["--bus", "http://[::1]/"]);
  assertEquals(await failure(wrong), [
    2,
    'server: --bus takes redis://HOST:PORT, not "http://[::1]/"',
  ]);
});

/** Somebody in a crowd, who only keeps lines. */
class Guest {
  readonly lines: string[] = [];
  readonly #conn: Deno.TcpConn;
  #more = Promise.withResolvers<void>();

  constructor(
    readonly name: string,
    readonly server: number,
    conn: Deno.TcpConn,
  ) {
    this.#conn = conn;
    this.#collect().catch(() => {}); // when we close it
  }

  static async join(
    name: string,
    server: number,
    port: number,
  ): Promise<Guest> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const guest = new Guest(name, server, conn);
    await guest.say(name);
    await guest.until((line) => line.startsWith("* Here: "));
    return guest;
  }

  say(line: string): Promise<void> {
    return writeAll(this.#conn, `${line}\n`);
  }

  /** Resolves when so many lines were heard that are such. */
  async until(is: (line: string) => boolean, count = 1): Promise<void> {
    for (let seen = 0, at = 0;;) {
      for (; at < this.lines.length; at++) if (is(this.lines[at])) seen++;
      if (seen >= count) return;
      await this.#more.promise;
    }
  }

  /** What was heard of somebody: numbers, and how many were lost. */
  of(name: string): { heard: number[]; lost: number } {
    const said = this.lines.filter((line) => line.startsWith(`${name}: `));
    const lost = this.lines.filter((line) => line.startsWith("* Lost"))
      .flatMap((line) => [...line.matchAll(/(\d+) lines? of (\w+)/g)])
      .filter(([, , who]) => who === name)
      .reduce((sum, [, count]) => sum + Number(count), 0);
    return { heard: said.map((line) => Number(line.split(": ")[1])), lost };
  }

  close(): void {
    this.#conn.close();
  }

  async #collect(): Promise<void> {
    const stream = this.#conn.readable.pipeThrough(new TextDecoderStream());
    let rest = "";
    for await (const text of stream) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines);
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
  }
}

Deno.test(
  needs(
    "200 people on two servers: what is lost at a restart of Redis is told",
    redis,
  ),
  async () => {
    await using bus = await Redis.start();
    await using one = await open(bus.url);
    await using two = await open(bus.url);
    const people: Guest[] = [];
    for (let i = 0; i < 200; i++) {
      const { port } = [one, two][i % 2];
      people.push(await Guest.join(`guest${i}`, i % 2, port));
    }
    let number = 0;
    const sayAll = async () => {
      number++;
      await Promise.all(people.map((guest) => guest.say(`${number}`)));
    };
    const allHear = (is: (line: string) => boolean, count?: number) =>
      Promise.all(people.map((guest) => guest.until(is, count)));
    await sayAll();
    await allHear((line) => / 1$/.test(line), 200);
    const talking = Promise.all([sayAll(), sayAll(), sayAll()]);
    await bus[Symbol.asyncDispose](); // in the middle of that
    await talking;
    await allHear((line) => line.includes("out of reach"));
    for (let i = 0; i < 3; i++) await sayAll();
    await bus.start();
    await allHear((line) => line.includes("within reach"));
    await sayAll();
    await allHear((line) => line.endsWith(` ${number}`), 200);
    let lost = 0;
    for (const listener of people) {
      for (const { name, server } of people) {
        const { heard, ...told } = listener.of(name);
        assertEquals(heard, heard.toSorted((a, b) => a - b), "out of order");
        assertEquals(told.lost, number - heard.length, `${name}'s lines`);
        if (server === listener.server) assertEquals(told.lost, 0);
        lost += told.lost;
      }
    }
    assert(lost >= 3 * 200 * 100); // what was said while the bus was away
    people.forEach((guest) => guest.close());
  },
);

// --- Two hosts ---------------------------------------------------------------

/** A cable with a host at either end, on each of which a chat and netcat run. */
async function layCable(): Promise<Cable> {
  const cable = await Cable.lay("bus");
  for (const [i, host] of cable.hosts.entries()) {
    const address = `10.202.0.${i + 1}/24`;
    await read("ip", "-n", host, "link", "set", "lo", "up");
    await read("ip", "-n", host, "addr", "add", address, "dev", "end");
  }
  return cable;
}

/** Somebody on one of the hosts, who joins by netcat. */
class Local implements AsyncDisposable {
  readonly heard: Transcript;
  readonly #nc: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor({ wrap: [command, ...args] }: { wrap: string[] }, port: number) {
    this.#nc = new Deno.Command(command, {
      args: [...args, "nc", "127.0.0.1", `${port}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.heard = new Transcript([this.#nc.stdout]);
    this.#input = this.#nc.stdin.getWriter();
  }

  async say(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${text}\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    this.#nc.kill();
    await Promise.all([this.#nc.status, this.heard.ended]);
  }
}

Deno.test(
  needs(
    "two hosts, one of them cut off and healed: both are told what they missed",
    linux,
    superuser,
    redis,
    program("ip"),
    program("nc"),
  ),
  async () => {
    await using cable = await layCable();
    await using _bus = await Redis.start({ port: 6379, ...cable.at(1) });
    await using one = await open("redis://10.202.0.1", cable.at(1));
    await using two = await open("redis://10.202.0.1", cable.at(2));
    await using ada = new Local(cable.at(1), one.port);
    await ada.say("Ada");
    await ada.heard.until(/Here: Ada\n/);
    await using bob = new Local(cable.at(2), two.port);
    await bob.say("Bob");
    await bob.heard.until(/Here: Bob, Ada\n/);
    await bob.say("Hello!");
    await ada.heard.until(/Bob: Hello!\n/);

    await cable.set("down");
    for (const word of ["one", "two", "three"]) await ada.say(word);
    for (const word of ["eins", "zwei"]) await bob.say(word);
    await Promise.all([
      ada.heard.until(/\* Out of reach: Bob\.\n/),
      bob.heard.until(/\* The other servers are out of reach/),
    ]);
    await ada.say("four");
    await bob.say("drei");
    await bob.heard.until(/drei/);

    await cable.set("up");
    await Promise.all([
      ada.heard.until(/Back: Bob\.\n/),
      bob.heard.until(/within reach/),
    ]);
    await ada.heard.until(/Lost on the way/);
    await bob.heard.until(/Lost on the way/);
    await ada.say("five");
    await bob.heard.until(/Ada: five\n/);
    await bob.say("vier");
    await ada.heard.until(/Bob: vier\n/);
    const asked = "* What is your name?\n";
    assertEquals(
      bob.heard.text,
      `${asked}* Here: Bob, Ada\nBob: Hello!\n` +
        `Bob: eins\nBob: zwei\n${BROKEN}Bob: drei\n` +
        `${WHOLE}* Lost on the way: 4 lines of Ada.\n` +
        "Ada: five\nBob: vier\n",
    );
    // What Bob's server had handed to its system before it gave up, the system
    // goes on to send: when the cable is whole, it may arrive, or be too late.
    const [, late, lost] =
      /Back: Bob\.\n((?:Bob: \w+\n)*)\* Lost on the way: (\d) lines? of Bob\.\n/
        .exec(ada.heard.text)!;
    const arrived = late.match(/.+/g) ?? [];
    assertEquals(arrived, ["Bob: eins", "Bob: zwei"].slice(0, arrived.length));
    assertEquals(arrived.length + Number(lost), 3);
    const lines = lost === "1" ? "line" : "lines";
    assertEquals(
      ada.heard.text,
      `${asked}* Here: Ada\n* Bob comes.\nBob: Hello!\n` +
        "Ada: one\nAda: two\nAda: three\n* Out of reach: Bob.\nAda: four\n" +
        `* Back: Bob.\n${late}* Lost on the way: ${lost} ${lines} of Bob.\n` +
        "Ada: five\nBob: vier\n",
    );
  },
);
