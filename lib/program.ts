/**
 * A program: its help, its signals, its exit codes, and the exact command that
 * would have been allowed where the sandbox refuses.
 *
 * @module
 */

import { red, setColorEnabled, yellow } from "@std/fmt/colors";
import { formatAddress, isLoopback } from "./address.ts";
import { explain, type Place } from "./errors.ts";
import { bold, escapeControls, prefixLines } from "./escape.ts";
import {
  boolean,
  type Flag,
  type Flags,
  kebab,
  parseFlags,
  UsageError,
  type Values,
} from "./flags.ts";
import { encode } from "./io.ts";
import { launcher } from "./launcher.ts";
import { type Log, openLog, summarize } from "./log.ts";
import { Output, printing } from "./output.ts";
import type { Reports } from "./reports.ts";
import type { Server } from "./serve.ts";

/** Flags that every program has. */
export type NetFlags = Flags & { hostname: Flag<string>; port: Flag<number> };

/** A program: what `--help` says of it, and what it does. */
export interface Program<F extends NetFlags> {
  /** What its lines on standard error begin with. */
  role: "server" | "client";
  /** Its file, as you type it in the project's folder. */
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
  run(options: Values<F>, running: Running): Promise<void>;
}

/** What a program that runs has: its two outputs, and how it was started. */
export interface Running {
  /** Words about the work, on standard error. */
  readonly log: Log;
  /** What is received, on standard output. */
  readonly output: Output;
  /** Describes a failure that can happen to anybody; nothing describes a bug. */
  explain(error: unknown, at: Place): string | undefined;
}

/**
 * Runs a program with the arguments of this process, and then ends the process:
 * with 0 when the work is done, 1 when it failed, 2 when a flag was wrong.
 */
export async function main<F extends NetFlags>(
  program: Program<F>,
): Promise<never> {
  setColorEnabled(Deno.stderr.isTerminal() && !Deno.noColor);
  const log = openLog(program.role);
  const output = new Output(log, { gathering: 0.002 }); // too short to be seen

  async function exit(code: number): Promise<never> {
    await log.flush();
    Deno.exit(code);
  }

  async function interrupted(): Promise<void> {
    log(red("interrupted"));
    await exit(130); // 128 and the number of the signal, as a shell counts
  }

  const flags = { ...program.flags, help: boolean("show this help") };
  let options: Values<typeof flags>;
  try {
    options = parseFlags(flags, Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    log(red(error.message));
    return await exit(2);
  }

  const grant = program.grant(options);
  function explainHere(error: unknown, at: Place): string | undefined {
    const again = (grant: string) =>
      command(program, options, grant, Deno.args);
    return explain(error, at, { role: program.role, command: again });
  }

  try {
    if (options.help) {
      await printing((print) => print(encode(usage(program, flags))));
    } else {
      await request(grant);
      if (program.role === "client") {
        Deno.addSignalListener("SIGINT", interrupted);
      }
      await program.run(options, { log, output, explain: explainHere });
    }
    await output.flush();
  } catch (error) {
    const words = explainHere(error, { ...options, grant });
    if (words === undefined) throw error;
    log(red(words));
    return await exit(1);
  }
  return await exit(0);
}

/**
 * Lets Deno ask at a terminal for what was not granted. Its question comes
 * before we listen to Ctrl-C: there it still ends the process, as you'd expect at
 * a question.
 */
async function request(grant: string): Promise<void> {
  for (const host of grant ? grant.split(",") : []) {
    await Deno.permissions.request({ name: "net", host });
  }
}

/**
 * Runs a server until it is done, or a signal stops it.
 *
 * @param serve Starts it.
 * @param options Its options, from the command line.
 * @param running Where its words go.
 * @param noteOn What there is to say about an address it is bound to, if anything.
 */
export async function runServer<
  O extends { hostname: string; verbose: boolean },
>(
  serve: (options: O & Reports) => Server,
  options: O,
  running: Running,
  noteOn?: (addr: Deno.NetAddr) => string | undefined,
): Promise<void> {
  const windows = Deno.build.os === "windows";
  const signals: Deno.Signal[] = ["SIGINT", windows ? "SIGBREAK" : "SIGTERM"];
  const stop = Promise.withResolvers<void>();
  for (const signal of signals) Deno.addSignalListener(signal, stop.resolve);
  const server = serve({ ...options, ...reportsOf(options, running) });
  const note = noteOn?.(server.addr);
  if (note) running.log(note);
  await Promise.race([server.finished, stop.promise]);
  // A second signal is not for us: it ends the process at once.
  for (const signal of signals) Deno.removeSignalListener(signal, stop.resolve);
  const slow = setTimeout(() => {
    running.log(
      "stopping: open conversations have 5 s to end; Ctrl-C ends them now",
    );
  }, 100);
  await server.shutdown();
  clearTimeout(slow);
}

/** A server's reports for people: text on standard output, words on the other. */
function reportsOf(
  { hostname, verbose }: { hostname: string; verbose: boolean },
  { log, output, explain }: Running,
): Reports {
  const onTerminal = Deno.stdout.isTerminal();
  return {
    onListen(addr) {
      // The system does not repeat the zone, without which nobody gets here.
      const zoned = hostname.includes("%") ? { ...addr, hostname } : addr;
      log(`listening on ${formatAddress(zoned)}`);
    },
    onText(text, peer) {
      const from = `${formatAddress(peer)}>`;
      const prefix = `${onTerminal ? bold(from) : from} `;
      return output.write(prefixLines(text, prefix));
    },
    onError(error, at) {
      // A UDP server needs both: its own address, and the peer's to answer.
      const hosts = [{ hostname }, { hostname: at.hostname }].map(
        formatAddress,
      );
      const grant = isLoopback(hostname) ? [...new Set(hosts)].join() : "";
      log(
        yellow(
          explain(error, { ...at, grant }) ?? wordsOn(error),
        ),
      );
    },
    ...(verbose && {
      onOpen: (peer) => log(`${formatAddress(peer)} connected`),
      onDone: (peer, totals) =>
        log(`${formatAddress(peer)} over: ${summarize(totals)}`),
    }),
  };
}

/** A fault of the code is of use only with the place where it happened. */
function wordsOn(error: Error): string {
  const isBug = error instanceof TypeError || error instanceof ReferenceError;
  return isBug ? error.stack ?? error.message : error.message;
}

// --- Help, and the command to type instead -----------------------------------

/** What `--help` prints. */
function usage<F extends NetFlags>(program: Program<F>, flags: Flags): string {
  const { about, example } = program;
  const required = Object.entries(program.flags).flatMap(([name, flag]) => {
    return flag.required ? [`--${kebab(name)}`, flag.placeholder!] : [];
  });
  const [plain, shown] = [required, example].map((args) => {
    const options = parseFlags(program.flags, args);
    return command(program, options, program.grant(options), args);
  });
  const rows = Object.entries(flags).map(([name, flag]) => {
    const { placeholder = "", help } = flag;
    const dashes = `${name === "help" ? "-h, " : ""}--${kebab(name)}`;
    const byDefault = placeholder && !flag.required ? ` [${flag.default}]` : "";
    return `  ${`${dashes} ${placeholder}`.padEnd(25)} ${help}${byDefault}\n`;
  });
  return `${about}\n\nUsage:\n  ${plain} [flags]\n\n` +
    `Flags:\n${rows.join("")}\nExample:\n  ${shown}\n`;
}

/** A command that runs a program under a grant, ready to be typed. */
function command<F extends NetFlags>(
  { file, also }: Program<F>,
  options: Values<F>,
  grant: string,
  args: string[],
): string {
  const net = grant ? `--allow-net=${grant}` : "--allow-net";
  const words = [net, ...also?.(options) ?? [], file, ...args];
  return `${launcher()} run ${words.map((word) => quote(word)).join(" ")}`;
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
  return `'${escapeControls(word).replaceAll("'", "'\\''")}'`;
}

function quoteForWindows(word: string): string {
  if (/^[\w.,:/\\=+-]+$/.test(word)) return word;
  // A quote is doubled; a backslash only where a quote follows it.
  return `"${escapeControls(word).replace(/(\\*)("|$)/g, "$1$1$2$2")}"`;
}
