/**
 * A server that is attacked, in a process of its own; its clients; and what can
 * be seen of both from outside.
 *
 * @module
 */

import net from "node:net";
import { delay, encode, withTimeout } from "../../lib/io.ts";
import { type Child, start } from "./child.ts";
import { shell, statesOf } from "./probe.ts";

/** Where the steps are. */
const STEPS = new URL("../growing/", import.meta.url);

/** The steps that there are: `01`, `02` and so on. */
export async function listSteps(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(STEPS), ({ name }) => name);
  return names.filter((name) => /^\d\d\.ts$/.test(name))
    .map((name) => name.slice(0, 2)).sort();
}

/** How a server is started. */
export interface VictimOptions {
  /** What follows the port on its command line. */
  args?: number[];
  /** How many descriptors it may have. */
  descriptors?: number;
}

/** The server that is attacked. */
export class Victim implements AsyncDisposable {
  /** What was done and seen. */
  lines: string[] = [];
  /** Megabytes that it grew by. */
  growth?: number;
  /** Seconds that it may sleep before it serves the next client. */
  patience = 0;
  /** Whether it was meant to end, and did. */
  isOver = false;
  /** Its port. */
  port = 0;
  /** Its process. */
  child!: Child;
  readonly #step: string;
  readonly #options: VictimOptions;

  /** Notes what to start. */
  constructor(step: string, options: VictimOptions) {
    this.#step = step;
    this.#options = options;
  }

  /** Starts a step on any free port. */
  static async start(
    step: string,
    options: VictimOptions,
  ): Promise<Victim> {
    const victim = new Victim(step, options);
    await victim.restart(0);
    if (!victim.port) throw new Error(victim.child.printed);
    return victim;
  }

  /** Starts it, or starts it again; it may fail to get the port. */
  async restart(port: number): Promise<void> {
    await this.child?.[Symbol.asyncDispose]();
    const { args = [], descriptors } = this.#options;
    const command = commandOf(this.#step, [port, ...args]);
    this.child = descriptors
      ? start("/bin/sh", ["-c", LIMITED, `${descriptors}`, ...command])
      : start(command[0], command.slice(1));
    const ready = this.child.until(/^port (\d+)\n/).catch(() => ["", "0"]);
    this.port = Number((await ready)[1]);
  }

  /** The number of bytes that it greets with. */
  get greeting(): number {
    return "Message from the server.".length * (this.#options.args?.[0] ?? 1);
  }

  /** Notes what was done or seen. */
  log(...lines: string[]): void {
    this.lines.push(...lines);
  }

  /** Connects a client to it. */
  async connect({ deaf = false } = {}): Promise<Client> {
    const at = { hostname: "127.0.0.1", port: this.port };
    return new Client(await Deno.connect(at), deaf);
  }

  /**
   * Whether it accepts nobody any more. It may first serve those in its backlog,
   * so it is asked for a second or two.
   */
  async refuses(): Promise<boolean> {
    for (let tries = 0; tries < 50; tries++) {
      const client = await this.connect().catch(() => undefined);
      if (!client) return true;
      await client[Symbol.asyncDispose]();
      await delay(0.03);
    }
    return false;
  }

  /**
   * Resolves when it has done all that it was going to do: all its threads were
   * seen asleep, twice, or it is gone. False if it never sleeps.
   */
  async quiet(): Promise<boolean> {
    for (let seen = 0, tries = 0; tries < 150; tries++) {
      const states = await statesOf(this.child.pid);
      seen = states.every((state) => state === "S") ? seen + 1 : 0;
      if (seen === 2) return true;
      await delay(0.002); // and what has come to us is read meanwhile
    }
    return false;
  }

  /**
   * Resolves when Deno has started completely: about half a second later than
   * its program, it sets signal handlers, and panics without a descriptor left.
   */
  async settled(): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      const { printed } = await shell(CAUGHT, this.child.pid);
      if (parseInt(printed.slice(-5), 16) & 0x4000) return; // SIGTERM, and so on
      await delay(0.005);
    }
  }

  /** Whether its process has ended. */
  async isGone(): Promise<boolean> {
    return (await statesOf(this.child.pid)).length === 0;
  }

  /** The megabytes that it has in memory. */
  async memory(): Promise<number> {
    const { printed } = await shell(MEMORY, this.child.pid);
    return Math.round(Number(printed) / 1024);
  }

  /** What is wrong with it, if it is gone or does not serve the next client. */
  async trouble(): Promise<string | undefined> {
    if (this.isOver) return;
    await this.quiet();
    if (await this.isGone()) {
      const code = await this.child.ended();
      const why = /^(?:error: )(.*)$|^(OSError: .*)$/m.exec(this.child.printed);
      return `it dies, exit code ${code}: ${
        why?.[1] ?? why?.[2] ?? "panicked"
      }`;
    }
    await using next = await this.connect();
    await next.say("I am next");
    await next.leave();
    if (this.patience) await withTimeout(this.patience, next.over);
    for (let before = -1; !next.ended && before < next.received;) {
      before = next.received;
      await this.quiet();
    }
    if (next.received < this.greeting) return "the next client is not served";
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

/** A client, which listens until the connection is over. */
export class Client implements AsyncDisposable {
  /** How many bytes it has received. */
  received = 0;
  /** Whether the connection is over. */
  ended = false;
  /** Resolves when it is over. */
  over: Promise<void> = Promise.resolve();
  readonly #conn: Deno.TcpConn;

  /** Listens at once, unless it is deaf. */
  constructor(conn: Deno.TcpConn, deaf: boolean) {
    this.#conn = conn;
    if (!deaf) this.listen();
  }

  /** Starts to listen. */
  listen(): void {
    this.over = this.#readToEnd();
  }

  /** Writes; false if the connection is broken. */
  async say(what: string | Uint8Array): Promise<boolean> {
    let rest = typeof what === "string" ? encode(what) : what;
    try {
      while (rest.length > 0) {
        rest = rest.subarray(await this.#conn.write(rest));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Ends its own side: it has said everything. */
  async leave(): Promise<void> {
    await this.#conn.closeWrite().catch(() => {}); // it is broken already
  }

  /** Closes its connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#conn[Symbol.dispose]();
    await this.over;
  }

  async #readToEnd(): Promise<void> {
    const buffer = new Uint8Array(2 ** 16);
    try {
      for (;;) {
        const n = await this.#conn.read(buffer);
        if (n === null) break;
        this.received += n;
      }
    } catch { // a reset, or we have closed it
    }
    this.ended = true;
  }
}

/** Connects by Node's sockets; returns what resets the connection. */
export async function connectByNode(
  port: number,
): Promise<() => Promise<void>> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = net.connect(port, "127.0.0.1", resolve);
  socket.on("error", reject);
  await promise;
  return () => {
    const closed = Promise.withResolvers<void>();
    socket.on("close", () => closed.resolve());
    socket.resetAndDestroy();
    return closed.promise;
  };
}

// --- Processes ---------------------------------------------------------------

/** Sets a limit, and becomes the program; Deno does not look for a newer one. */
const LIMITED = 'ulimit -n "$0" && export DENO_NO_UPDATE_CHECK=1 && exec "$@"';

/** The program and the arguments of a step, with the rights that it needs. */
function commandOf(step: string, args: number[]): string[] {
  const file = new URL(/\.\w+$/.test(step) ? step : `${step}.ts`, STEPS);
  const rest = [decodeURI(file.pathname), ...args.map(String)];
  if (step.endsWith(".py")) return ["python3", ...rest];
  const grant = `--allow-net=127.0.0.1:${args[0]}`;
  return [Deno.execPath(), "run", "-q", "--no-prompt", grant, ...rest];
}

const MEMORY = `while read -r key value unit; do
  if [ "$key" = VmRSS: ]; then echo "$value"; fi; done < /proc/$0/status`;

const CAUGHT = `while read -r key value; do
  if [ "$key" = SigCgt: ]; then echo "$value"; fi; done < /proc/$0/status`;
