/**
 * The judge's command line: `judge EXERCISE [flags] COMMAND…`.
 *
 * @module
 */

import { UsageError } from "../../../lib/flags.ts";

/** What was asked for. */
export interface Options {
  /** A number or a slug, `board`, or nothing. */
  exercise?: string;
  /** The learner's program and its arguments. */
  command: string[];
  /** Builds the program first. */
  build?: string;
  /** The port that the program insists on. */
  port?: number;
  /** Where the server runs already. */
  connect?: { hostname: string; port: number };
  /** Where the class's board is. */
  report?: { hostname: string; port: number };
  /** Whether to judge again at each save. */
  watch: boolean;
  /** Whether to show one more hint. */
  hint: boolean;
  /** Whether to show the solution. */
  solution: boolean;
  /** Whether to go on after a failure. */
  all: boolean;
  /** Whether to write JSON. */
  json: boolean;
  /** Whether to draw all of the ladder. */
  ladder: boolean;
  /** Whether to repeat the last judgement. */
  again: boolean;
  /** Whether to show how this is used. */
  help: boolean;
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

const VALUES = ["build", "port", "connect", "report"];

/** How the judge is used. */
export const USAGE = `Judges your own program, in any language.

Usage:
  deno task judge                             the list of exercises
  deno task judge 6                           what to do in exercise 6, or "echo"
  deno task judge 6 python3 my.py             judge my.py; the port is added last
  deno task judge 6 [flags] COMMAND…          {port} in it stands for the port
  deno task judge board [PORT]                a class's results, for its teacher

Flags:
  --build COMMAND       build it first: --build "gcc -o my my.c" ./my
  --port PORT           your program always uses this port
  --connect HOST:PORT   your server runs already; nothing is started
  --watch               judge again whenever a file of the command is saved
  --hint                one more hint, up to three
  --solution            ours, once you have passed or tried three times
  --all                 go on after a failure
  --ladder              show all of the conversation, not just its end
  --json                one JSON object a line, for programs
  --report HOST:PORT    send each result to a teacher's board, and only there
  --again               the last judgement once more
  -h, --help            show this help

It ends with 0 passed, 1 not passed, 2 wrong command line, 3 could not be tried
here, 130 interrupted.
`;

/** Reads the command line. */
export function parse(args: string[]): Options {
  const options: Options = {
    command: [],
    watch: false,
    hint: false,
    solution: false,
    all: false,
    json: false,
    ladder: false,
    again: false,
    help: false,
  };
  const rest = [...args];
  if (rest.length && !rest[0].startsWith("-")) options.exercise = rest.shift();
  while (rest[0]?.startsWith("-")) {
    const word = rest.shift()!;
    if (word === "--") break;
    const [name, given] = word === "-h" ? ["help"] : split(word);
    const flag = SWITCHES.find((flag) => flag === name);
    if (flag) options[flag] = true;
    else if (VALUES.includes(name)) {
      const value = given ?? rest.shift();
      if (!value) throw new UsageError(`--${name} needs a value`);
      Object.assign(options, { [name]: read(name, value) });
    } else {throw new UsageError(
        `there is no flag ${word}; --help lists them all`,
      );}
  }
  return { ...options, command: rest };
}

/** Splits `--port=1234`. */
function split(word: string): string[] {
  const [, name, value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [, word];
  return value === undefined ? [name!] : [name!, value];
}

function read(name: string, value: string): unknown {
  if (name === "build") return value;
  if (name === "port") return port(value, "--port");
  const [, hostname, number] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(value) ?? [];
  if (!hostname) {
    throw new UsageError(`--${name} takes HOST:PORT, not ${value}`);
  }
  return { hostname, port: port(number, `--${name}`) };
}

/** Reads the number of a port. */
export function port(value: string, what: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new UsageError(`${what} takes a port from 1 to 65535, not ${value}`);
}
