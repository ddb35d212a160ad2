/**
 * Stand-in for `@std/cli/parse-args`: long flags, short switches, aliases of
 * switches, positional arguments. `node:util` has a parser, too, but to load it
 * doubles the time that a script takes to start.
 *
 * @module
 */

/** Options for {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Flags that take a text; `_` keeps positional arguments as texts. */
  string?: string[];
  /** Switches; each is `false` until it is given. */
  boolean?: string[];
  /** Other names, by the name they stand for. */
  alias?: Record<string, string>;
  /** Called with what no option names; `false` leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What was given; positional arguments are in `_`. */
export type Args = {
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
  _: (string | number)[];
};

/** Parses the arguments of a command line. */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions = {},
): Args {
  const { string = [], boolean = [], alias = {}, unknown = () => true } =
    options;
  const aliases = Object.entries(alias).flatMap(([a, b]) => [[a, b], [b, a]]);
  const other = new Map(aliases as [string, string][]);
  const isSwitch = (name: string) =>
    boolean.includes(name) || boolean.includes(other.get(name) ?? "");
  const result: Args = { _: [] };
  for (const name of [...boolean, ...boolean.map((name) => other.get(name))]) {
    if (name !== undefined) result[name] = false;
  }

  function set(name: string, value: string | boolean, arg: string): void {
    const known = isSwitch(name) || string.includes(name);
    if (!known && unknown(arg, name, value) === false) return;
    for (const key of [name, other.get(name)]) {
      if (key !== undefined) result[key] = value;
    }
  }

  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < end; i++) {
    const arg = args[i];
    const [, dashes, names, value] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(arg) ??
      [];
    if (names === undefined) {
      if (unknown(arg) !== false) result._.push(arg);
      continue;
    }
    const letters = dashes === "-" ? names.split("") : [names]; // -abc is -a -b -c
    const name = letters.pop()!;
    for (const letter of letters) set(letter, true, arg);
    if (isSwitch(name)) { // --once=false, and --once false as well
      const taken = value === undefined && i + 1 < end &&
        /^(true|false)$/.test(args[i + 1]);
      set(name, (taken ? args[++i] : value) !== "false", arg);
    } else if (value !== undefined) {
      set(name, value, arg);
    } else {
      const next = i + 1 < end && !args[i + 1].startsWith("-");
      set(name, next ? args[++i] : string.includes(name) ? "" : true, arg);
    }
  }
  result._.push(...args.slice(end + 1));
  return result;
}
