/**
 * Judges a learner's program from a notebook's cell, and draws the conversation.
 *
 * @module
 */

import { ladder, type Step } from "../lib/draw.ts";
import { figure, print } from "../lib/show.ts";
import { find } from "./lib/catalogue.ts";
import { wrap } from "./lib/columns.ts";
import type { Exercise, Verdict } from "./lib/exercise.ts";
import { fit, rungsOf, wordsOf } from "./lib/ladder.ts";
import { endEverything } from "./lib/program.ts";
import { run, stepsOf } from "./lib/run.ts";
import type { Happening } from "./lib/symptom.ts";

export type { Happening, Verdict };

/** Columns that there is room for in a picture: between its rails, and beside them. */
const BETWEEN = 44, BESIDE = 30;

/**
 * Judges a program, and shows the verdict with the conversation that decided it:
 * that of the step that failed, or of the last one.
 *
 * @param name The exercise: its slug or its number.
 * @param command The program and its arguments; the port is added last.
 * @returns What came of each step.
 * @throws {TypeError} If there is no such exercise.
 */
export async function judge(
  name: string | number,
  command: string[],
): Promise<Verdict[]> {
  const exercise = find(`${name}`);
  if (!exercise) throw new TypeError(`there is no exercise ${name}`);
  const verdicts = await Array.fromAsync(run(exercise, { command }));
  await endEverything();
  const last = verdicts.findLast(({ status }) => status !== "skip");
  await print(describe(exercise, verdicts));
  if (last?.wire.length) await figure(await draw(exercise, last));
  return verdicts;
}

/** The verdict in words, without the figures that are others each time. */
function describe(exercise: Exercise, verdicts: Verdict[]): string {
  const { number, slug, next } = exercise;
  const steps = stepsOf(exercise);
  const failed = verdicts.find(({ status }) => status === "fail");
  const skipped = verdicts.filter(({ status }) => status === "skip");
  if (failed) {
    const place = steps.findIndex(({ name }) => name === failed.step);
    return [
      `✗ ${number} ${slug}: ${steps[place].title} ` +
      `(step ${place + 1} of ${steps.length})`,
      "",
      ...wrap(failed.message ?? "", "  "),
      "",
      ...wrap(failed.cause ?? "", "  "),
    ].join("\n");
  }
  const passed = verdicts.length - skipped.length;
  return [
    `✓ ${number} ${slug}: ${passed} of ${verdicts.length} steps`,
    ...skipped.flatMap(({ step, message }) =>
      wrap(`– ${step}: ${message}`, "  ")
    ),
    "",
    ...wrap(`Ours is ${next.file}: it ${next.why}.`, "  "),
  ].join("\n");
}

function draw(exercise: Exercise, verdict: Verdict) {
  const { title } = stepsOf(exercise).find(({ name }) =>
    name === verdict.step
  )!;
  const { rungs, cut } = rungsOf(verdict.wire);
  const steps = rungs.flatMap(toSteps);
  if (cut) steps.unshift({ at: "left", does: `… ${cut} before` });
  if (verdict.expected) {
    const does = `expected: ${plain(fit(verdict.expected, BESIDE - 10))}`;
    steps.push({ at: "left", does });
  }
  const alt = `A ladder of the step "${title}", from the top down. ${
    steps.map(inWords).join("; ")
  }.`;
  return ladder(steps, alt, { names: ["judge", "yours"], margin: 230 });
}

function toSteps(happening: Happening): Step[] {
  const { way, on, bytes } = happening;
  if (way === "·") {
    const words = wrap(wordsOf(happening), "", BESIDE);
    return words.map((does) => ({ at: "left", does }));
  }
  if (on === "stdout") {
    const does = bytes
      ? `prints ${plain(fit(bytes, BESIDE - 7))}`
      : "closes its output";
    return [{ at: "right", does }];
  }
  const name = on && `${on}: `;
  const said = bytes
    ? plain(fit(bytes, BETWEEN - name.length))
    : wordsOf(happening);
  const from = way === ">" ? "left" : "right";
  return [{ from, label: name + said, strong: bytes !== undefined }];
}

/** A rung, for those who cannot see it. */
function inWords(step: Step): string {
  const side = "at" in step ? step.at : step.from;
  const what = "at" in step ? step.does : step.label;
  return `${side === "left" ? "Judge" : "Yours"}: ${what}`;
}

/** Text of which the pictures' typeface has every letter. */
function plain(text: string): string {
  return text.replace(
    /[^ -\u052f\u2010-\u2026]/gu,
    (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`,
  );
}
