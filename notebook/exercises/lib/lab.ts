/**
 * What a step has to work with: the program, connections to it or from it, and a
 * record of all that happens.
 *
 * @module
 */

import { delay, withTimeout } from "../../../lib/io.ts";
import {
  binding,
  elsewhere,
  exited,
  isLost,
  neverConnects,
  nobodyThere,
  portInUse,
  resetAtOnce,
  STARTING,
  wentAway,
} from "./absent.ts";
import type { Recorder } from "./channel.ts";
import { type Datagram, Datagrams } from "./datagrams.ts";
import { type Happening, Untried } from "./symptom.ts";
import { blindPatience, type Patience } from "./patience.ts";
import { freePort, isFree } from "./ports.ts";
import { type Exit, isAnythingLeft, Program } from "./program.ts";
import { isBound, statesAt, usage } from "./system.ts";
import {
  closing,
  connectNode,
  fromDeno,
  isCutOff,
  isRefusal,
  listenNode,
  resettable,
  type Socket,
} from "./sockets.ts";
import { type Conditions, type Submission, withPort } from "./submission.ts";
import { Wire } from "./wire.ts";

/** The place where one step is tried. */
export class Lab implements AsyncDisposable {
  /** All that happened so far. */
  readonly happenings: Happening[] = [];
  /** The port that the program serves, or connects to. */
  port: number;
  readonly #submission: Submission;
  readonly #begun = performance.now();
  readonly #things: Disposable[] = [];
  /** All connections of the step, in their order: experiments go on with them. */
  readonly wires: Wire[] = [];
  /** All sockets for datagrams, likewise. */
  readonly sockets: Datagrams[] = [];
  readonly #keep: boolean;
  #program?: Program;
  #listener?: Deno.TcpListener;
  #conditions: Conditions = {};
  #ready = false;
  #moves = 0;
  readonly #isTaken: boolean;
  readonly #blind = blindPatience();

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
    const isFixed = submission.port !== undefined && !this.#program;
    this.#isTaken = isFixed && !isFree(this.port);
  }

  /** The program, if it is ours to look at; a step that needs it is not tried else. */
  get program(): Program {
    if (this.#program) return this.#program;
    throw new Untried("the judge has not started it, so cannot hold it");
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
    if (this.#isTaken) throw portInUse(this.port);
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

  /** Ends the program, so that it can be started once more, on the same port. */
  async end(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#program = undefined;
  }

  /** Waits for the program, or for the clock where it cannot be seen. */
  get patience(): Patience {
    return this.#program?.patience ?? this.#blind;
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
    if (this.#isTaken) throw portInUse(this.port);
    if (!this.#listener) {
      const { port } = this, hostname = "127.0.0.1";
      this.#listener = binding(port, () => Deno.listen({ hostname, port }));
      this.#things.push(closing(this.#listener));
    }
    const listener = this.#listener;
    const accepting = listener.accept().catch(() => undefined);
    const socket = await this.#arrival(accepting);
    return this.#keepWire(fromDeno(socket), name, "<");
  }

  /** Like {@linkcode accept}, but the connection can be reset. */
  async acceptResettable(name = ""): Promise<Wire> {
    if (this.#isTaken) throw portInUse(this.port);
    const { arriving, listener } = await listenNode(this.port);
    this.#things.push(listener);
    return this.#keepWire(resettable(await this.#arrival(arriving)), name, "<");
  }

  /** Opens a socket for datagrams: to the program, or at its port if it is a client. */
  datagrams(
    name = "",
    at: "client" | "server" | "stranger" = "client",
  ): Datagrams {
    const { hostname = "127.0.0.1" } = this.#submission.connect ?? {};
    const port = at === "server" ? this.port : 0;
    const own = { hostname: "127.0.0.1", port, transport: "udp" } as const;
    const datagrams = new Datagrams(
      binding(port, () => Deno.listenDatagram(own)),
      at === "client"
        ? { transport: "udp", hostname, port: this.port }
        : undefined,
      name,
      this.patience,
      this.record,
    );
    this.#things.push(datagrams);
    this.sockets.push(datagrams);
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
    for (let idle = 0;;) {
      if (program.exit) throw await exited(program, this.#ready);
      const bound = await isBound(this.port);
      if (bound === undefined && !program.exit) return await delay(1);
      if (bound) return;
      await delay(0.01);
      if (this.now < 300) continue;
      idle = await program.isIdle() === false ? 0 : idle + 0.03;
      if (await isLost(program, "udp", this.port, idle)) {
        throw await elsewhere(program, "udp", this.port);
      }
    }
  }

  /** The memory that the program uses, in bytes; undefined if it cannot be seen. */
  async memory(): Promise<number | undefined> {
    if (!this.#program) return undefined;
    return (await usage(this.#program.pid))?.bytes;
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
    await Promise.all(this.sockets.map(({ released }) => released));
    await this.#program?.[Symbol.asyncDispose]();
  }

  #keepWire(socket: Socket, name: string, opener: ">" | "<" = ">"): Wire {
    const wire = new Wire(socket, name, this.patience, this.record, opener);
    this.#things.push(wire);
    this.wires.push(wire);
    return wire;
  }

  /** Knocks until somebody opens. */
  async #knock<T>(connect: () => Promise<T>): Promise<T> {
    let slept = 0, cutOff = 0;
    for (;;) {
      const program = this.#program;
      try {
        const socket = await connect();
        if (!this.#ready && program?.exit) await this.#checkAway(program);
        this.#ready = true;
        return socket;
      } catch (error) {
        if (isCutOff(error) && ++cutOff >= 3) throw resetAtOnce();
        if (!isRefusal(error) && !isCutOff(error)) throw error;
      }
      if (!program) throw nobodyThere();
      if (program.exit && await this.#hasMoved()) continue;
      if (program.exit) {
        await this.#checkAway(program);
        throw await exited(program, this.#ready);
      }
      const seconds = this.now < 300 ? 0.005 : 0.03;
      await delay(seconds);
      if (this.now < 300) continue;
      slept = await program.isIdle() === false ? 0 : slept + seconds;
      if (await isLost(program, "tcp", this.port, slept)) {
        throw await elsewhere(program, "tcp", this.port);
      }
    }
  }

  async #checkAway({ exit }: Program): Promise<void> {
    if (exit?.code === 0 && await isAnythingLeft(this.port)) throw wentAway();
  }

  /** Whether somebody else had the port, so that the program gets another one. */
  async #hasMoved(): Promise<boolean> {
    const canMove = !this.#keep && !this.#ready && this.#moves++ < 3;
    if (!canMove || !(await statesAt(this.port))?.length) return false;
    await this.end();
    this.port = freePort();
    this.start();
    return true;
  }

  async #arrival<T>(arriving: Promise<T | undefined>): Promise<T> {
    const program = this.start();
    const patience = this.patience;
    const came = await Promise.race([
      patience.for(arriving, STARTING),
      program?.ended.then(() => undefined),
    ].filter((promise) => promise !== undefined));
    if (came?.value) return came.value;
    // It may have come, said all, and ended before we looked.
    const late = await withTimeout(0.05, arriving);
    if (late) return late;
    if (program?.exit) throw await exited(program, this.#ready);
    throw neverConnects(this.port);
  }
}
