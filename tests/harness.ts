/**
 * What the tests share: the scripts as real processes under the permissions of
 * their own first lines, and the programs of others.
 *
 * @module
 */

import net from "node:net";
import { setImmediate } from "node:timers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assert, assertEquals, assertStringIncludes, fail } from "@std/assert";
import { formatAddress } from "../lib/address.ts";
import { delay } from "../lib/io.ts";
import {
  isInstalled,
  Process as Program,
  type ProcessOptions,
} from "../lib/process.ts";

/** The project's folder. */
export const ROOT = new URL("..", import.meta.url);

/** What a server says unless told otherwise. */
export const GREETING = "Message from the server.";

/** What a client says unless told otherwise. */
export const MESSAGE = "Message sent from client-side.";

/** A host the way it stands before a port: `[::1]`. */
export function bracket(hostname: string): string {
  return formatAddress({ hostname });
}

/** The four scripts, by their paths in the project. */
export const SCRIPTS = [
  "server.ts",
  "client.ts",
  "udp/server.ts",
  "udp/client.ts",
] as const;

/** The path of a script in the project. */
export type Path = typeof SCRIPTS[number];

/** Seconds after which a test no longer hopes for what it waits for. */
const DEADLINE = 60;

/** A program that runs in the project's folder, unless told otherwise. */
export class Process extends Program {
  /** Starts it. */
  constructor(program: string, args: string[], options?: ProcessOptions) {
    super(program, args, { cwd: ROOT, ...options });
  }
}

/** Options for a script that runs as a process. */
export interface ScriptOptions extends ProcessOptions {
  /** A command that a script is run by, such as one that limits it. */
  wrap?: string[];
}

/** Starts a script under a value of `--allow-net`; with none, under nothing. */
export function start(
  path: string,
  net: string | undefined,
  args: string[] = [],
  options?: ScriptOptions,
): Process {
  const grant = net === undefined ? [] : [`--allow-net=${net}`];
  const all = ["run", "-q", "--no-prompt", ...grant, path, ...args];
  const [command, ...rest] = [...options?.wrap ?? [], Deno.execPath(), ...all];
  return new Process(command, rest, options);
}

/** Starts a server on a free port; resolves to it, and its port, when it listens. */
export async function startServer(
  path: string,
  args: string[] = [],
  hostname = "127.0.0.1",
  options?: ScriptOptions,
): Promise<Process & { port: number }> {
  const host = bracket(hostname);
  const peers = host === "localhost" ? "localhost,127.0.0.1,[::1]" : host;
  const server = start(
    path,
    path.startsWith("udp/") ? peers : `${host}:0`,
    ["--hostname", hostname, "--port", "0", ...args],
    options,
  );
  const [, port] = await server.err.until(/^server: listening on \S+:(\d+)\n/);
  return Object.assign(server, { port: Number(port) });
}

/** Resolves when somebody listens on a port of this machine. */
export async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + DEADLINE * 1000;
  for (;;) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      const isRefused = error instanceof Deno.errors.ConnectionRefused;
      if (!isRefused || performance.now() > deadline) throw error;
      await delay(0.02);
    }
  }
}

/** A message of so many bytes in which no two kilobytes are alike. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    bytes[i] = 32 + (state >>> 24) % 95; // printable ASCII
  }
  return bytes;
}

/** A stream whose reads bring these parts, one after the other, and its end. */
export class Parts {
  /** The reads that it was asked for. */
  reads = 0;
  readonly #parts: Uint8Array[];

  /** Starts with nothing read. */
  constructor(...parts: Uint8Array[]) {
    this.#parts = parts;
  }

  /** Brings the next part, or as much of it as the buffer holds. */
  read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    const part = this.#parts.shift();
    if (!part) return Promise.resolve(null);
    const taken = part.subarray(0, buffer.length);
    buffer.set(taken);
    const rest = part.subarray(taken.length);
    if (rest.length > 0) this.#parts.unshift(rest);
    return Promise.resolve(taken.length);
  }
}

/** Puts something in the place of a member until it is disposed. */
export function replace<T extends object, K extends keyof T>(
  object: T,
  name: K,
  value: T[K],
): Disposable {
  const own = Object.getOwnPropertyDescriptor(object, name);
  object[name] = value;
  return {
    [Symbol.dispose]() {
      if (own) Object.defineProperty(object, name, own);
      else delete object[name];
    },
  };
}

/**
 * Time that passes only when a test says so. Timers that became due meanwhile
 * fire once each, as they do in a process that was stopped, or was busy.
 */
export class FakeTime implements Disposable {
  #now = 0;
  #last = 0;
  #timers = new Map<number, { at: number; every?: number; ring(): void }>();
  #replaced = new DisposableStack();

  /** Stops the time. */
  constructor() {
    const set = (ring: () => void, delay = 0, every?: number) => {
      this.#timers.set(++this.#last, { at: this.#now + delay, every, ring });
      return this.#last;
    };
    const clear = (id?: number) => void this.#timers.delete(id!);
    const fakes: Record<string, unknown> = {
      setTimeout: (ring: () => void, delay?: number) => set(ring, delay),
      setInterval: (ring: () => void, every = 0) => set(ring, every, every),
      clearTimeout: clear,
      clearInterval: clear,
    };
    const names: Record<string, unknown> = globalThis;
    for (const [name, fake] of Object.entries(fakes)) {
      this.#replaced.use(replace(names, name, fake));
    }
    const timeout = (delay: number) => {
      const timers = new Map<() => void, number>();
      const signal = { // who listens no longer waits for nothing
        addEventListener: (_: "abort", ring: () => void) =>
          void timers.set(ring, set(ring, delay)),
        removeEventListener: (_: "abort", ring: () => void) =>
          clear(timers.get(ring)),
      };
      return signal as unknown as AbortSignal;
    };
    this.#replaced.use(replace(AbortSignal, "timeout", timeout));
    this.#replaced.use(replace(performance, "now", () => this.#now));
  }

  /** The delays of the timers that wait, in milliseconds. */
  get delays(): number[] {
    return Array.from(this.#timers.values(), ({ at }) => at - this.#now);
  }

  /** Lets so many milliseconds pass at once, and what then is due happen. */
  async pass(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const [id, timer] of [...this.#timers]) {
      if (timer.at > this.#now) continue;
      if (timer.every) timer.at = this.#now + timer.every;
      else this.#timers.delete(id);
      timer.ring();
    }
    await new Promise(setImmediate);
  }

  /** Lets so many seconds pass, a tenth at a time. */
  async passSeconds(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 10; i++) await this.pass(100);
  }

  /** Lets the time go on by itself. */
  [Symbol.dispose](): void {
    this.#replaced.dispose();
  }
}

/** Connects by Node's sockets, which can end a connection by a reset. */
export function connect(port: number): Promise<net.Socket> {
  const { promise, resolve } = Promise.withResolvers<net.Socket>();
  const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
  socket.on("error", () => {});
  return promise;
}

/** Does something so many times, some at a time. */
export async function times(
  count: number,
  work: (i: number) => Promise<unknown>,
  atOnce = 100,
): Promise<void> {
  let next = 0;
  const workers = Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  });
  await Promise.all(workers);
}

/** Sends bytes; resolves when the kernel has taken them all. */
export function send(socket: net.Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/** Runs a program to its end for what it prints. */
export async function read(
  command: string,
  ...args: string[]
): Promise<string> {
  await using process = new Process(command, args);
  const code = await process.code();
  assert(code === 0, process.err.text);
  return process.out.text;
}

/** The kilobytes that a process has in memory now, or has had at most. */
export async function memoryOf(
  { pid }: Process,
  kind: "VmRSS" | "VmHWM",
): Promise<number> {
  const status = await read("cat", `/proc/${pid}/status`);
  return Number(RegExp(`${kind}:\\s+(\\d+)`).exec(status)![1]);
}

/** The number of descriptors that a process has open. */
export async function descriptorsOf({ pid }: Process): Promise<number> {
  return (await read("ls", `/proc/${pid}/fd`)).trim().split("\n").length;
}

/**
 * Resolves when a process has no more descriptors open than that: a connection
 * that is over on our side may still end on the other.
 */
export async function untilClosed(
  process: Process,
  descriptors: number,
): Promise<void> {
  await untilThere("descriptors to be closed", async () => {
    return await descriptorsOf(process) <= descriptors || undefined;
  });
}

/** Resolves when there is no process with that number any more. */
export async function untilEnded(pid: number): Promise<void> {
  await untilThere(`${pid} to end`, async () => {
    const cat = new Process("cat", [`/proc/${pid}/stat`]);
    const isGone = await cat.code() !== 0;
    return isGone || / Z /.test(cat.out.text) || undefined; // or a zombie
  });
}

/** Asks the system for the port that a process has bound, until it has one. */
export async function portOf({ pid }: Process): Promise<number> {
  return await untilThere(`${pid} to bind a port`, async () => {
    const lines = (await read("ss", "-Hltunp")).split("\n");
    const line = lines.find((line) => line.includes(`pid=${pid},`));
    return line && Number(/:(\d+)\s/.exec(line)![1]);
  });
}

/**
 * Asks until there is an answer, for what nothing wakes us up. In between it
 * leaves the processor to those whom it waits for.
 */
async function untilThere<T>(
  expected: string,
  ask: () => Promise<T | undefined | "">,
): Promise<T> {
  const deadline = performance.now() + DEADLINE * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) fail(`Expected ${expected}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Options for a test that executes whole notebooks: it may take longer. */
export const PATIENT = { timeout: 300_000 };

const there = new Map<string, boolean>();

/** Whether a program is there, by trying it, once for all tests of a file. */
function isThere(program: string): boolean {
  if (!there.has(program)) there.set(program, isInstalled(program));
  return there.get(program)!;
}

/**
 * Options for a test that needs something which not every machine has. Where it
 * is missing the test is skipped, and its name says why; under CI it fails.
 */
export function needs(
  name: string,
  ...conditions: [met: boolean, reason: string][]
): { name: string; ignore: boolean } {
  const missing = conditions.filter(([met]) => !met).map(([, reason]) =>
    reason
  );
  const ignore = missing.length > 0;
  assert(!ignore || !Deno.env.get("CI"), `Missing for "${name}": ${missing}`);
  return { name: ignore ? `${name} (skipped: ${missing})` : name, ignore };
}

/** A condition for {@linkcode needs}: a program is installed. */
export function program(name: string): [boolean, string] {
  return [isThere(name), `there is no ${name}`];
}

/** A condition for {@linkcode needs}: the system is like Unix. */
export const unix: [boolean, string] = [
  Deno.build.os !== "windows",
  "Windows has it not",
];

/** A condition for {@linkcode needs}: the system is Linux. */
export const linux: [boolean, string] = [
  Deno.build.os === "linux",
  "it takes Linux",
];

/** A condition for {@linkcode needs}: we may do what only root may. */
export const superuser: [boolean, string] = [
  Deno.build.os !== "windows" && Deno.uid() === 0,
  "it takes root",
];

/**
 * Copies the project to a folder, with the packages that Deno has fetched for
 * it: what a notebook needs to run there, where it may be written to.
 */
export async function copyProject(to: string): Promise<void> {
  await Deno.mkdir(new URL("notebook", toFolder(to)));
  for (const part of ["", "notebook/"]) {
    for await (const { name } of Deno.readDir(new URL(part, ROOT))) {
      // Not git's, and not Jupyter's environment.
      if (name.startsWith(".") || name === "notebook") continue;
      const from = fileURLToPath(new URL(part + name, ROOT));
      await read("cp", "-R", from, fileURLToPath(new URL(part, toFolder(to))));
    }
  }
}

function toFolder(path: string): URL {
  return pathToFileURL(`${path}/`);
}

/**
 * Every permission that a script asked for, as Deno's own audit has it. What is
 * asked for to load the code (`import`) is Deno's doing, before the script runs.
 */
export async function audited(
  run: (options: ProcessOptions) => Promise<void>,
): Promise<string[]> {
  const file = await Deno.makeTempFile();
  await run({ env: { DENO_AUDIT_PERMISSIONS: file } });
  const lines = (await Deno.readTextFile(file)).trim().split("\n");
  await Deno.remove(file);
  const asked = lines.map((line) => JSON.parse(line))
    .filter(({ permission }) => permission !== "import")
    .map(({ permission, value }) => `${permission} ${value}`);
  return [...new Set(asked)].sort();
}

/** Fails unless the README says just that, wherever its lines end. */
export async function assertReadmeSays(words: string): Promise<void> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  assertStringIncludes(readme.replaceAll(/\s+/g, " "), words);
}

/** How a script that fails ends: its exit code, and the one line it tells. */
export async function failure(
  script: Process,
): Promise<[code: number, line: string]> {
  const code = await script.code();
  const [line, ...rest] = script.err.text.split("\n");
  assertEquals(rest, [""], `one line, no stack trace: ${script.err.text}`);
  assertEquals(script.out.text, "");
  return [code, line];
}
