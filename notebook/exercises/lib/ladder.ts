/**
 * A conversation, drawn with letters.
 *
 * @module
 */

import { concat, show } from "./bytes.ts";
import type { Happening } from "./symptom.ts";

/** Letters between the two rails. */
const SPAN = 52;

/** Rungs that are shown, unless all are asked for: the last ones. */
const SHOWN = 14;

/**
 * Draws what happened.
 *
 * @param happenings What happened, in its order.
 * @param options Whether all of it is drawn; what stands beside the last rung.
 * @returns Its lines.
 */
export function drawLadder(
  happenings: Happening[],
  { all = false, beside = "" }: { all?: boolean; beside?: string } = {},
): string[] {
  const rungs = join(happenings);
  const cut = all || rungs.length <= SHOWN ? 0 : rungs.length - SHOWN;
  const lines = rungs.slice(cut).map(drawRung);
  if (beside && lines.length) lines[lines.length - 1] += `  ✗  ${beside}`;
  const head = `judge${" ".repeat(SPAN - 6)}yours`;
  return [head, ...cut ? [`  ⋮ ${cut} before`] : [], ...lines];
}

/** Puts together what passed without a pause in one direction. */
function join(happenings: Happening[]): Happening[] {
  const rungs: Happening[] = [];
  for (const happening of happenings) {
    const last = rungs.at(-1);
    const goesOn = last?.bytes && happening.bytes &&
      last.way === happening.way &&
      last.on === happening.on && happening.ms - last.ms < 5 &&
      last.bytes.length + happening.bytes.length > 2000;
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

function drawRung({ way, on, bytes, mark }: Happening): string {
  const what = bytes ? show(bytes, 24) : mark ?? "";
  if (on === "stdout") {
    return `  |${" ".repeat(SPAN)}|  ${
      bytes ? `prints ${what}` : "closes its output"
    }`;
  }
  if (way === "·") return `  |${` ${what} `.padEnd(SPAN, " ")}|`;
  const label = on ? `${on}: ${what}` : what;
  return way === ">"
    ? `  |${`─ ${label} `.padEnd(SPAN - 1, "─")}▶|`
    : `  |◀${` ${label} ─`.padStart(SPAN - 1, "─")}|`;
}
