/**
 * A class's results: each judge sends a line, the board shows a row a laptop.
 *
 * @module
 */

import { escapeControls } from "../../../lib/escape.ts";
import { lines } from "../../../lib/framing.ts";
import { withTimeout, writeAll } from "../../../lib/io.ts";
import type { Verdict } from "./exercise.ts";

/** The port of a board, unless another is asked for. */
export const BOARD_PORT = 4000;

/** The longest line that a board reads. */
const LINE = 4096;

/** Seconds that a judge waits for a board. */
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

/** Sends a result to a board; whether it got there. */
export async function report(
  result: Result,
  to: { hostname: string; port: number },
): Promise<boolean> {
  const connecting = Deno.connect(to).catch(() => undefined);
  const conn = await withTimeout(TIMEOUT, connecting);
  if (!conn) return false;
  using _ = conn;
  await writeAll(conn, `${JSON.stringify(result)}\n`);
  return true;
}

/** The rows of a board. */
export class Board {
  readonly #rows = new Map<string, Result>();

  /** Takes a result; whatever is none is not taken. */
  take(from: string, line: string): void {
    try {
      const { exercise, passed, id } = JSON.parse(line);
      if (typeof exercise !== "string" || typeof passed !== "boolean") return;
      this.#rows.set(from, {
        exercise,
        passed,
        ...typeof id === "string" && { id },
      });
    } catch { /* not from a judge */ }
  }

  /** Shows all rows, and the commonest diagnosis. */
  toString(): string {
    const rows = [...this.#rows].sort().map((
      [from, { exercise, passed, id }],
    ) =>
      escapeControls(
        `  ${from.padEnd(16)} ${exercise.padEnd(14)} ${
          passed ? "✓" : `✗ ${id ?? ""}`
        }`,
      )
    );
    return [...rows, this.#commonest()].join("\n");
  }

  #commonest(): string {
    const count = new Map<string, number>();
    for (const { id } of this.#rows.values()) {
      if (id) count.set(id, (count.get(id) ?? 0) + 1);
    }
    const [first] = [...count].sort(([, a], [, b]) => b - a);
    if (!first) return `  ${this.#rows.size} laptops, no failure`;
    return escapeControls(`  ${first[1]} of ${this.#rows.size}: ${first[0]}`);
  }
}

/**
 * Shows results as they come, until the listener is closed.
 *
 * @param listener Where judges report.
 * @param print Gets the board after each change.
 */
export async function showBoard(
  listener: Deno.TcpListener,
  print: (board: string) => void,
): Promise<void> {
  const board = new Board();
  for (;;) {
    const conn = await listener.accept().catch(() => undefined);
    if (!conn) return;
    takeLine(conn, board).then(() => print(`${board}\n`));
  }
}

async function takeLine(conn: Deno.TcpConn, board: Board): Promise<void> {
  using _ = conn;
  async function first(): Promise<string | undefined> {
    for await (const line of lines(conn, LINE)) return line;
  }
  const line = await withTimeout(TIMEOUT, first().catch(() => undefined));
  if (line) board.take(conn.remoteAddr.hostname, line);
}
