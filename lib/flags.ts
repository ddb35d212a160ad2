/**
 * The command line: what a flag is, and how flags are read.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { kebab, UsageError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import { encode } from "./io.ts";

/** One flag of a command line. */
export interface Flag<T> {
  /** What stands for its value in the help; a boolean has none. */
  placeholder?: string;
  /** The value of a flag that was not given. */
  default: T;
  /** Whether it has to be given. */
  required?: boolean;
  /** What it is for, in a few words. */
  help: string;
  /** Reads its value, or throws a {@linkcode UsageError}. */
  read(text: string): T;
}

/** The flags of a program; `maxBytes` is written `--max-bytes`. */
export type Flags = Record<string, Flag<unknown>>;

/** The value of each flag of a program. */
export type Values<F extends Flags> = {
  [Name in keyof F]: F[Name]["default"];
};

/** A flag that is given or not. */
export function boolean(help: string): Flag<boolean> {
  return { default: false, help, read: (text) => text !== "false" };
}

/** A flag that takes text, of at most `most` bytes in UTF-8. */
export function text(
  byDefault: string,
  help: string,
  most = Infinity,
): Flag<string> {
  return { placeholder: "TEXT", default: byDefault, help, read };

  function read(value: string): string {
    const { length } = encode(value);
    if (length <= most) return value;
    throw new UsageError(`takes at most ${most} bytes, not ${length}`);
  }
}

/** A flag that takes text and has to be given. */
export function required(placeholder: string, help: string): Flag<string> {
  const read = (value: string) => value;
  return { placeholder, default: "", required: true, help, read };
}

/**
 * A flag that takes a name or an address, `[::1]` as well as `::1`. A link-local
 * address needs its zone, which is the interface it is valid on: `fe80::1%eth0`.
 */
export function host(byDefault: string, help: string): Flag<string> {
  return { placeholder: "HOST", default: byDefault, help, read };

  function read(value: string): string {
    const name = value.replace(/^\[(.+)\]$/, "$1");
    if (/^[\w.-]+$/.test(name)) return name;
    const [, plain, zone = ""] = /^([\da-f:.]+)(%[\w.-]+)?$/i.exec(name) ?? [];
    const ipv6 = plain?.includes(":") && URL.parse(`http://[${plain}]`);
    if (ipv6) return ipv6.hostname.slice(1, -1) + zone; // 0:0::1 becomes ::1
    const right = "a name or an address (its port goes to --port)";
    throw new UsageError(`takes ${right}, not "${escapeControls(value)}"`);
  }
}

/** A flag that takes a whole number. */
export function integer(
  byDefault: number,
  range: [least: number, most: number],
  help: string,
): Flag<number> {
  const read = numberReader(/^\d+$/, "a whole number", range);
  return { placeholder: "N", default: byDefault, help, read };
}

/** A flag that takes seconds or a fraction of one, up to a day. */
export function seconds(byDefault: number, help: string): Flag<number> {
  const read = numberReader(/^(\d+\.?\d*|\.\d+)$/, "seconds", [0, 86_400]);
  return { placeholder: "SECONDS", default: byDefault, help, read };
}

function numberReader(form: RegExp, kind: string, range: [number, number]) {
  const [least, most] = range;
  return (value: string): number => {
    const n = Number(value);
    if (form.test(value) && n >= least && n <= most) return n;
    const right = `${kind} from ${least} to ${most}`;
    throw new UsageError(`takes ${right}, not "${escapeControls(value)}"`);
  };
}

/** Options with every default filled in. */
export type WithDefaults<O, F extends Flags> =
  & O
  & { [Name in keyof F & keyof O]-?: Exclude<O[Name], undefined> };

/**
 * Fills in the defaults of options that are left out, or undefined.
 *
 * @throws {RangeError} If a number is not one that the flag would take.
 */
export function withDefaults<O extends object, F extends Flags>(
  options: O,
  flags: F,
): WithDefaults<O, F> {
  const filled = Object.entries(flags).map(([name, flag]) => {
    const value = options[name as keyof O] ?? flag.default;
    try {
      const isGiven = value !== flag.default;
      if (isGiven && typeof value === "number") flag.read(`${value}`);
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
export function parseFlags<F extends Flags>(
  flags: F,
  args: string[],
): Values<F> {
  const names = Object.keys(flags);
  const valued = names.filter((name) => flags[name].placeholder).map(kebab);
  const attached = attachValues(args, valued);
  rejectUnknown(attached, names.map(kebab), valued);
  const given = parseArgs(attached, {
    string: [...valued, "_"],
    boolean: names.map(kebab).filter((name) => !valued.includes(name)),
    alias: { help: "h" },
  });
  if (given._.length > 0) {
    throw new UsageError(
      `unexpected argument "${escapeControls(`${given._[0]}`)}"`,
    );
  }
  const missing = names.find((name) => {
    return flags[name].required && !given[kebab(name)] && !given.help;
  });
  if (missing) throw new UsageError(`--${kebab(missing)} is needed`);
  return Object.fromEntries(names.map((name) => {
    return [name, valueOf(flags[name], kebab(name), given[kebab(name)])];
  })) as Values<F>;
}

function valueOf<T>(flag: Flag<T>, name: string, given?: string | boolean): T {
  if (given === undefined) return flag.default;
  try {
    return flag.read(String(given));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--${name} ${error.message}`);
  }
}

/**
 * Writes `--port 80` as `--port=80`, so that a value may be empty (`--message
 * ""`), a dash (`--message -`), or wrong in a way worth saying (`--port -1`).
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
function rejectUnknown(
  args: string[],
  names: string[],
  valued: string[],
): void {
  for (const arg of args) {
    if (arg === "--") break;
    if (!arg.startsWith("-") || arg === "-" || arg === "-h") continue;
    const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (!names.includes(name)) {
      throw new UsageError(
        `unknown flag ${escapeControls(arg)}; --help lists them`,
      );
    }
    const isSwitch = !valued.includes(name);
    if (isSwitch && value !== undefined && !/^(true|false)$/.test(value)) {
      throw new UsageError(`--${name} takes no value`);
    }
  }
}
