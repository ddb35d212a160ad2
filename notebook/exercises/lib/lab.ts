/**
 * What a step has to work with: the program, connections to it or from it, and a
 * record of all that happens.
 *
 * @module
 */

import net from "node:net";
import { delay } from "../../../lib/io.ts";
import type { Recorder } from "./channel.ts";
import { type Datagram, Datagrams } from "./datagrams.ts";
import { cause, type Happening, Symptom, Untried } from "./exercise.ts";
import { Patience } from "./patience.ts";
import { freePort } from "./ports.ts";
import { type Exit, Program } from "./program.ts";
import {
  listenerAt,
  listening,
  openFiles,
  statesAt,
  unread,
  usage,
} from "./system.ts";
import { resettable, type Socket, Wire } from "./wire.ts";

/** What is judged: a command to start, or a server that runs already. */
export interface Submission {
  /** The program and its arguments. @default {none: a server runs already} */
  command?: string[];
  /** The port that the program insists on. @default {a free one at each start} */
  port?: number;
  /** Where the server runs already. @default {nowhere: the command starts it} */
  connect?: { hostname: string; port: number };
  /** The folder that the program runs in. @default {the judge's} */
  cwd?: string;
  /** Gets each line of the program's standard error. */
  onError?(line: string): void;
}

/** How a step wants the program started. */
export interface Conditions {
  /** What it reads from standard input. */
  stdin?: Uint8Array;
  /** The most files and sockets that it may have open. */
  openFiles?: number;
  /** Further arguments, before the port. */
  args?: string[];
}

/** Seconds that a program may sleep before it listens or connects. */
const START = 3;

/** Seconds of the processor that a program may use before it connects. */
const COMPILING = 20;

/** The place where one step is tried. */
export class Lab implements AsyncDisposable {
  /** All that happened so far. */
  readonly happenings: Happening[] = [];
  /** The port that the program serves, or connects to. */
  readonly port: number;
  readonly #submission: Submission;
  readonly #begun = performance.now();
  readonly #things: Disposable[] = [];
  /** All connections of the step, in their order: experiments go on with them. */
  readonly wires: Wire[] = [];
  readonly #keep: boolean;
  #program?: Program;
  #listener?: Deno.TcpListener | net.Server;
  #conditions: Conditions = {};
  #ready = false;

  /**
   * Prepares a step.
   *
   * @param submission What is judged.
   * @param running A program that goes on from the step before, if any.
   */
  constructor(submission: Submission, running?: Program) {
    this.#submission = submission;
    this.port = submission.connect?.port ?? submission.port ?? freePort();
    this.#keep = submission.port !== undefined;
    if (running && !running.exit) this.#program = running;
  }

  /** The program, if it is ours to look at; a step that needs it is not tried else. */
  get program(): Program {
    if (this.#program) return this.#program;
    throw new Untried(
      "the judge has not started this server, so cannot hold it",
    );
  }

  /** The program, if there is one. */
  get started(): Program | undefined {
    return this.#program;
  }

  /** How the program ended, if it has. */
  get exit(): Exit | undefined {
    return this.#program?.exit;
  }

  /** Whether the judge itself starts the program. */
  get isOurs(): boolean {
    return this.#submission.connect === undefined;
  }

  /** The connection that was made last. */
  get last(): Wire {
    return this.wires.at(-1)!;
  }

  /** Milliseconds since the step began. */
  get now(): number {
    return performance.now() - this.#begun;
  }

  /** Takes down what happens. */
  readonly record: Recorder = (happening) => {
    this.happenings.push({ ms: this.now, ...happening });
  };

  /** Takes down something that happens beside the wire. */
  note(mark: string): void {
    this.record({ way: "·", on: "", mark });
  }

  /** How the program is to be started; before it is. */
  arrange(conditions: Conditions): void {
    if (!this.isOurs) {
      throw new Untried("the judge cannot start this server in its own way");
    }
    this.#conditions = conditions;
  }

  /** Starts the program, if that has not happened yet. */
  start(): Program | undefined {
    const { command, cwd, onError } = this.#submission;
    if (this.#program || !command) return this.#program;
    const { args = [], ...conditions } = this.#conditions;
    return this.#program = new Program(
      {
        command: withPort(command, args, this.port),
        port: this.port,
        cwd,
        ...conditions,
      },
      this.record,
      onError,
    );
  }

  /** Starts the program once more, on the same port, after it has ended. */
  async restart(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#program = undefined;
    this.start();
  }

  /** Waits for the program, or for the clock where it cannot be seen. */
  get patience(): Patience {
    return this.#program?.patience ?? BLIND;
  }

  /**
   * Connects to the program. The connection that finds it ready is its first
   * client: nothing else has knocked before.
   *
   * @param name What to call it, where there are several.
   * @throws {Symptom} If the program ends, or never listens.
   */
  async connect(name = ""): Promise<Wire> {
    this.start();
    const { hostname = "127.0.0.1" } = this.#submission.connect ?? {};
    const socket = await this.#knock(() =>
      Deno.connect({ hostname, port: this.port })
    );
    return this.#keepWire(fromDeno(socket), name);
  }

  /** Connects so that the connection can be reset. */
  async connectResettable(name = ""): Promise<Wire> {
    this.start();
    const { hostname = "127.0.0.1" } = this.#submission.connect ?? {};
    const socket = await this.#knock(() => connectNode(hostname, this.port));
    return this.#keepWire(resettable(socket), name);
  }

  /**
   * Listens, starts the program if it does not run, and waits for it to connect.
   *
   * @throws {Symptom} If the program ends before, or never connects.
   */
  async accept(name = ""): Promise<Wire> {
    const listener = this.#listener as Deno.TcpListener ?? Deno.listen({
      hostname: "127.0.0.1",
      port: this.port,
    });
    if (!this.#listener) this.#things.push(closing(listener));
    this.#listener = listener;
    const accepting = listener.accept().catch(() => undefined);
    const socket = await this.#arrival(accepting);
    return this.#keepWire(fromDeno(socket), name);
  }

  /** Like {@linkcode accept}, but the connection can be reset. */
  async acceptResettable(name = ""): Promise<Wire> {
    const { promise, resolve } = Promise.withResolvers<net.Socket>();
    const server = net.createServer(
      { allowHalfOpen: true, pauseOnConnect: true },
      resolve,
    );
    await new Promise<void>((done) =>
      server.listen(this.port, "127.0.0.1", done)
    );
    this.#things.push({ [Symbol.dispose]: () => void server.close() });
    return this.#keepWire(resettable(await this.#arrival(promise)), name);
  }

  /** Opens a socket for datagrams: to the program, or at its port if it is a client. */
  datagrams(
    name = "",
    at: "client" | "server" | "stranger" = "client",
  ): Datagrams {
    const { hostname = "127.0.0.1" } = this.#submission.connect ?? {};
    const port = at === "server" ? this.port : 0;
    const datagrams = new Datagrams(
      Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" }),
      at === "client"
        ? { transport: "udp", hostname, port: this.port }
        : undefined,
      name,
      this.patience,
      this.record,
    );
    this.#things.push(datagrams);
    return datagrams;
  }

  /** The next datagram at a socket; undefined if the program ends, or sends none. */
  async datagram(at: Datagrams): Promise<Datagram | undefined> {
    const program = this.start();
    if (!program) return await at.next();
    const ended = program.ended.then(() => at.nextWithin(0.02));
    return await Promise.race([at.next(program.patience), ended]);
  }

  /** Waits until a server for datagrams is there, without sending it anything. */
  async untilBound(): Promise<void> {
    const program = this.start();
    if (!program) return;
    let idle = 0;
    for (;;) {
      if (program.exit) await this.#failExit(program);
      const addresses = await listening(program.pid, "udp");
      if (addresses === undefined && !program.exit) return await delay(1);
      if (addresses?.some((at) => at.endsWith(`:${this.port}`))) return;
      idle = await program.isIdle() === false ? 0 : idle + 0.03;
      if (idle > START) throw elsewhere("udp", this.port, addresses ?? []);
      await delay(0.01);
    }
  }

  /** Waits until the program has read all that was sent to it. */
  async untilRead(): Promise<void> {
    for (let looks = 0; looks < 500; looks++) {
      const bytes = await unread(this.port);
      if (bytes === undefined) return await delay(0.1);
      if (bytes === 0) return;
      await delay(0.005);
    }
  }

  /** The memory that the program uses, in bytes; undefined if it cannot be seen. */
  async memory(): Promise<number | undefined> {
    if (!this.#program) return undefined;
    const kilobytes = (await usage(this.#program.pid))?.kilobytes;
    return kilobytes && kilobytes * 1024;
  }

  /** The process that listens: the program itself, or one that it has started. */
  async listener(): Promise<number> {
    const pid = await listenerAt(this.port);
    if (pid === undefined) {
      throw new Untried("ss and prlimit are needed for that");
    }
    return pid;
  }

  /** How many files and sockets a process has open. */
  async openFiles(pid: number): Promise<number> {
    const count = await openFiles(pid);
    if (count === undefined) throw new Untried("/proc is needed for that");
    return count;
  }

  /** Whether a connection at the program's port waits for late packets. */
  async isInTimeWait(): Promise<boolean> {
    return (await statesAt(this.port))?.includes("TIME-WAIT") ?? false;
  }

  /** Gives the program up, so that the next step can go on with it. */
  release(): Program | undefined {
    if (!this.#keep || this.#program?.exit) return undefined;
    const program = this.#program;
    this.#program = undefined;
    return program;
  }

  /** Closes all connections, and ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#things) thing[Symbol.dispose]();
    await this.#program?.[Symbol.asyncDispose]();
  }

  #keepWire(socket: Socket, name: string): Wire {
    const wire = new Wire(socket, name, this.patience, this.record);
    this.#things.push(wire);
    this.wires.push(wire);
    return wire;
  }

  /** Knocks until somebody opens. */
  async #knock<T>(connect: () => Promise<T>): Promise<T> {
    const program = this.#program;
    let slept = 0;
    for (;;) {
      try {
        const socket = await connect();
        this.#ready = true;
        return socket;
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
      if (!program) throw this.#nobodyThere();
      if (program.exit) await this.#failExit(program);
      const seconds = this.now < 300 ? 0.005 : 0.03;
      await delay(seconds);
      if (this.now < 300) continue;
      slept = await program.isIdle() === false ? 0 : slept + seconds;
      if (slept > 0.3) await this.#checkElsewhere(program);
      if (slept > START) throw elsewhere("tcp", this.port, []);
    }
  }

  async #arrival<T>(arriving: Promise<T | undefined>): Promise<T> {
    const program = this.start();
    const patience = this.patience;
    const came = await Promise.race([
      patience.for(arriving, COMPILING),
      program?.ended.then(() => undefined),
    ].filter((promise) => promise !== undefined));
    if (came?.value) return came.value;
    if (program?.exit) await this.#failExit(program);
    throw new Symptom(
      "absent",
      "Your program runs, and does not connect.",
      {
        cause: cause(
          "never-connects",
          `Your program never connects to 127.0.0.1:${this.port}, the port that ` +
            "it is given as its last argument.",
        ),
      },
    );
  }

  async #checkElsewhere(program: Program): Promise<void> {
    const addresses = await listening(program.pid);
    if (addresses?.length) throw elsewhere("tcp", this.port, addresses);
  }

  #nobodyThere(): Symptom {
    return new Symptom(
      "absent",
      "Nobody listens there (any longer).",
      {
        cause: cause("not-there", "The server is not running, or has ended."),
      },
    );
  }

  async #failExit(program: Program): Promise<never> {
    await program.lastWords();
    const { code, signal } = program.exit!;
    const how = signal ? `by ${signal}` : `with exit code ${code}`;
    const again = this.#ready;
    throw new Symptom(
      "absent",
      again
        ? `finds nobody: your program has ended, ${how}`
        : `Your program ended ${how} before anything could be tried.`,
      {
        cause: again ? undefined : cause(
          "exits-at-start",
          program.telling
            ? `Its last words: ${program.telling}`
            : "It ended without a word: does it wait for a client at all?",
        ),
      },
    );
  }
}

/** Where nobody can look at the program, only time is left. */
const BLIND = new Patience({
  isIdle: () => Promise.resolve(undefined),
  processorTime: () => Promise.resolve(undefined),
  ended: new Promise(() => {}),
});

/** The port comes last, or where `{port}` stands. */
export function withPort(
  command: string[],
  args: string[],
  port: number,
): string[] {
  const placed = command.map((word) => word.replaceAll("{port}", `${port}`));
  const all = [...placed, ...args];
  const isPlaced = command.some((word) => word.includes("{port}"));
  return isPlaced ? all : [...all, `${port}`];
}

function elsewhere(
  protocol: string,
  port: number,
  addresses: string[],
): Symptom {
  const found = addresses.length
    ? `It listens on ${addresses.join(" and ")} instead.`
    : "It runs, but listens nowhere.";
  return new Symptom("absent", `Nobody listens on 127.0.0.1:${port}.`, {
    cause: cause(
      addresses.length ? "listens-elsewhere" : "never-listens",
      `${found} The port is its last argument, and is in the variable PORT ` +
        `(${protocol.toUpperCase()}).`,
    ),
  });
}

function isRefusal(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    (error as { code?: string }).code === "ECONNREFUSED";
}

function fromDeno(conn: Deno.TcpConn): Socket {
  return {
    read: (buffer) => conn.read(buffer),
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

function connectNode(host: string, port: number): Promise<net.Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const socket = net.connect({ host, port, allowHalfOpen: true });
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

function closing(listener: Deno.TcpListener): Disposable {
  return {
    [Symbol.dispose]() {
      listener.close();
    },
  };
}
