/**
 * A verdict in words.
 *
 * @module
 */

import { COLUMNS, padEnd, wrap } from "./columns.ts";
import type { Exercise, Verdict } from "./exercise.ts";
import { drawLadder } from "./ladder.ts";
import { stepsOf } from "./run.ts";

/** What the words about a step depend on. */
export interface Telling {
  /** Seconds that it took to come so far. */
  seconds: number;
  /** Whether the whole ladder is drawn. @default {false} */
  ladder?: boolean;
}

/**
 * Describes a failure.
 *
 * @param exercise The exercise.
 * @param verdict What came of the step that failed.
 * @param telling How long it took, and how much is shown.
 * @returns Its lines, none of them wider than 80 columns.
 */
export function describeFailure(
  exercise: Exercise,
  verdict: Verdict,
  { seconds, ladder = false }: Telling,
): string {
  const { number, slug } = exercise;
  const steps = stepsOf(exercise);
  const place = steps.findIndex(({ name }) => name === verdict.step);
  const { wire, expected, message = "", cause = "" } = verdict;
  const title = `✗ ${number} ${slug}: ${steps[place].title}`;
  const figures = `${place + 1} of ${steps.length}, ${seconds.toFixed(1)} s`;
  return [
    `${padEnd(title, COLUMNS - 5 - figures.length)} ${figures}`,
    "",
    ...wrap(message, "  "),
    "",
    ...wire.length ? [...drawLadder(wire, { all: ladder, expected }), ""] : [],
    ...wrap(cause, "  "),
    ...wire.length ? [`  Hint: deno task judge ${number} --hint`] : [],
    "",
  ].join("\n");
}

/** A step that passed, with all that was said in it. */
export function describePassed(exercise: Exercise, verdict: Verdict): string {
  const steps = stepsOf(exercise);
  const { title } = steps.find(({ name }) => name === verdict.step)!;
  return [
    `✓ ${title}`,
    "",
    ...drawLadder(verdict.wire, { all: true }),
    "",
    "",
  ].join("\n");
}

/** A verdict as one line of JSON. */
export function toJson(verdict: Verdict): string {
  const { exercise, step, status, id, twin, ms } = verdict;
  const message = [verdict.message, verdict.cause].filter(Boolean).join(" ");
  const wire = verdict.wire.map(({ ms, way, on, bytes, mark }) => [
    Math.round(ms * 10) / 10,
    way,
    bytes ? toHex(bytes) : mark,
    ...on ? [on] : [],
  ]);
  return JSON.stringify({
    version: 1,
    exercise,
    step,
    status,
    ...id && { id },
    ...message && { message },
    ...twin && { twin },
    wire,
    ms: Math.round(ms),
  });
}

function toHex(bytes: Uint8Array): string {
  const most = 256;
  const some = Array.from(
    bytes.subarray(0, most),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join(" ");
  return bytes.length > most ? `${some} … ${bytes.length} bytes` : some;
}
