/**
 * A conversation, drawn with letters.
 *
 * @module
 */

import { concat, count, show } from "./bytes.ts";
import { COLUMNS, columnsOf, padEnd, padStart, wrap } from "./columns.ts";
import type { Happening } from "./symptom.ts";

/** Columns between the two rails. */
const SPAN = 42;

/** Columns that stand before the left rail. */
const INDENT = "      ";

/** Rungs that are shown, unless all are asked for: the last ones. */
const SHOWN = 14;

/** What is said of a rung that is not bytes. */
const MARKS: Record<string, string> = {
  FIN: "FIN, the end",
  RST: "RST, reset",
};

/**
 * Draws what happened.
 *
 * @param happenings What happened, in its order.
 * @param options Whether all of it is drawn; what should have come at its end.
 * @returns Its lines, none of them wider than 80 columns.
 */
export function drawLadder(
  happenings: Happening[],
  { all = false, expected }: { all?: boolean; expected?: Uint8Array } = {},
): string[] {
  const { rungs, cut } = rungsOf(happenings, all);
  const lines = rungs.flatMap(drawRung);
  if (expected) {
    const came = rungs.at(-1)?.way === "<";
    lines.push(...besides(came ? lines.pop()! : between(""), expected));
  }
  return [
    `    judge${" ".repeat(SPAN - 4)}yours`,
    ...cut ? [`${INDENT}⋮ ${cut} before (--ladder shows them)`] : [],
    ...lines,
  ];
}

/** What is drawn of a conversation, and how much before it is left out. */
export function rungsOf(
  happenings: Happening[],
  all = false,
): { rungs: Happening[]; cut: number } {
  const rungs = join(happenings);
  const cut = all || rungs.length <= SHOWN + 1 ? 0 : rungs.length - SHOWN;
  return { rungs: rungs.slice(cut), cut };
}

/** What happened in a rung that is not bytes, in words. */
export function wordsOf({ mark = "" }: Happening): string {
  return MARKS[mark] ?? mark;
}

/** Happenings that are so many that even small pieces are put together. */
const MANY = 60;

/** Connections that do the same one after the other are drawn as one rung. */
const ALIKE = 4;

/** Puts together what many connections do alike: `1 … 60: connects`. */
function gather(happenings: Happening[]): Happening[] {
  const rungs: Happening[] = [];
  for (let i = 0; i < happenings.length;) {
    const first = happenings[i];
    let end = i + 1;
    while (end < happenings.length && isAlike(first, happenings[end])) end++;
    if (end - i >= ALIKE) {
      const on = `${first.on} … ${happenings[end - 1].on}`;
      rungs.push({ ...first, on });
    } else rungs.push(...happenings.slice(i, end));
    i = end;
  }
  return rungs;
}

function isAlike(a: Happening, b: Happening): boolean {
  return a.mark !== undefined && a.on !== "" && a.way === b.way &&
    a.mark === b.mark && b.on !== "";
}

/** Puts together what passed without a pause in one direction. */
function join(happenings: Happening[]): Happening[] {
  const rungs: Happening[] = [];
  const least = happenings.length > MANY ? 0 : 2000;
  for (const happening of gather(happenings)) {
    const last = rungs.at(-1);
    const goesOn = last?.bytes && happening.bytes &&
      last.way === happening.way &&
      last.on === happening.on && happening.ms - last.ms < 5 &&
      last.bytes.length + happening.bytes.length > least;
    if (goesOn) {
      rungs[rungs.length - 1] = {
        ...last,
        ms: happening.ms,
        bytes: concat(last.bytes!, happening.bytes!),
      };
    } else rungs.push(happening);
  }
  return rungs;
}

function drawRung(happening: Happening): string[] {
  const { way, on } = happening;
  if (way === "·") {
    return wrap(wordsOf(happening), " ", SPAN - 1).map(between);
  }
  if (on === "stdout") {
    const what = happening.bytes
      ? `prints ${fit(happening.bytes, SPAN - 10)}`
      : "closes its output";
    return [`${INDENT}|${padStart(`${what} ─`, SPAN)}|▶`];
  }
  const name = on && `${on}: `;
  const what = name +
    (happening.bytes
      ? fit(happening.bytes, SPAN - 5 - columnsOf(name))
      : wordsOf(happening));
  return way === ">"
    ? [`${INDENT}|${padEnd(`─ ${what} `, SPAN - 1, "─")}▶|`]
    : [`${INDENT}|◀${padStart(` ${what} ─`, SPAN - 1, "─")}|`];
}

function between(note: string): string {
  return `${INDENT}|${padEnd(note, SPAN)}|`;
}

/** What should have come, beside the last rung, or below it. */
function besides(line: string, expected: Uint8Array): string[] {
  const words = `✗  ${show(expected)} was expected`;
  return columnsOf(line + words) + 2 <= COLUMNS
    ? [`${line}  ${words}`]
    : [line, `${INDENT}${words}`];
}

/** Bytes in so many columns. */
export function fit(bytes: Uint8Array, columns: number): string {
  const whole = show(bytes, columns - 2);
  if (columnsOf(whole) <= columns) return whole;
  const size = ` (${count(bytes.length, "byte")})`;
  return show(bytes, columns - 3 - size.length);
}
