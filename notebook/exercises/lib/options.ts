/**
 * The judge's command line: `judge EXERCISE [flags] COMMAND…`.
 *
 * @module
 */

import { escapeControls } from "../../../lib/escape.ts";
import { UsageError } from "../../../lib/errors.ts";

/** A server's address. */
export interface Address {
  /** Its host. */
  hostname: string;
  /** Its port. */
  port: number;
}

const SWITCHES = [
  "watch",
  "hint",
  "solution",
  "all",
  "json",
  "ladder",
  "again",
  "help",
] as const;

/** What was asked for; each of the switches is there if it was given. */
export interface Options extends Record<typeof SWITCHES[number], boolean> {
  /** A number or a slug, `board`, or nothing. */
  exercise?: string;
  /** The learner's program and its arguments. */
  command: string[];
  /** Builds the program first. */
  build?: string;
  /** The port that the program insists on. */
  port?: number;
  /** Where the server runs already. */
  connect?: Address;
  /** Where the class's board is. */
  report?: Address;
}

/** How the flags that take a value read it. */
const VALUES: Record<string, (value: string, flag: string) => unknown> = {
  build: (value) => value,
  port: readPort,
  connect: readAddress,
  report: readAddress,
};

/** How the judge is used. */
export const USAGE = `Judges your own program, in any language.

Usage:
  deno task judge                          the list of exercises
  deno task judge 6                        what to do in exercise 6, or "echo"
  deno task judge 6 python3 my.py          judge my.py: the port is added last
  deno task judge 6 ./my --listen {port}   or stands where you want it
  deno task judge 6 [flags] COMMAND…       flags stand before the command
  deno task judge board [PORT]             a class's results, for its teacher

Flags:
  --hint                one more hint, up to three
  --watch               judge again whenever you save; Ctrl-C ends it
  --again               the last judgement once more
  --build COMMAND       build it first: --build "gcc -o my my.c" ./my
  --port PORT           your program always uses this port
  --connect HOST:PORT   your server runs already; nothing is started
  --ladder              show all that was said
  --all                 go on after a failure
  --solution            ours, once you have passed or tried three times
  --json                one JSON object a line, for programs
  --report HOST:PORT    send each result to a teacher's board, and only there
  -h, --help            show this help

The port is in the environment as PORT, too. The judge ends with 0: passed,
1: not passed, 2: wrong command line, 3: could not be tried here,
130: interrupted.
`;

/**
 * Reads the command line.
 *
 * @throws {UsageError} If it is wrong.
 */
export function parse(args: string[]): Options {
  const rest = [...args];
  const options: Options = { command: rest, ...switches(() => false) };
  const isWord = () => rest.length > 0 && !rest[0].startsWith("-");
  if (isWord()) options.exercise = rest.shift();
  const escaped = readFlags(rest, options);
  if (!options.exercise && isWord()) options.exercise = rest.shift();
  if (!escaped) rejectLateFlag(rest, options);
  rejectContradictions(options);
  return options;
}

function switches(
  value: (name: string) => boolean,
): Record<typeof SWITCHES[number], boolean> {
  const entries = SWITCHES.map((name) => [name, value(name)]);
  return Object.fromEntries(entries);
}

/** Takes the flags away; whether a `--` ended them. */
function readFlags(rest: string[], options: Options): boolean {
  while (rest[0]?.startsWith("-")) {
    const word = rest.shift()!;
    if (word === "--") return true;
    const [, name, given] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = word === "-h"
      ? "help"
      : SWITCHES.find((flag) => flag === name);
    if (flag && given === undefined) options[flag] = true;
    else if (flag) throw new UsageError(`--${flag} takes no value`);
    else if (name !== undefined && Object.hasOwn(VALUES, name)) {
      const value = given ?? rest.shift();
      if (!value) throw new UsageError(`--${name} needs a value`);
      Object.assign(options, { [name]: VALUES[name](value, `--${name}`) });
    } else {
      throw new UsageError(
        `unknown flag ${escapeControls(word)}; --help lists them`,
      );
    }
  }
  return false;
}

/** A flag of ours at the end is meant for us, and not for the program. */
function rejectLateFlag(command: string[], { exercise }: Options): void {
  const last = command.at(-1);
  if (!SWITCHES.some((name) => last === `--${name}`)) return;
  const right = `deno task judge ${exercise} ${last} ${
    command.slice(0, -1).join(" ")
  }`;
  throw new UsageError(
    `${last} stands before the command: ${escapeControls(right)}`,
  );
}

function rejectContradictions(options: Options): void {
  const { command, connect, build, watch, exercise } = options;
  if (exercise === "board") return;
  if (connect && (command.length || build || watch)) {
    throw new UsageError(
      "--connect judges a server that runs already: it takes no command",
    );
  }
  if ((build || watch) && !command.length && !options.again) {
    const flag = build ? "--build" : "--watch";
    throw new UsageError(`after ${flag} the command of your program is needed`);
  }
}

function readAddress(value: string, flag: string): Address {
  const [, hostname, number] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(value) ?? [];
  if (hostname) return { hostname, port: readPort(number, flag) };
  throw new UsageError(
    `${flag} takes HOST:PORT, not "${escapeControls(value)}"`,
  );
}

/** Reads the number of a port. */
export function readPort(value: string, what: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0 && number < 65_536) return number;
  throw new UsageError(
    `${what} takes a port from 1 to 65535, not "${escapeControls(value)}"`,
  );
}
