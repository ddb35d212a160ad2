/**
 * The learner's program: started, held, let go, and ended with all that it has
 * started itself.
 *
 * @module
 */

import { escapeControls } from "../../../lib/escape.ts";
import { delay, withTimeout } from "../../../lib/io.ts";
import { Channel, type Part, type Recorder } from "./channel.ts";
import { concat } from "./bytes.ts";
import { explainStart } from "./start.ts";
import { Patience, type Watched } from "./patience.ts";
import { threadStates, usage, withEnvironment } from "./system.ts";

/** The most that is kept of what a program prints. */
const KEPT = 16 * 2 ** 20;

/** Lines of its standard error that are passed on for each start. */
const LINES = 20;

/** How a program is started. */
export interface Start {
  /** The command; the port is in it already. */
  command: string[];
  /** The port, for its environment. */
  port: number;
  /** What it reads from standard input. @default {nothing} */
  stdin?: Uint8Array;
  /** The most files and sockets that it may have open. */
  openFiles?: number;
  /** The folder it runs in. */
  cwd?: string;
}

/** How a program ended. */
export interface Exit {
  /** Its exit code. */
  code: number;
  /** The signal that ended it, if one did. */
  signal: Deno.Signal | null;
}

/** Stands in the environment of all that we start, so that we find it again. */
const MARK = "JUDGED_BY", OURS = crypto.randomUUID();

/** All programs that run, so that an interrupt can end them. */
const running = new Set<Program>();

/** A program that could not be started at all. */
export class NotStarted extends Error {
  /** What kind of error it is. */
  override name = "NotStarted";
}

/** A program that runs. */
export class Program implements Watched, AsyncDisposable {
  /** What it prints to standard output. */
  readonly out: Output;
  /** Waits for it. */
  readonly patience: Patience = new Patience(this);
  /** Resolves to how it ended. */
  readonly ended: Promise<Exit>;
  /** How it ended, if it has. */
  exit?: Exit;
  readonly #child: Deno.ChildProcess;
  readonly #errors: ReadableStreamDefaultReader<Uint8Array>;
  readonly #errorsRead: Promise<void>;
  #said = "";
  #held = false;

  /**
   * Starts a program, as the leader of a session of its own.
   *
   * @throws {NotStarted} If there is no such program.
   */
  constructor(
    { command, port, stdin, openFiles, cwd }: Start,
    record: Recorder,
    pass: (line: string) => void = () => {},
  ) {
    if (over) throw new NotStarted("the judge is being ended");
    const words = openFiles
      ? ["prlimit", `--nofile=${openFiles}`, ...command]
      : command;
    try {
      this.#child = new Deno.Command(words[0], {
        args: words.slice(1),
        cwd,
        env: {
          NO_COLOR: "1",
          PORT: `${port}`,
          [MARK]: `${OURS}:${port}:`,
        },
        stdin: stdin ? "piped" : "null",
        stdout: "piped",
        stderr: "piped",
        detached: Deno.build.os !== "windows",
      }).spawn();
    } catch (error) {
      const isSandbox = error instanceof Deno.errors.NotCapable;
      if (isSandbox || !(error instanceof Error)) throw error;
      throw new NotStarted(explainStart(command[0], error));
    }
    running.add(this);
    this.out = new Output(this.#child.stdout, this.patience, record);
    this.#errors = this.#child.stderr.getReader();
    this.#errorsRead = this.#readErrors(pass);
    this.ended = this.#child.status.then(({ code, signal }) => {
      return this.exit = { code, signal };
    });
    if (stdin) this.#feed(stdin);
  }

  /** Its process id, which is its session's, too. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The last of what it has said on standard error. */
  get said(): string {
    return this.#said;
  }

  /** The line of its standard error that tells the most. */
  get telling(): string | undefined {
    const lines = this.#said.split(/\r?\n/).filter((line) => /^\S/.test(line));
    const about = lines.filter((line) =>
      /error|exception|panic|abort|fault/i.test(line)
    );
    const line = about.at(-1) ?? lines.at(-1);
    return line && escapeControls(line.slice(0, 200));
  }

  /** Stops it in its tracks: what comes now waits in the system's buffers. */
  async stop(): Promise<void> {
    this.#held = true;
    this.#signal("SIGSTOP");
    for (let looks = 0; looks < 200; looks++) {
      const states = await threadStates(this.pid);
      if (!states || states.every((state) => state === "T" || state === "Z")) {
        return;
      }
      await delay(0.005);
    }
  }

  /** Lets it go on. */
  resume(): void {
    this.#held = false;
    this.#signal("SIGCONT");
  }

  /** Sends it a signal, and all that it has started. */
  #signal(signal: Deno.Signal): void {
    try {
      if (Deno.build.os === "windows") this.#child.kill(signal);
      else Deno.kill(-this.pid, signal);
    } catch (error) { // it has ended, or
      const mayNot = error instanceof Deno.errors.NotCapable;
      if (mayNot && !this.exit) this.#child.kill(signal);
    }
  }

  /** Asks it to end, as a shell or a system does. */
  terminate(): void {
    this.#signal("SIGTERM");
  }

  /** Whether all its threads sleep. */
  async isIdle(): Promise<boolean | undefined> {
    if (this.exit) return true;
    const states = await threadStates(this.pid);
    return states?.every((state) => "SITZX".includes(state));
  }

  /** Seconds of the processor that it has used so far. */
  async processorTime(): Promise<number | undefined> {
    return (await usage(this.pid))?.seconds;
  }

  /** Waits until it ends; undefined if it surely does not. */
  async waitForEnd(): Promise<Exit | undefined> {
    return (await this.patience.for(this.ended))?.value;
  }

  /** Ends it, and everything in its session. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await this.ended;
    // Somebody who left the session may hold the pipes: we do not wait for them.
    await withTimeout(0.05, this.#errorsRead);
    await this.#errors.cancel().catch(() => {});
    await this.out.cancel();
    await this.patience.untilRested();
    running.delete(this);
  }

  /** Ends it at once, without waiting. */
  killAll(): void {
    if (this.#held) this.resume();
    this.#signal("SIGKILL");
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
  }

  /** Waits for the last words of a program that has ended. */
  async lastWords(): Promise<void> {
    await withTimeout(0.2, this.#errorsRead);
  }

  async #readErrors(pass: (line: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    let lines = 0;
    const passOn = (line: string) => {
      lines++;
      if (lines <= LINES) pass(escapeControls(line));
      if (lines === LINES + 1) pass("…");
    };
    for (;;) {
      const { value } = await this.#errors.read().catch(() => ({
        value: undefined,
      }));
      if (!value) break;
      const text = decoder.decode(value, { stream: true });
      this.#said = (this.#said + text).slice(-64 * 1024);
      const parts = (rest + text).slice(-64 * 1024).split("\n");
      rest = parts.pop()!;
      parts.forEach(passOn);
    }
    if (rest) passOn(rest);
  }

  async #feed(bytes: Uint8Array): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(bytes).catch(() => {}); // it may end before it has read
    await writer.close().catch(() => {});
  }
}

/** What a program prints: read as it comes, so that no pipe ever fills up. */
class Output extends Channel {
  /** How it is spoken of. */
  protected readonly words = {
    brings: "is printed as",
    lacks: "is not printed",
    ends: "your program ends",
    stays: "is printed, but then your program does not end",
  };
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #parts: Part[] = [];
  #kept = 0;
  #more = Promise.withResolvers<void>();

  constructor(
    stream: ReadableStream<Uint8Array>,
    patience: Patience,
    record: Recorder,
  ) {
    super("stdout", patience, record);
    this.#reader = stream.getReader();
    this.#collect();
  }

  /** Stops to read. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  /** All that has come and was not yet asked for. */
  get waiting(): Uint8Array {
    return concat(...this.#parts.filter((part) => typeof part === "object"));
  }

  async #collect(): Promise<void> {
    for (;;) {
      const { value } = await this.#reader.read().catch(() => ({
        value: undefined,
      }));
      if (value && this.#kept > KEPT) continue;
      this.#kept += value?.length ?? 0;
      this.#parts.push(value ?? "FIN");
      this.#more.resolve();
      if (!value) return;
    }
  }

  protected async pull(): Promise<Part> {
    while (this.#parts.length === 0) {
      this.#more = Promise.withResolvers();
      await this.#more.promise;
    }
    return this.#parts.shift()!;
  }
}

/** Whether the judge is being ended: nothing is started, and nothing said, any more. */
let over = false;

/** Goes on with what comes of some work, unless the judge is being ended meanwhile. */
export async function unlessOver<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    if (over) await new Promise(() => {}); // what we end has not failed
  }
}

/** Ends all that we have started, because somebody ends the judge. */
export async function endForGood(): Promise<void> {
  over = true;
  await endEverything();
}

/** Whether something runs, somewhere, that we have started for a port. */
export async function isAnythingLeft(port: number): Promise<boolean> {
  return (await withEnvironment(`${MARK}=${OURS}:${port}:`)).length > 0;
}

/** Ends all that we have started, however far it has gone. */
export async function endEverything(): Promise<void> {
  for (const program of running) program.killAll();
  for (let rounds = 0; rounds < 50; rounds++) { // one may just have started another
    const pids = await withEnvironment(`${MARK}=${OURS}`);
    if (pids.length === 0) return;
    pids.forEach(kill);
    await delay(0.01);
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* it has ended */ }
}
