/**
 * A verdict in words.
 *
 * @module
 */

import type { Exercise, Verdict } from "./exercise.ts";
import { drawLadder } from "./ladder.ts";

/** The columns that a line of words may take. */
const WIDTH = 76;

/**
 * Describes a failure.
 *
 * @param exercise The exercise.
 * @param verdict What came of the step that failed.
 * @param count Which of the steps it is, of how many, after how many seconds.
 * @param options Whether the whole ladder is drawn.
 */
export function describeFailure(
  exercise: Exercise,
  verdict: Verdict,
  count: { step: number; of: number; seconds: number },
  { ladder = false }: { ladder?: boolean } = {},
): string {
  const { number, slug, steps } = exercise;
  const title = steps.find(({ name }) => name === verdict.step)?.title ??
    "the next client";
  const left = `✗ ${number} ${slug}: ${title}`;
  const right = `${count.step} of ${count.of}, ${count.seconds.toFixed(1)} s`;
  return [
    `${left.padEnd(WIDTH - right.length)} ${right}`,
    "",
    ...wrap(verdict.message ?? "", "  "),
    "",
    ...verdict.wire.length
      ? [...drawLadder(verdict.wire, { all: ladder }).map(indent), ""]
      : [],
    ...wrap(verdict.cause ?? "", "  "),
    `  Hint: deno task judge ${number} --hint`,
    "",
  ].join("\n");
}

function indent(line: string): string {
  return `    ${line}`;
}

/** Breaks words into lines. */
export function wrap(words: string, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(indent + word);
  }
  return lines;
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
