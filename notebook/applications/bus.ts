/**
 * One room on several servers. Each of them tells the others what its people say,
 * and who they are; a _bus_ carries it to all. Here is what the servers say to
 * one another, and what becomes of it when they can't.
 *
 * Two things are asked of the bus. What one server says is heard by all who listen
 * at the moment, in the order in which it was said; nothing is kept for those who
 * don't. And a name can be claimed, by one server only.
 *
 * @module
 */

import { delay, withTimeout } from "../../lib/io.ts";
import type { Link } from "./redis.ts";

/** Makes a link to the bus; what is heard there goes to the function. */
export type OpenLink = (onMessage: (message: string) => void) => Promise<Link>;

/** Somebody, as the servers know them. */
interface Member {
  /** The name. */
  name: string;
  /** How many lines this person has said. */
  lines: number;
}

/** What the servers say to one another. */
interface Message {
  /** Who says it. */
  server: string;
  /** How many things this server has said so far. */
  number: number;
  /** Somebody has said this. `lines` counts it already. */
  said?: { key: string; lines: number; text: string };
  /** These people are here, by the keys of their names. */
  here?: Record<string, Member>;
  /** Whether the others are asked to say the same of theirs. */
  asks?: boolean;
}

/** Another server. */
interface Neighbour {
  /** Its people, by the keys of their names. */
  people: Map<string, Member>;
  /** The number of what was last heard. */
  number: number;
  /** Beats since it was last heard. */
  silent: number;
}

/** What happens on the bus that people have to be told. */
export interface BusEvents {
  /** A line for everybody on this server. */
  onLine(line: string): void;
  /** A name of ours is somebody else's: we were away for too long. */
  onTaken(key: string): void;
  /** The link is broken; another one is tried for. */
  onBreak?(): void;
}

/** Seconds between two signs of life. */
const BEAT = 2;
/** Beats after which somebody who isn't heard is out of reach. */
const MAX_SILENT = 4;
/** Beats after which nobody remembers a server that isn't heard. */
const FORGOTTEN = 1800;
/** Seconds for which a name is kept for a server that isn't heard. */
const NAME_TIMEOUT = 30;

/** This server's place on the bus. */
export class Bus implements AsyncDisposable {
  readonly #id = crypto.randomUUID();
  readonly #open: OpenLink;
  readonly #own = new Map<string, Member>();
  readonly #neighbours = new Map<string, Neighbour>();
  #events?: BusEvents;
  #link?: Link;
  #running?: Promise<void>;
  #isClosed = false;
  #isBroken = false; // and people are told
  #number = 0;
  #deaf = 0; // beats since we have last heard ourselves
  #last: Promise<void> = Promise.resolve(); // what was last said is out

  private constructor(open: OpenLink) {
    this.#open = open;
  }

  /**
   * Connects to the bus.
   *
   * @param open Makes the link, and makes it again when it's broken.
   * @returns The place on it.
   * @throws {Error} If the bus can't be reached.
   */
  static async connect(open: OpenLink): Promise<Bus> {
    const bus = new Bus(open);
    bus.#link = await open((message) => bus.#receive(message));
    return bus;
  }

  /** Begins to tell the others who is here, and us what they say. */
  start(events: BusEvents): void {
    this.#events = events;
    this.#running = this.#run();
  }

  /** The names of the people on the other servers. */
  get names(): string[] {
    return this.#reachable().flatMap(({ people }) => {
      return Array.from(people.values(), ({ name }) => name);
    });
  }

  /** Takes a name; false if it's taken, undefined if that can't be known. */
  async claim(key: string): Promise<boolean | undefined> {
    if (this.#reachable().some(({ people }) => people.has(key))) return false;
    return await this.#link?.claim(key, this.#id, NAME_TIMEOUT)
      .catch(() => undefined);
  }

  /** Somebody whose name is claimed comes. */
  join(key: string, name: string): void {
    this.#own.set(key, { name, lines: 0 });
    this.#announce();
  }

  /** Somebody goes. */
  leave(key: string): void {
    this.#own.delete(key);
    this.#announce();
    this.#link?.release(key).catch(() => {}); // then it will expire
  }

  /** Somebody is called otherwise from now on; the new name is claimed. */
  rename(key: string, newKey: string, name: string): void {
    const { lines } = this.#own.get(key)!;
    this.#own.delete(key); // it isn't ours to release
    this.#own.set(newKey, { name, lines });
    this.#announce();
  }

  /** Somebody of ours says something. */
  say(key: string, text: string): void {
    const member = this.#own.get(key)!;
    const said = { key, lines: ++member.lines, text };
    this.#send({ said });
  }

  /** Resolves when all that was said is out, or can't get out. */
  async flushed(): Promise<void> {
    await this.#last;
  }

  /** Leaves the bus. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await withTimeout(1, this.#last);
    this.#link?.[Symbol.dispose]();
    await this.#running;
  }

  // --- The link ---------------------------------------------------------------

  /** Keeps up a link for as long as there is a bus. */
  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#deaf = 1; // until we hear what we say here:
      this.#announce(true);
      const beating = setInterval(() => this.#beat(), BEAT * 1000);
      await this.#link!.ended;
      clearInterval(beating);
      this.#link = undefined;
      if (this.#isClosed) return;
      if (!this.#isBroken) this.#notifyBroken();
      await this.#reconnect();
    }
  }

  #notifyBroken(): void {
    this.#isBroken = true;
    this.#events!.onBreak?.();
    this.#notify(
      "The other servers are out of reach: what is said now is heard on this " +
        "one only.",
    );
  }

  async #reconnect(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const link = await this.#open((message) => this.#receive(message));
        if (this.#isClosed) link[Symbol.dispose]();
        else this.#link = link;
        return;
      } catch {
        await delay(BEAT / 4);
      }
    }
  }

  /**
   * A sign of life, to the others and to ourselves: a cable that was cut says
   * nothing, so what doesn't come back to us hasn't reached anybody.
   */
  #beat(): void {
    const isHeard = this.#deaf++ === 0;
    if (this.#deaf >= MAX_SILENT) return this.#link?.[Symbol.dispose]();
    this.#announce();
    for (const key of this.#own.keys()) this.#keep(key);
    if (!isHeard) return; // then the silence may be our own
    for (const [server, neighbour] of this.#neighbours) {
      const silent = ++neighbour.silent;
      if (silent === MAX_SILENT) this.#notifyNames("Out of reach", neighbour);
      if (silent === FORGOTTEN) this.#neighbours.delete(server);
    }
  }

  /** Keeps a name for somebody of ours. */
  async #keep(key: string): Promise<void> {
    const isOurs = await this.#link?.claim(key, this.#id, NAME_TIMEOUT)
      .catch(() => undefined);
    if (isOurs === false && this.#own.has(key)) this.#events!.onTaken(key);
  }

  // --- What is said -----------------------------------------------------------

  #announce(asks = false): void {
    const here = Object.fromEntries(this.#own);
    this.#send({ here, asks });
  }

  #send(words: Omit<Message, "server" | "number">): void {
    const from = { server: this.#id, number: ++this.#number };
    const sent = this.#link?.send(JSON.stringify({ ...from, ...words }));
    // What isn't heard is missing in the count, which the others will notice.
    if (sent) this.#last = sent.catch(() => {});
  }

  // --- What is heard ----------------------------------------------------------

  #receive(text: string): void {
    const message = parse(text);
    if (!message) return;
    const { server, number, said, here, asks } = message;
    if (this.#isBroken) {
      this.#notify("The other servers are within reach again.");
    }
    this.#isBroken = false; // whoever hears something, if only themselves, is there
    if (server === this.#id) {
      this.#deaf = 0;
      return;
    }
    const known = this.#neighbours.get(server);
    const neighbour = known ?? { people: new Map(), silent: 0, number: 0 };
    this.#neighbours.set(server, neighbour);
    // What a broken link has left in the system's buffers may come after what
    // was said on the next one. By then it is given up, and told as lost.
    if (number <= neighbour.number) return;
    neighbour.number = number;
    if (neighbour.silent >= MAX_SILENT) this.#notifyNames("Back", neighbour);
    neighbour.silent = 0;
    if (here) this.#meet(neighbour, here);
    if (said) this.#receiveLine(neighbour, said);
    if (asks) this.#announce();
  }

  /** Compares who is there with who was, and what they said with what we heard. */
  #meet({ people }: Neighbour, here: Record<string, Member>): void {
    const missed: Member[] = [];
    for (const [key, { name, lines }] of Object.entries(here)) {
      const before = people.get(key);
      if (!before) this.#notify(`${name} comes.`);
      else missed.push({ name, lines: lines - before.lines });
      people.set(key, { name, lines });
    }
    this.#notifyMissed(missed);
    for (const [key, { name }] of people) {
      if (Object.hasOwn(here, key)) continue;
      people.delete(key);
      this.#notify(`${name} goes.`);
    }
  }

  #receiveLine(
    { people }: Neighbour,
    { key, lines, text }: { key: string; lines: number; text: string },
  ): void {
    const member = people.get(key);
    if (member) { // otherwise we aren't introduced yet
      const { name } = member;
      this.#notifyMissed([{ name, lines: lines - member.lines - 1 }]);
      member.lines = lines;
    }
    this.#events?.onLine(text);
  }

  /** Says how many lines of whom were lost. */
  #notifyMissed(missed: Member[]): void {
    const words = missed.filter(({ lines }) => lines > 0)
      .map(({ name, lines }) => {
        return `${lines} ${lines === 1 ? "line" : "lines"} of ${name}`;
      });
    if (words.length > 0) this.#notify(`Lost on the way: ${words.join(", ")}.`);
  }

  #notifyNames(what: string, { people }: Neighbour): void {
    const names = Array.from(people.values(), ({ name }) => name);
    if (names.length > 0) this.#notify(`${what}: ${names.join(", ")}.`);
  }

  #notify(words: string): void {
    this.#events?.onLine(`* ${words}`);
  }

  #reachable(): Neighbour[] {
    return [...this.#neighbours.values()]
      .filter(({ silent }) => silent < MAX_SILENT);
  }
}

/** What a server says; nothing if that's something else. */
function parse(text: string): Message | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // somebody else uses our name
  }
}
