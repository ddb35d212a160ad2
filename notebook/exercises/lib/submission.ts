/**
 * What is judged, and how it is started.
 *
 * @module
 */

/** What is judged: a command to start, or a server that runs already. */
export interface Submission {
  /** The program and its arguments. @default {none: a server runs already} */
  command?: string[];
  /** The port that the program insists on. @default {a free one at each start} */
  port?: number;
  /** Where the server runs already. @default {nowhere: the command starts it} */
  connect?: { hostname: string; port: number };
  /** The folder that the program runs in. @default {the judge's} */
  cwd?: string;
  /** Gets each line of the program's standard error. */
  onError?(line: string): void;
}

/** How a step wants the program started. */
export interface Conditions {
  /** What it reads from standard input. */
  stdin?: Uint8Array;
  /** The most files and sockets that it may have open. */
  openFiles?: number;
  /** Further arguments, before the port. */
  args?: string[];
}

/** The port comes last, or where `{port}` stands. */
export function withPort(
  command: string[],
  args: string[],
  port: number,
): string[] {
  const placed = command.map((word) => word.replaceAll("{port}", `${port}`));
  const all = [...placed, ...args];
  const isPlaced = command.some((word) => word.includes("{port}"));
  // The very Deno that runs us: it need not be where programs are looked for.
  if (all[0] === "deno") all[0] = Deno.execPath();
  return isPlaced ? all : [...all, `${port}`];
}
