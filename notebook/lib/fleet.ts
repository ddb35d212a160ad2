/**
 * Several `server.ts` behind one balancer, and a load of clients: what it takes
 * to see who is lost when the servers are started again, one after the other.
 *
 * @module
 */

import { encode, writeAll } from "../../lib/io.ts";
import { freeze } from "./backlog.ts";
import { Balancer, type BalancerOptions } from "./balancer.ts";
import { type Child, start } from "./child.ts";

/** A `server.ts` in a process of its own, which can be started again. */
export class Backend implements AsyncDisposable {
  /** The name by which the balancer knows it. */
  readonly name: string;
  /** Its port, the same after each start. */
  port = 0;
  #process?: Child;
  #printed = "";

  /** Is not started yet. */
  constructor(name: string) {
    this.name = name;
  }

  /** All that it has printed, in all its lives. */
  get printed(): string {
    return this.#printed + (this.#process?.printed ?? "");
  }

  /** Starts it; resolves when it listens. */
  async start(): Promise<void> {
    const { port } = this;
    const grant = `--allow-net=127.0.0.1:${port}`;
    const script = ["run", "-q", "--no-prompt", grant, "server.ts"];
    const flags = ["--port", `${port}`, "--timeout", "0"];
    this.#process = start("deno", [...script, ...flags]);
    const listens = await this.#process.until(/listening on \S+:(\d+)\n/);
    this.port = Number(listens[1]);
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#process!.stop(signal);
  }

  /** Freezes it; resolves when it does nothing any more. */
  async freeze(): Promise<void> {
    await freeze(this.#process!);
  }

  /** Asks it to end, by SIGTERM; resolves when it has. */
  async stop(): Promise<void> {
    this.signal("SIGTERM");
    await this.#process!.ended();
    this.#printed = this.printed;
    this.#process = undefined;
  }

  /** Ends it, whatever it's doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}

/** Servers behind a balancer. */
export class Fleet implements AsyncDisposable {
  /** The servers. */
  readonly servers: Backend[];
  /** What is in front of them. */
  balancer!: Balancer;
  readonly #parts = new AsyncDisposableStack();

  private constructor(size: number) {
    this.servers = Array.from({ length: size }, (_, i) => {
      return this.#parts.use(new Backend(`s${i + 1}`));
    });
  }

  /** Starts so many servers and the balancer. */
  static async start(size: number, options?: BalancerOptions): Promise<Fleet> {
    const fleet = new Fleet(size);
    const { servers } = fleet;
    await Promise.all(servers.map((server) => server.start()));
    const balancer = await Balancer.start(servers, options);
    fleet.balancer = fleet.#parts.use(balancer);
    return fleet;
  }

  /** Lets clients come and come, so many at a time. */
  load(atOnce: number): Load {
    return new Load(this.balancer.port, atOnce);
  }

  /** The server that each client's number was heard by, as often as it was. */
  get heard(): { number: number; server: string }[] {
    return this.servers.flatMap(({ name: server, printed }) =>
      Array.from(printed.matchAll(/> client (\d+)$/gm), ([, number]) => {
        return { number: Number(number), server };
      })
    );
  }

  /** What came of a load, in figures, and as a timeline. */
  summarize(all: Conversation[]): Summary {
    const lost = all.filter(({ failure }) => failure !== undefined).length;
    const slowest = Math.round(Math.max(...all.map(({ took }) => took)));
    const { length: heard } = this.heard;
    const figures = { clients: all.length, heard, lost, slowest };
    return { ...figures, timeline: this.timeline(all) };
  }

  /** Who had how many clients, and when: a bar for each server and moment. */
  timeline(conversations: Conversation[]): Bar[] {
    const hearers = new Map(
      this.heard.map(({ number, server }) => [number, server]),
    );
    const groups = Map.groupBy(conversations, ({ number, began }) => {
      const from = Math.floor(began / MOMENT) * MOMENT;
      return `${hearers.get(number) ?? "nobody"} ${from}`;
    });
    return Array.from(groups, ([key, { length }]) => {
      const [server, from] = key.split(" ");
      return { server, from: +from, to: +from + MOMENT, clients: length };
    });
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}

/** What came of a load. */
export interface Summary {
  /** How many clients there were. */
  clients: number;
  /** How many of their messages a server has printed. */
  heard: number;
  /** How many were not served. */
  lost: number;
  /** How long the slowest took, in milliseconds. */
  slowest: number;
  /** Who had them when. */
  timeline: Bar[];
}

/** Milliseconds that are one bar of a timeline. */
const MOMENT = 25;

/** A bar of a timeline. */
export interface Bar {
  /** The server, or `nobody`. */
  server: string;
  /** Where it begins, in milliseconds. */
  from: number;
  /** Where it ends. */
  to: number;
  /** How many clients began then. */
  clients: number;
}

/** What came of one client. */
export interface Conversation {
  /** The number that the client said. */
  number: number;
  /** When it came, in milliseconds. */
  began: number;
  /** How long it took, in milliseconds. */
  took: number;
  /** Why it was not served, if it wasn't. */
  failure?: string;
}

/** Clients that come and come: as soon as one is served, the next one connects. */
export class Load {
  readonly #port: number;
  readonly #conversations: Conversation[] = [];
  readonly #clients: Promise<void>[];
  readonly #start = performance.now();
  #next = 0;
  #over = false;
  #more = Promise.withResolvers<void>();

  /** Starts, with so many clients at a time. */
  constructor(port: number, atOnce: number) {
    this.#port = port;
    this.#clients = Array.from({ length: atOnce }, async () => {
      while (!this.#over) await this.#converse(this.#next++);
    });
  }

  /** Resolves when there have been so many conversations. */
  async until(count: number): Promise<void> {
    while (this.#conversations.length < count) await this.#more.promise;
  }

  /** Lets nobody new come; resolves to what came of all. */
  async end(): Promise<Conversation[]> {
    this.#over = true;
    await Promise.all(this.#clients);
    return this.#conversations;
  }

  async #converse(number: number): Promise<void> {
    const began = performance.now() - this.#start;
    const failure = await greet(this.#port, `client ${number}\n`)
      .then(() => undefined, ({ message }: Error) => message);
    const took = performance.now() - this.#start - began;
    this.#conversations.push({ number, began, took, failure });
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** A whole conversation with a server; it fails if anything of it is missing. */
async function greet(port: number, message: string): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, encode(message));
  await conn.closeWrite();
  const greeting = await new Response(conn.readable).text();
  if (greeting !== GREETING) throw new Error(`heard "${greeting}"`);
}

const GREETING = "Message from the server.";
