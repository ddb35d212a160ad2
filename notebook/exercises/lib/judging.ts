/**
 * Judges once, and shows what came of it.
 *
 * @module
 */

import { escapeControls } from "../../../lib/escape.ts";
import { formatAddress } from "../../../lib/address.ts";
import { report, toResult } from "./board.ts";
import { build } from "./build.ts";
import { wrap } from "./columns.ts";
import { EXERCISES } from "./catalogue.ts";
import type { Exercise, Verdict } from "./exercise.ts";
import type { Options } from "./options.ts";
import { isFree } from "./ports.ts";
import { endEverything } from "./program.ts";
import { attemptAt, load, save } from "./progress.ts";
import { placeOf } from "./reading.ts";
import { run, stepsOf } from "./run.ts";
import { print, warn } from "./screen.ts";
import type { Submission } from "./submission.ts";
import { Untried } from "./symptom.ts";
import { describeFailure, describePassed, toJson } from "./verdict.ts";

/** How the judge ends. */
export const PASSED = 0, NOT_PASSED = 1, UNTRIED = 3;

/**
 * Builds if need be, judges, prints and remembers.
 *
 * @param exercise The exercise.
 * @param options What was asked for.
 * @param folder The folder that the learner is in.
 * @returns The exit code.
 */
export async function judgeOnce(
  exercise: Exercise,
  options: Options,
  folder: string | undefined,
): Promise<number> {
  if (options.build && !await build(options.build, folder, warn)) {
    return showUnbuilt(exercise, options);
  }
  if (options.port !== undefined && !isFree(options.port)) {
    throw new Untried(describeTaken(options.port));
  }
  const verdicts: Verdict[] = [];
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const submission = submissionOf(options, folder);
  for await (const verdict of run(exercise, submission, options)) {
    verdicts.push(verdict);
    show(exercise, verdict, options, seconds());
  }
  const passed = verdicts.every(({ status }) => status !== "fail");
  const tried = verdicts.some(({ status }) => status !== "skip");
  if (!options.json && passed && tried) {
    print(await describePass(exercise, verdicts, seconds()));
  }
  const started = verdicts.every(({ id }) => id !== "not-there");
  if (tried && started) await remember(exercise, passed);
  if (options.report) await reportTo(options.report, exercise, verdicts);
  await endEverything();
  return !tried ? UNTRIED : passed ? PASSED : NOT_PASSED;
}

function submissionOf(
  { command, port, connect }: Options,
  cwd: string | undefined,
): Submission {
  if (connect) return { connect }; // it runs already: nothing is started
  const onError = (line: string) => warn(`yours> ${line}\n`);
  return { command, port, cwd, onError };
}

/** Shows what came of a step, where there is something to show. */
function show(
  exercise: Exercise,
  verdict: Verdict,
  { json, ladder }: Options,
  seconds: number,
): void {
  const { status, step, message } = verdict;
  if (json) print(`${toJson(verdict)}\n`);
  else if (status === "fail") {
    print(describeFailure(exercise, verdict, { seconds, ladder }));
  } else if (status === "skip") {
    const { title } = stepsOf(exercise).find(({ name }) => name === step)!;
    print(wrap(`– ${title}: ${message}.`).join("\n") + "\n");
  } else if (ladder) print(describePassed(exercise, verdict));
}

function showUnbuilt(
  { number, slug }: Exercise,
  { json, build }: Options,
): number {
  const message = `It does not build: ${escapeControls(build!)}`;
  print(
    json
      ? toJson({
        exercise: slug,
        step: "build",
        status: "fail",
        id: "does-not-build",
        message,
        wire: [],
        ms: 0,
      }) + "\n"
      : `✗ ${number} ${slug}\n\n  ${message}\n` +
        "  What the compiler says stands above. Nothing was judged.\n",
  );
  return NOT_PASSED;
}

function describeTaken(port: number): string {
  return `port ${port} is in use: by an earlier run of your program? End that, ` +
    `or judge it as it runs: --connect 127.0.0.1:${port}`;
}

/**
 * Says that an exercise is passed, and what to read and to do next.
 *
 * @param exercise The exercise.
 * @param verdicts What came of its steps.
 * @param seconds How long they took.
 */
export async function describePass(
  { number, slug, next }: Exercise,
  verdicts: Verdict[],
  seconds: number,
): Promise<string> {
  const tried = verdicts.filter(({ status }) => status === "pass").length;
  const figures = `${tried} of ${verdicts.length}, ${seconds.toFixed(1)} s`;
  const further = EXERCISES.find((other) => other.number > number);
  return [
    `✓ ${number} ${slug}: ${figures}`,
    "",
    ...wrap(`Ours is ${await placeOf(next)}: it ${next.why}.`, "  "),
    ...wrap(`The story: notebook/${next.chapter}, "${next.heading}".`, "  "),
    further
      ? `  Next: deno task judge ${further.number}`
      : "  That was the last one.",
    "",
  ].join("\n");
}

async function remember({ slug }: Exercise, passed: boolean): Promise<void> {
  const progress = await load();
  const attempt = attemptAt(progress, slug);
  if (passed) attempt.passed ??= new Date().toISOString();
  else attempt.tries++;
  await save(progress);
}

async function reportTo(
  to: { hostname: string; port: number },
  { slug }: Exercise,
  verdicts: Verdict[],
): Promise<void> {
  if (await report(toResult(slug, verdicts), to)) return;
  warn(`judge: no board answers at ${formatAddress(to)}\n`);
}
