/**
 * A class's results: each judge sends a line, the board shows a row a laptop.
 *
 * @module
 */

import { formatAddress } from "../../../lib/address.ts";
import type { Connection } from "../../../lib/connection.ts";
import { lines } from "../../../lib/framing.ts";
import { withTimeout, writeAll } from "../../../lib/io.ts";
import { serve, type Server } from "../../../lib/serve.ts";
import { find } from "./catalogue.ts";
import type { Verdict } from "./exercise.ts";
import type { Address } from "./options.ts";

/** The port of a board, unless another is asked for. */
export const BOARD_PORT = 4000;

/** The longest line that a board reads, in bytes. */
const LINE = 1024;

/** Laptops that a board has room for. */
const ROWS = 1000;

/** Seconds that a judge waits for a board, and a board for a line. */
const TIMEOUT = 3;

/** What a judge reports. */
export interface Result {
  /** The exercise's slug. */
  exercise: string;
  /** Whether it passed. */
  passed: boolean;
  /** The diagnosis, if it did not. */
  id?: string;
}

/** Sums up what came of an exercise. */
export function toResult(exercise: string, verdicts: Verdict[]): Result {
  const failed = verdicts.find(({ status }) => status === "fail");
  return { exercise, passed: !failed, ...failed?.id && { id: failed.id } };
}

/**
 * Sends a result to a board. Where we may not reach it ourselves, a program does
 * that may reach the board, and nothing else: nobody has to be asked each time.
 *
 * @returns Whether it got there.
 */
export async function report(result: Result, to: Address): Promise<boolean> {
  const host = formatAddress(to);
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state === "granted") return await send(result, to);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--no-config", `--allow-net=${host}`],
      new URL("reporter.ts", import.meta.url).href,
      ...[JSON.stringify(result), JSON.stringify(to)],
    ],
    stdin: "null",
  }).output();
  return success;
}

/** Sends a result to a board that we may reach; whether it got there. */
export async function send(result: Result, to: Address): Promise<boolean> {
  async function sendLine(): Promise<boolean> {
    using conn = await Deno.connect(to);
    await writeAll(conn, `${JSON.stringify(result)}\n`);
    return true;
  }
  return await withTimeout(TIMEOUT, sendLine().catch(() => false)) ?? false;
}

/** A laptop's last result, and how often in a row it was that. */
interface Row extends Result {
  times: number;
}

/** The rows of a board. */
export class Board {
  readonly #rows = new Map<string, Row>();

  /** Takes a result, and whether it was one: anybody may send anything. */
  take(from: string, line: string): boolean {
    const result = read(line);
    const before = this.#rows.get(from);
    if (!result || !before && this.#rows.size >= ROWS) return false;
    const isSame = before?.exercise === result.exercise &&
      before.id === result.id;
    this.#rows.set(from, { ...result, times: isSame ? before.times + 1 : 1 });
    return true;
  }

  /** All rows, and the commonest diagnosis. */
  toString(): string {
    const rows = [...this.#rows].sort(([a], [b]) => compare(a, b));
    return [
      ...rows.map(([from, row]) => describe(from, row)),
      "",
      this.#commonest(),
    ].join("\n");
  }

  #commonest(): string {
    const count = new Map<string, number>();
    for (const { id } of this.#rows.values()) {
      if (id) count.set(id, (count.get(id) ?? 0) + 1);
    }
    const [first] = [...count].sort(([, a], [, b]) => b - a);
    return first
      ? `  ${first[1]} of ${this.#rows.size}: ${first[0]}`
      : `  0 of ${this.#rows.size} need help`;
  }
}

function describe(from: string, { exercise, passed, id, times }: Row): string {
  const what = passed ? "✓" : `✗ ${id}${times > 1 ? ` (${times} times)` : ""}`;
  return `  ${from.padEnd(15)} ${exercise.padEnd(13)} ${what}`;
}

/** A result, if this is one: nothing else gets onto a screen. */
function read(line: string): Result | undefined {
  try {
    const { exercise, passed, id } = JSON.parse(line);
    const isKnown = typeof exercise === "string" &&
      find(exercise)?.slug === exercise;
    if (!isKnown || typeof passed !== "boolean") return undefined;
    if (passed) return { exercise, passed };
    const isNamed = typeof id === "string" && /^[a-z0-9-]{1,40}$/.test(id);
    return isNamed ? { exercise, passed, id } : undefined;
  } catch { // not from a judge
    return undefined;
  }
}

/** Orders addresses as people do: .9 before .10. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** How laptops report to a board. */
export function describeBoard(addresses: string[], port: number): string {
  const all = addresses.length ? addresses : ["ADDRESS-OF-THIS-MACHINE"];
  const lines = all.map((address) => `  --report ${address}:${port}`);
  return [
    `The board of a class listens on port ${port}. Laptops put before their command:`,
    ...lines,
    "",
  ].join("\n");
}

/** The addresses by which others reach this machine, if they can be found out. */
export async function ownAddresses(): Promise<string[]> {
  try {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", "--no-config"],
        "--allow-sys=networkInterfaces",
        new URL("addresses.ts", import.meta.url).href,
      ],
      stdin: "null",
    }).output();
    return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
  } catch { // without permission to run anything
    return [];
  }
}

/**
 * Shows results as they come.
 *
 * @param listener Where judges report.
 * @param print Gets the board after each change.
 * @returns The server.
 */
export function serveBoard(
  listener: Deno.TcpListener,
  print: (board: string) => void,
): Server {
  const board = new Board();
  return serve(listener, handle, { maxConnections: 200, maxPerAddress: 20 });

  async function handle(conn: Connection): Promise<void> {
    const line = await withTimeout(TIMEOUT, firstLine(conn));
    if (line && board.take(conn.remoteAddr.hostname, line)) print(`${board}`);
  }
}

async function firstLine(conn: Connection): Promise<string | undefined> {
  try {
    for await (const line of lines(conn, LINE)) return line;
  } catch { /* too long, or gone: nobody's result */ }
}
