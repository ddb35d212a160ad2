/**
 * What the command lines share. The conversations themselves are in the
 * scripts; here is, in this order:
 *
 * - Conversations: counting, waiting, writing all of a message
 * - Flags: reading a command line
 * - Programs: running one, its help, its signals and exit codes
 * - Words: what is told on standard error
 * - Output and input: what is received, so that no peer can forge it
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { format as formatBytes } from "@std/fmt/bytes";
import { red, setColorEnabled, yellow } from "@std/fmt/colors";

// --- Conversations -----------------------------------------------------------

/** What one conversation amounted to. */
export interface Totals {
  /** Bytes received. */
  received: number;
  /** Bytes sent. */
  sent: number;
  /** Reads that it took to receive them. */
  reads: number;
}

/** What a server reports while it runs; each is optional. */
export interface Reports {
  /** It listens, on this address. */
  onListen?(addr: Deno.NetAddr): void;
  /** A peer has connected. */
  onOpen?(peer: Deno.NetAddr): void;
  /** A peer has sent this text; the next read waits for what this returns. */
  onText?(text: string, peer: Deno.NetAddr): void | Promise<void>;
  /** A conversation is over. */
  onDone?(peer: Deno.NetAddr, totals: Totals): void;
  /**
   * A conversation failed, or (with the server's own address) the listening; or
   * another of these threw. What this one throws goes to the console.
   */
  onError?(error: Error, at: Deno.NetAddr): void;
}

/**
 * Makes reports safe to call where nobody is left to catch what they throw: it
 * is passed on to `onError`, and what that throws, too, to the console. (What
 * `onOpen` and `onText` throw, their conversation catches, which it ends.)
 */
export function guard<R extends Reports>(reports: R): R {
  const { onListen, onDone, onError } = reports;
  function complain(error: Error, at: Deno.NetAddr): void {
    attempt(() => onError?.(error, at), console.error);
  }
  const fault = onError ? complain : (error: Error) => console.error(error);
  return {
    ...reports,
    onError: complain,
    onListen(addr) {
      attempt(() => onListen?.(addr), (error) => fault(error, addr));
    },
    onDone(peer, totals) {
      attempt(() => onDone?.(peer, totals), (error) => fault(error, peer));
    },
  };
}

/** Calls a function of the caller's that may throw, now or later. */
function attempt(call: () => unknown, onThrow: (error: Error) => void): void {
  try {
    const later = call();
    if (later instanceof Promise) later.catch(onThrow);
  } catch (error) {
    onThrow(error as Error);
  }
}

/** A server that runs, as `Deno.serve` returns it. */
export interface Server extends AsyncDisposable {
  /** The address it is bound to, with the real port. */
  readonly addr: Deno.NetAddr;
  /** Resolves when its last conversation is over. */
  readonly finished: Promise<void>;
  /** Takes nobody new, lets the conversations in flight finish, and ends. */
  shutdown(): Promise<void>;
}

/** What a datagram is answered with, if at all. */
export type Answer = (
  question: Uint8Array,
  peer: Deno.NetAddr,
) => Uint8Array | undefined;

/**
 * Decides what a UDP server answers. Anybody can send a datagram in another's
 * name, a server's even: no answer may start an endless exchange, and beyond
 * this machine none may multiply what hits that other one.
 *
 * @param message The whole answer.
 * @param own The server's address.
 * @returns A function that throws where the sandbox does not allow the peer.
 */
export function answerWith(message: Uint8Array, own: Deno.NetAddr): Answer {
  const near = isLoopback(own.hostname);
  let last: Deno.NetAddr; // whom we have answered
  return (question, peer) => {
    if (peer.port === 0) return; // it wants no answer (RFC 768)
    if (isSame(peer, own)) return;
    if (!maySend(peer)) throw new Deno.errors.NotCapable("not allowed");
    if (near) {
      // Here only root can use another's name. A short question may have a long
      // answer, but whoever returns that very answer is an echo, or a server.
      if (isSame(peer, last) && isEqual(question, message)) return;
      last = peer;
      return message;
    }
    // If the peer is a server, too, both soon have nothing left to say.
    if (question.length > 1) return message.subarray(0, question.length - 1);
  };
}

function isSame(peer: Deno.NetAddr, other?: Deno.NetAddr): boolean {
  return peer.port === other?.port && peer.hostname === other.hostname;
}

/** Those who are talked with, and a way to wait for the next one to leave. */
export class Crowd<T> extends Set<T> {
  #departure?: PromiseWithResolvers<void>; // while somebody waits for it

  /** Takes somebody out. */
  override delete(one: T): boolean {
    this.#departure?.resolve();
    this.#departure = undefined;
    return super.delete(one);
  }

  /** Resolves when somebody leaves. */
  departure(): Promise<void> {
    this.#departure ??= Promise.withResolvers();
    return this.#departure.promise;
  }

  /** Resolves when nobody is left. */
  async empty(): Promise<void> {
    while (this.size > 0) await this.departure();
  }
}

/** Counts what a connection carries, and notices when it carries nothing. */
export class Meter implements Totals, Disposable {
  /** Bytes received. */
  received = 0;
  /** Bytes sent. */
  sent = 0;
  /** Reads that brought something. */
  reads = 0;
  #seconds: number;
  #limit: number; // in rounds
  #onSilence: (reason: Error) => void;
  #last = rounds;
  #pauses = 0;

  /**
   * Starts to watch.
   *
   * @param seconds How long the connection may be silent; 0 is for ever.
   * @param onSilence Called with the reason when it was silent for longer.
   */
  constructor(seconds: number, onSilence: (reason: Error) => void) {
    this.#seconds = seconds;
    // Two more: the first round is not a whole one, and what arrived before the
    // last one has still to be read.
    this.#limit = Math.ceil(seconds * 1000 / ROUND) + 2;
    this.#onSilence = onSilence;
    if (seconds > 0) watch(this);
  }

  /** A read brought `n` bytes. */
  read(n: number): void {
    this.received += n;
    this.reads++;
    this.#last = rounds;
  }

  /** How many bytes more than allowed were received; 0 allows any number. */
  excess(maxBytes: number): number {
    return maxBytes && Math.max(0, this.received - maxBytes);
  }

  /** A write took `n` bytes. */
  wrote(n: number): void {
    this.sent += n;
    this.#last = rounds;
  }

  /** Waits for our own side, which must not count as the peer's silence. */
  async pauseFor<T>(own: Promise<T> | T): Promise<T> {
    if (own === undefined) return own;
    this.#pauses++;
    try {
      return await own;
    } finally {
      this.#pauses--;
      this.#last = rounds;
    }
  }

  /** Ends a connection that has been silent for too many rounds. */
  checkIdle(): void {
    if (this.#pauses > 0 || rounds - this.#last < this.#limit) return;
    this[Symbol.dispose]();
    const words = `silent for ${this.#seconds} s`;
    this.#onSilence(new Deno.errors.TimedOut(words));
  }

  /** Watches no longer. */
  [Symbol.dispose](): void {
    meters.delete(this);
    if (meters.size === 0) clearInterval(ticker);
  }
}

// One timer looks after all connections: one for each costs as much as a read.
// Silence is counted in its rounds, not in time: while we are stopped (Ctrl-Z),
// asleep with the laptop, or too busy to look, no round passes, and nobody is
// taken for silent because we did not listen.
const ROUND = 100; // milliseconds
const meters = new Set<Meter>();
let rounds = 0;
let ticker: ReturnType<typeof setInterval>;

function watch(meter: Meter): void {
  if (meters.size === 0) ticker = setInterval(checkAll, ROUND);
  meters.add(meter);
}

function checkAll(): void {
  rounds++;
  for (const meter of meters) meter.checkIdle();
}

/** The error that ends a conversation, or a wait, at a limit of ours. */
export function limit(what: string): Error {
  const words = `the limit of ${what} is reached`;
  return new DOMException(words, "QuotaExceededError");
}

/** Writes the whole message: one write may take only a part of it. */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  message: string | Uint8Array,
  meter?: Meter,
): Promise<void> {
  let rest = encode(message);
  while (rest.length > 0) {
    const n = await to.write(rest);
    meter?.wrote(n);
    rest = rest.subarray(n);
  }
}

/** The bytes of a message: a text is encoded as UTF-8. */
export function encode(message: string | Uint8Array): Uint8Array {
  return typeof message === "string" ? encoder.encode(message) : message;
}

const encoder = new TextEncoder();

/** Whether two messages are the same, byte by byte. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Reports trouble that goes on and on only once, until it pauses for a second. */
export function sparingly(
  onError: Reports["onError"],
  at: Deno.Addr,
): (error: Error) => void {
  const last = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    const pause = now - (last.get(error.message) ?? -Infinity);
    last.set(error.message, now);
    if (pause > 1000) onError?.(error, at as Deno.NetAddr);
  };
}

/** Whether an address, or the name `localhost`, stays within this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){1,3}|::1)$/i.test(hostname);
}

/** Whether a host is given by its address, and not by a name. */
export function isAddress(hostname: string): boolean {
  return /^(\d+\.){3}\d+$|:/.test(hostname);
}

/**
 * The address of ours from which to ask at another one: any of its family; but
 * nobody outside needs to reach a socket that asks this machine.
 */
export function ownFor(address: string): string {
  if (isLoopback(address)) return address;
  return address.includes(":") ? "::" : "0.0.0.0";
}

/** The addresses of a host, in the order in which a server takes the first. */
export async function resolve(hostname: string): Promise<string[]> {
  if (isAddress(hostname)) return [hostname];
  const { lookup } = await import("node:dns/promises"); // slow, seldom needed
  const found = await lookup(hostname, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

/**
 * Whether the sandbox lets us send to a peer. To send without asking would make
 * Deno ask at the terminal, for any stranger's sake, and everything else wait.
 */
export function maySend(peer: Deno.NetAddr): boolean {
  const { hostname } = peer;
  if (hostname === sendable) return true;
  if (!isGranted({ hostname })) return isGranted(peer); // this port alone?
  sendable = hostname;
  return true;
}

let sendable: string; // the host that was granted last: most often the next one

function isGranted(at: { hostname: string; port?: number }): boolean {
  const host = address(at);
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}

/** Resolves after so many seconds. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Waits for a promise, but only for so many seconds; 0 is for ever. */
export async function within<T>(
  seconds: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const ring = () => late.resolve(undefined);
  const timer = seconds && setTimeout(ring, seconds * 1000);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

// --- Flags -------------------------------------------------------------------

/** One flag of a command line. */
export interface Flag<T> {
  /** What its value is called in the help; a switch takes none. */
  takes?: string;
  /** The value of a flag that was not given. */
  fallback: T;
  /** Whether it has to be given. */
  needed?: boolean;
  /** What it is for, in a few words. */
  help: string;
  /** Reads its value, or throws a {@linkcode UsageError}. */
  read(text: string): T;
}

/** The flags of a program; `maxBytes` is written `--max-bytes`. */
export type Flags = Record<string, Flag<unknown>>;

/** The value of each flag of a program. */
export type Values<F extends Flags> = {
  [Name in keyof F]: F[Name]["fallback"];
};

/** Says what is wrong with a command line. */
export class UsageError extends Error {}

/** A flag that is given or not. */
export function toggle(help: string): Flag<boolean> {
  return { fallback: false, help, read: (text) => text !== "false" };
}

/** A flag that takes a text, of at most `most` bytes in UTF-8. */
export function text(
  fallback: string,
  help: string,
  most = Infinity,
): Flag<string> {
  return { takes: "TEXT", fallback, help, read };

  function read(value: string): string {
    const { length } = encode(value);
    if (length <= most) return value;
    throw new UsageError(`takes at most ${most} bytes, not ${length}`);
  }
}

/** A flag that takes a text, and has to be given. */
export function needed(takes: string, help: string): Flag<string> {
  return { takes, fallback: "", needed: true, help, read: (value) => value };
}

/**
 * A flag that takes a name or an address, `[::1]` as well as `::1`. A link-local
 * address needs its zone, which is the interface it is valid on: `fe80::1%eth0`.
 */
export function host(fallback: string, help: string): Flag<string> {
  return { takes: "HOST", fallback, help, read };

  function read(value: string): string {
    const name = value.replace(/^\[(.+)\]$/, "$1");
    if (/^[\w.-]+$/.test(name)) return name;
    const [, plain, zone = ""] = /^([\da-f:.]+)(%[\w.-]+)?$/i.exec(name) ?? [];
    const ipv6 = plain?.includes(":") && URL.parse(`http://[${plain}]`);
    if (ipv6) return ipv6.hostname.slice(1, -1) + zone; // 0:0::1 becomes ::1
    const right = "a name or an address (its port goes to --port)";
    throw new UsageError(`takes ${right}, not "${visible(value)}"`);
  }
}

/** A flag that takes a whole number. */
export function whole(
  fallback: number,
  range: [least: number, most: number],
  help: string,
): Flag<number> {
  const read = numberReader(/^\d+$/, "a whole number", range);
  return { takes: "N", fallback, help, read };
}

/** A flag that takes seconds or a fraction of one, up to a day. */
export function seconds(fallback: number, help: string): Flag<number> {
  const read = numberReader(/^(\d+\.?\d*|\.\d+)$/, "seconds", [0, 86_400]);
  return { takes: "SECONDS", fallback, help, read };
}

function numberReader(form: RegExp, kind: string, range: [number, number]) {
  const [least, most] = range;
  return (value: string): number => {
    const n = Number(value);
    if (form.test(value) && n >= least && n <= most) return n;
    const right = `${kind} from ${least} to ${most}`;
    throw new UsageError(`takes ${right}, not "${visible(value)}"`);
  };
}

/** Options with every default filled in. */
export type Filled<O, F extends Flags> =
  & O
  & { [Name in keyof F & keyof O]-?: Exclude<O[Name], undefined> };

/**
 * Fills in the defaults of options that are left out, or undefined.
 *
 * @throws {RangeError} If a number is not one that the flag would take.
 */
export function fill<O extends object, F extends Flags>(
  options: O,
  flags: F,
): Filled<O, F> {
  const filled = Object.entries(flags).map(([name, { fallback, read }]) => {
    const value = options[name as keyof O] ?? fallback;
    try {
      if (typeof value === "number") read(`${value}`);
    } catch (error) {
      throw new RangeError(`${name} ${(error as Error).message}`);
    }
    return [name, value];
  });
  return { ...options, ...Object.fromEntries(filled) };
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} If a flag is unknown, lacks its value or cannot take it.
 */
export function parse<F extends Flags>(flags: F, args: string[]): Values<F> {
  const names = Object.keys(flags);
  const valued = names.filter((name) => flags[name].takes).map(kebab);
  const attached = attachValues(args, valued);
  rejectUnknown(attached, names.map(kebab));
  const given = parseArgs(attached, {
    string: [...valued, "_"],
    boolean: names.map(kebab).filter((name) => !valued.includes(name)),
    alias: { help: "h" },
  });
  if (given._.length > 0) {
    throw new UsageError(`unexpected argument "${visible(`${given._[0]}`)}"`);
  }
  const missing = names.find((name) => {
    return flags[name].needed && !given[kebab(name)] && !given.help;
  });
  if (missing) throw new UsageError(`--${kebab(missing)} is needed`);
  return Object.fromEntries(names.map((name) => {
    return [name, valueOf(flags[name], kebab(name), given[kebab(name)])];
  })) as Values<F>;
}

function valueOf<T>(flag: Flag<T>, name: string, given?: string | boolean): T {
  if (given === undefined) return flag.fallback;
  try {
    return flag.read(String(given));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--${name} ${error.message}`);
  }
}

/**
 * Writes `--port 80` as `--port=80`, so that a value may be empty (`--message
 * ""`), a dash (`--message -`), or wrong in a way worth telling (`--port -1`).
 */
function attachValues(args: string[], valued: string[]): string[] {
  const attached: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i].replace(/^--/, "");
    if (name === args[i] || !valued.includes(name)) {
      attached.push(args[i]);
      continue;
    }
    const value = args[++i];
    if (value === undefined || value.startsWith("--")) {
      const dashes = value ? " if it begins with dashes" : "";
      throw new UsageError(
        `--${name} needs a value, written --${name}=VALUE${dashes}`,
      );
    }
    attached.push(`--${name}=${value}`);
  }
  return attached;
}

/** Rejects what no flag is called, before more is read into it, as into -h1. */
function rejectUnknown(args: string[], names: string[]): void {
  const known = RegExp(`^(-h?|--(${names.join("|")})(=.*)?)$`, "s");
  for (const arg of args) {
    if (arg === "--") break;
    if (!arg.startsWith("-") || known.test(arg)) continue;
    throw new UsageError(`unknown flag ${visible(arg)}; --help lists them`);
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

// --- Programs ----------------------------------------------------------------

/** Flags that every program has. */
export type NetFlags = Flags & { hostname: Flag<string>; port: Flag<number> };

/** A program: what `--help` says of it, and what it does. */
export interface Program<F extends NetFlags> {
  /** What its words on standard error begin with. */
  role: "server" | "client";
  /** Its file, as one types it in the project's folder. */
  file: string;
  /** What it does, in a sentence or two. */
  about: string;
  /** Its flags, `--help` aside. */
  flags: F;
  /** Flags to show as an example. */
  example: string[];
  /** The narrowest value of `--allow-net` under which it works. */
  grant(options: Values<F>): string;
  /** Further permissions that it needs, as flags: `--allow-read=folder`. */
  also?(options: Values<F>): string[];
  /** Does the work. */
  run(options: Values<F>): Promise<void>;
}

/** The program that runs: a process has only one. */
let current = { role: "", file: "", also: [] as string[] };

/**
 * Runs a program with the arguments of this process, and then ends the process:
 * with 0 when the work is done, 1 when it failed, 2 when a flag was wrong.
 */
export async function main<F extends NetFlags>(
  program: Program<F>,
): Promise<never> {
  const { role, file } = program;
  current = { role, file, also: [] };
  setColorEnabled(Deno.stderr.isTerminal() && !Deno.noColor);
  const flags = { ...program.flags, help: toggle("show this help") };
  const options = await parseOrExit(flags);
  const grant = program.grant(options);
  current.also = program.also?.(options) ?? [];
  try {
    if (options.help) await write(usage(program, flags));
    else await runGranted(program, options, grant);
    await printed();
  } catch (error) {
    const words = explain(error, { ...options, grant });
    if (words === undefined) throw error;
    tell(red(words));
    return await exit(1);
  }
  return await exit(0);
}

async function parseOrExit<F extends Flags>(flags: F): Promise<Values<F>> {
  try {
    return parse(flags, Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    tell(red(error.message));
    return await exit(2);
  }
}

async function runGranted<F extends NetFlags>(
  program: Program<F>,
  options: Values<F>,
  grant: string,
): Promise<void> {
  // Deno's question at a terminal comes before we listen to Ctrl-C: there it
  // still ends the process, as one expects of a question.
  for (const host of grant ? grant.split(",") : []) {
    await Deno.permissions.request({ name: "net", host });
  }
  if (program.role === "client") Deno.addSignalListener("SIGINT", interrupted);
  await program.run(options);
}

async function interrupted(): Promise<void> {
  tell(red("interrupted"));
  await exit(130); // 128 and the number of the signal, as a shell counts
}

function usage<F extends NetFlags>(program: Program<F>, flags: Flags): string {
  const { file, example, about } = program;
  const needed = Object.entries(program.flags).flatMap(([name, flag]) => {
    return flag.needed ? [`--${kebab(name)}`, flag.takes!] : [];
  });
  const [plain, shown] = [needed, example].map((args) => {
    const options = parse(program.flags, args);
    const also = program.also?.(options) ?? [];
    return command({ file, also }, program.grant(options), args);
  });
  const rows = Object.entries(flags).map(([name, flag]) => {
    const { takes = "", fallback, help } = flag;
    const left = `${name === "help" ? "-h, " : ""}--${kebab(name)} ${takes}`;
    const right = takes && !flag.needed ? `${help} [${fallback}]` : help;
    return `  ${left.padEnd(25)} ${right}\n`;
  });
  return `${about}\n\nUsage:\n  ${plain} [flags]\n\n` +
    `Flags:\n${rows.join("")}\nExample:\n  ${shown}\n`;
}

/** A command that runs a script under a grant, ready to be typed. */
function command(
  { file, also }: { file: string; also: string[] },
  grant: string,
  args: string[],
): string {
  const net = grant ? `--allow-net=${grant}` : "--allow-net";
  const words = [net, ...also, file, ...args].map((word) => quote(word));
  return `deno run ${words.join(" ")}`;
}

/**
 * Quotes what a shell would not take literally, such as brackets. On Windows
 * the shell is cmd.exe or PowerShell, and both know double quotes. What stays
 * special inside them, `%NAME%` for the one and `$` for the other, has no
 * spelling that works in both.
 */
export function quote(word: string, os = Deno.build.os): string {
  if (os === "windows") return quoteForWindows(word);
  if (/^[\w.,:/=@%+-]+$/.test(word)) return word;
  return `'${visible(word).replaceAll("'", "'\\''")}'`;
}

function quoteForWindows(word: string): string {
  if (/^[\w.,:/\\=+-]+$/.test(word)) return word;
  // A quote is doubled; a backslash only where a quote follows it.
  return `"${visible(word).replace(/(\\*)("|$)/g, "$1$1$2$2")}"`;
}

/** Runs a server until it is done, or a signal tells it to stop. */
export async function runServer<
  O extends { hostname: string; verbose: boolean },
>(
  serve: (options: O & Reports) => Server,
  options: O,
  note?: string,
): Promise<void> {
  const windows = Deno.build.os === "windows";
  const signals: Deno.Signal[] = ["SIGINT", windows ? "SIGBREAK" : "SIGTERM"];
  const stop = Promise.withResolvers<void>();
  for (const signal of signals) Deno.addSignalListener(signal, stop.resolve);
  const server = serve({ ...options, ...report(options) });
  if (note) tell(note);
  await Promise.race([server.finished, stop.promise]);
  // A second signal is not for us: it ends the process at once.
  for (const signal of signals) Deno.removeSignalListener(signal, stop.resolve);
  const slow = setTimeout(() => {
    tell("stopping: open conversations have 5 s to end; Ctrl-C ends them now");
  }, 100);
  await server.shutdown();
  clearTimeout(slow);
}

// --- Words -------------------------------------------------------------------

let words = "";
let telling: Promise<void> | undefined;

/**
 * Says something about the work, on standard error, without waiting for it: a
 * terminal that was stopped must not stop a server. What is too much for it is
 * left out.
 */
export function tell(more: string): void {
  if (words.length > ENOUGH) return;
  const role = `${current.role}:`;
  words += `${Deno.stderr.isTerminal() ? bold(role) : role} ${more}\n`;
  telling ??= tellAll();
}

async function tellAll(): Promise<void> {
  while (words) {
    const text = words;
    words = "";
    await writeAll(Deno.stderr, text).catch(() => {}); // nobody is there to tell
  }
  telling = undefined;
}

/** Ends the process when the last words are out, or cannot get out. */
async function exit(code: number): Promise<never> {
  if (telling) await within(STALL_TIMEOUT, telling);
  Deno.exit(code);
}

/** Tells from where a client speaks to whom. */
export function tellPath(local: Deno.NetAddr, remote: Deno.NetAddr): void {
  tell(`from ${address(local)} to ${address(remote)}`);
}

/** Writes an address the way it is written on a command line. */
export function address(at: { hostname: string; port?: number }): string {
  const host = at.hostname.includes(":") ? `[${at.hostname}]` : at.hostname;
  return at.port === undefined ? host : `${host}:${at.port}`;
}

/** Sums up a conversation: `30 B received in 1 read, 24 B sent`. */
export function sum({ received, sent, reads }: Totals): string {
  const times = reads === 1 ? "read" : "reads";
  return `${formatBytes(received)} received in ${reads} ${times}, ` +
    `${formatBytes(sent)} sent`;
}

/** Reports for people: text on standard output, words about it beside. */
function report(
  { hostname, verbose }: { hostname: string; verbose: boolean },
): Reports {
  return {
    onListen(addr) {
      // The system does not say the zone again, without which nobody gets here.
      const zoned = hostname.includes("%") ? { ...addr, hostname } : addr;
      tell(`listening on ${address(zoned)}`);
    },
    onText: (text, peer) => print(lines(text, peer)),
    onError(error, at) {
      // A UDP server needs both: its own address, and the peer's to answer.
      const hosts = [{ hostname }, { hostname: at.hostname }].map(address);
      const grant = isLoopback(hostname) ? [...new Set(hosts)].join() : "";
      tell(yellow(explain(error, { ...at, grant }) ?? error.message));
    },
    ...(verbose && {
      onOpen: (peer) => tell(`${address(peer)} connected`),
      onDone: (peer, totals) => tell(`${address(peer)} over: ${sum(totals)}`),
    }),
  };
}

/** Where something failed, and the `--allow-net` that would allow it. */
type Place = { hostname: string; port: number; grant: string };

/** The failures that one can do something about, by the name of the error. */
const WORDS: Record<string, (at: Place, why: string) => string> = {
  AddrInUse: ({ port }) =>
    `port ${port} is in use; stop the program that has it, ` +
    "or choose another with --port",
  AddrNotAvailable: ({ hostname }) =>
    `${hostname} is not an address of this machine; ` +
    "choose one that is, such as 127.0.0.1, with --hostname",
  PermissionDenied: ({ port }, why) =>
    port < 1024
      ? `port ${port} is privileged: the system keeps those below 1024 for ` +
        "root; choose one from 1024 up with --port"
      : why,
  NotCapable: (at, why) => {
    const what = /(read|write) access to "(.*)"/.exec(why);
    const refused = what ? `${what[1]} access to ${what[2]}` : address(at);
    return `Deno's sandbox does not allow ${refused}; ` +
      `run it as: ${command(current, at.grant, Deno.args)}`;
  },
  ConnectionRefused: (at) =>
    `nobody listens on ${address(at)}; start the server first` +
    ("wait" in at ? ", or wait for it with --wait 10" : ""),
  NotFound: (_, why) => why,
  NetworkUnreachable: (at) => `no network leads to ${address(at)}`,
  TimedOut: (at, why) =>
    current.role === "server"
      ? `${address(at)} was ${why}, and is given up (--timeout)`
      : `${address(at)}: ${why}; is the server there? ` +
        "Wait longer with --timeout (0: for ever)",
  QuotaExceededError: (at, why) =>
    `${address(at)}: ${why.replace(/\w+(?=\))/, (name) => `--${kebab(name)}`)}`,
  URIError: (at) => `"${at.hostname}" is neither a name nor an address`,
  InvalidData: (at, why) => `${address(at)}: ${why}`,
  UnexpectedEof: (at, why) => `${address(at)}: ${why}`,
  FileError: (_, why) => why,
  StreamError: (_, why) => why,
  Interrupted: (at) => `${address(at)} was cut off: the server stops`,
  ConnectionReset: reset,
  ConnectionAborted: reset,
  BrokenPipe: reset,
  NotConnected: reset,
};

function reset(at: Place): string {
  const cure = current.role === "client" ? "; try again" : "";
  return `${address(at)} reset the connection before its end${cure}`;
}

/**
 * Whether a name has no address. Windows says so in the person's language, and
 * is known by its numbers (11001 to 11004); Node's look-up has codes of its own.
 */
export function isUnknownName({ message }: Error): boolean {
  return /lookup address|os error 1100[1-4]\b|ENOTFOUND|EAI_/.test(message);
}

/** Describes a failure that can happen to anybody; nothing describes a bug. */
function explain(error: unknown, at: Place): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (isUnknownName(error)) {
    return `no address is known for the name ${at.hostname}; check its ` +
      "spelling, or give an address such as 127.0.0.1";
  }
  if (error.message.includes("EPERM")) return WORDS.NotCapable(at, "");
  if (Object.hasOwn(WORDS, error.name)) {
    return WORDS[error.name](at, error.message);
  }
  // What remains of the system's refusals is told in the system's words.
  return "code" in error ? `${address(at)}: ${error.message}` : undefined;
}

// --- Output and input --------------------------------------------------------

/**
 * Makes our own words bold, for a terminal. No peer's text can be, because its
 * control characters are escaped: even padded to the width of the screen it
 * cannot pass for a new line of ours. Bold is not a colour: NO_COLOR leaves it.
 */
function bold(words: string): string {
  return `\x1b[1m${words}\x1b[22m`;
}

const onTerminal = Deno.stdout.isTerminal();

/**
 * Puts the peer's address before each line, in bold on a terminal. A text that
 * stops short of a newline is a line all the same: the next one may be another
 * peer's.
 */
export function lines(
  text: string,
  peer: Deno.NetAddr,
  isBold: boolean = onTerminal,
): string {
  const from = `${address(peer)}>`;
  const lead = `${isBold ? bold(from) : from} `;
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (PLAIN.test(whole)) return `${lead}${whole}\n`; // nearly always
  return whole.split("\n").map((line) => `${lead}${visible(line)}\n`).join("");
}

const HIDDEN = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One plain line: what hides nothing is seen much faster than what it hides. */
const PLAIN = /^[\t -~]*$/;

/**
 * Shows the characters that move a cursor, colour a screen, start a line or
 * turn the direction of writing as escapes, so that a text cannot pretend to
 * be anything else. A tab stays.
 */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(HIDDEN, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return hex.length > 2
      ? `\\u${hex.padStart(4, "0")}`
      : `\\x${hex.padStart(2, "0")}`;
  });
}

/**
 * Does something with a function that shows bytes on standard output. A file or
 * a pipe is given the exact bytes; a terminal is given the text, with control
 * characters made visible and a newline at the very end.
 */
export async function showing<T>(
  work: (show: (bytes: Uint8Array) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (!Deno.stdout.isTerminal()) return await work(write);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let end = "\n";
  async function showText(text: string): Promise<void> {
    if (text === "") return;
    end = text.slice(-1);
    await write(text.split("\n").map(visible).join("\n"));
  }
  try {
    return await work((bytes) =>
      showText(decoder.decode(bytes, { stream: true }))
    );
  } finally {
    await showText(decoder.decode());
    if (end !== "\n") await write("\n");
  }
}

/** Characters that may wait to be printed before printing makes wait. */
const ENOUGH = 2 ** 20;
/** Seconds that standard output may take nothing before text is dropped. */
const STALL_TIMEOUT = 5;
/** Bytes that are written at a time: what a pipe makes room for at a time. */
const PIECE = 4096;

let waiting = "";
let printing: Promise<void> | undefined;
let room = Promise.withResolvers<void>();
let muted = false;
let dropped = 0;

/**
 * Prints a text without waiting for it; many small ones become one write. When
 * whoever reads the output is far behind, the caller is given a promise to wait
 * for, so that TCP slows the peers down. When nobody reads at all, the text is
 * dropped after a while, and that is told: no peer waits for ever.
 */
export function print(text: string): Promise<void> | undefined {
  if (muted && waiting.length > ENOUGH) {
    dropped += encode(text).length;
    return;
  }
  waiting += text;
  printing ??= printWaiting();
  if (!muted && waiting.length > ENOUGH) return room.promise;
}

/** Resolves when all that was printed is out, or cannot get out. */
export async function printed(): Promise<void> {
  while (printing && !muted) await Promise.race([printing, room.promise]);
}

async function printWaiting(): Promise<void> {
  while (waiting) {
    const bytes = encode(waiting);
    waiting = "";
    // In pieces, so that one that is taken shows that somebody reads.
    for (let i = 0; i < bytes.length; i += PIECE) {
      await printPiece(bytes.subarray(i, i + PIECE));
    }
    makeRoom();
  }
  printing = undefined;
}

async function printPiece(piece: Uint8Array): Promise<void> {
  const why = `standard output took nothing for ${STALL_TIMEOUT} s`;
  // A meter, not a timer: a reader is not behind because we were.
  using meter = new Meter(STALL_TIMEOUT, () => mute(why));
  try {
    await write(piece, meter);
    if (muted) tell(`standard output is back; ${dropped} bytes are lost`);
    muted = false;
    dropped = 0;
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    dropped += piece.length;
    mute(error.message);
  }
}

function mute(why: string): void {
  if (muted) return;
  muted = true;
  tell(yellow(`${why}; what clients say is not shown`));
  makeRoom();
}

function makeRoom(): void {
  room.resolve();
  room = Promise.withResolvers();
}

/** Writes to standard output. */
async function write(text: string | Uint8Array, meter?: Meter): Promise<void> {
  try {
    await writeAll(Deno.stdout, text, meter);
  } catch (error) {
    const closed = error instanceof Deno.errors.BrokenPipe;
    const why = closed ? "somebody closed it" : (error as Error).message;
    throw new StreamError(`cannot write to standard output: ${why}`);
  }
}

/** Reads standard input as it comes. */
export async function* input(): AsyncGenerator<Uint8Array> {
  try {
    yield* Deno.stdin.readable;
  } catch (error) {
    const why = (error as Error).message;
    throw new StreamError(`cannot read standard input: ${why}`);
  }
}

/** A file or a folder is not what it should be, which no peer has to do with. */
export class FileError extends Error {
  /** What kind of failure it is. */
  override name = "FileError";
}

/** Standard output or input failed, which no peer has to do with. */
class StreamError extends Error {
  override name = "StreamError";
}
