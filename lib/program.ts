/**
 * A program: its help, its signals, its exit codes, and the exact command that
 * would have been allowed where the sandbox refuses.
 *
 * @module
 */

import { red, setColorEnabled } from "@std/fmt/colors";
import { explain, kebab, type Place, UsageError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import {
  boolean,
  type Flag,
  type Flags,
  parseFlags,
  type Values,
} from "./flags.ts";
import { encode } from "./io.ts";
import { type Log, openLog } from "./log.ts";
import { printing } from "./stdio.ts";

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

/** What a program that runs has: its words, and how it was started. */
export interface Running {
  /** Words about the work, on standard error. */
  readonly log: Log;
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
      await program.run(options, { log, explain: explainHere });
    }
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

/**
 * The words that start Deno for the person who reads this. Somebody without a
 * Deno of their own has it from npx, which keeps it in a folder of that name, and
 * can't type `deno`. (The path of Deno itself takes no permission.)
 *
 * Only a person needs that: what goes elsewhere, to a notebook or a file, says
 * `deno`, whoever has made it.
 *
 * @param path Where Deno is.
 * @param isRead Whether a person reads it.
 * @returns `deno`, or `npx deno@` and the version.
 */
export function launcher(
  path: string = Deno.execPath(),
  isRead: boolean = Deno.stderr.isTerminal(),
): string {
  const isOfNpx = /[\\/]_npx[\\/]/.test(path);
  return isOfNpx && isRead ? `npx deno@${Deno.version.deno}` : "deno";
}
