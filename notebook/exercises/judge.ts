/**
 * Judges a learner's program, in any language: the command line, and the function
 * for a notebook's cell.
 *
 * @module
 */

import { UsageError } from "../../lib/flags.ts";
import { formatAddress } from "../../lib/address.ts";
import { BOARD_PORT, report, showBoard, toResult } from "./lib/board.ts";
import { EXERCISES, find } from "./lib/catalogue.ts";
import type { Exercise, Verdict } from "./lib/exercise.ts";
import type { Happening } from "./lib/symptom.ts";
import type { Submission } from "./lib/submission.ts";
import { describeTask, list, nextHint } from "./lib/listing.ts";
import { type Options, parse, port, USAGE } from "./lib/options.ts";
import { endEverything, endForGood } from "./lib/program.ts";
import { attemptAt, hasEarned, load, save } from "./lib/progress.ts";
import { run, stepsOf } from "./lib/run.ts";
import { describeFailure, toJson, wrap } from "./lib/verdict.ts";
import { changes } from "./lib/watch.ts";

export type { Happening, Verdict };

/** How the judge ends. */
const PASSED = 0,
  NOT_PASSED = 1,
  USAGE_ERROR = 2,
  UNTRIED = 3,
  INTERRUPTED = 130;

/** Judges as the command line says, and returns the exit code. */
async function main(args: string[]): Promise<number> {
  const options = parse(args);
  if (options.help) return print(USAGE);
  const progress = await load();
  if (options.again || options.exercise === "--again") {
    if (!progress.last) throw new UsageError("nothing was judged so far");
    return await main(progress.last);
  }
  if (options.exercise === undefined) return print(list(progress));
  if (options.exercise === "board") return await board(options.command[0]);
  const exercise = find(options.exercise);
  if (!exercise) {
    throw new UsageError(
      `there is no exercise ${options.exercise}; they are 1 to ${EXERCISES.length}`,
    );
  }
  if (options.hint) {
    print(nextHint(exercise, progress));
    await save(progress);
    return PASSED;
  }
  if (options.solution) {
    return hasEarned(attemptAt(progress, exercise.slug))
      ? await printSolutions(exercise)
      : print(
        `  Not yet: pass exercise ${exercise.number}, or try it three times.\n`,
      );
  }
  if (!options.command.length && !options.connect) {
    return print(describeTask(exercise));
  }
  if (options.connect && exercise.kind === "client") {
    throw new UsageError(
      `exercise ${exercise.number} judges a client, which has to be started`,
    );
  }
  progress.last = args;
  await save(progress);
  if (!options.watch) return await judgeOnce(exercise, options);
  for await (const _ of changes(options.command, folder())) {
    await judgeOnce(exercise, options);
  }
  return PASSED;
}

/** Builds if need be, judges, prints and remembers. */
async function judgeOnce(
  exercise: Exercise,
  options: Options,
): Promise<number> {
  if (options.build && !await build(options.build)) return NOT_PASSED;
  const steps = stepsOf(exercise);
  const verdicts: Verdict[] = [];
  const begun = performance.now();
  for await (const verdict of run(exercise, submissionOf(options), options)) {
    verdicts.push(verdict);
    if (options.json) print(`${toJson(verdict)}\n`);
    else if (verdict.status === "fail") {
      const step = steps.findIndex(({ name }) => name === verdict.step) + 1;
      const seconds = (performance.now() - begun) / 1000;
      const count = { step, of: steps.length, seconds };
      print(describeFailure(exercise, verdict, count, options));
    } else if (verdict.status === "skip") {
      print(`– ${verdict.step}: ${verdict.message}\n`);
    }
  }
  const passed = verdicts.every(({ status }) => status !== "fail");
  const tried = verdicts.some(({ status }) => status !== "skip");
  if (!options.json && passed && tried) {
    const seconds = (performance.now() - begun) / 1000;
    print(praise(exercise, verdicts, seconds));
  }
  if (tried) await remember(exercise, passed);
  if (options.report) await reportTo(options.report, exercise, verdicts);
  await endEverything();
  return !tried ? UNTRIED : passed ? PASSED : NOT_PASSED;
}

function submissionOf({ command, port, connect }: Options): Submission {
  const onError = (line: string) => console.error(`yours> ${line}`);
  if (connect) return { connect }; // it runs already: nothing is started
  return { command, port, cwd: folder(), onError };
}

/** The folder that the learner is in; the task itself runs in the project's. */
function folder(): string | undefined {
  try {
    return Deno.env.get("INIT_CWD");
  } catch { // without permission, the judge's own is as good
    return undefined;
  }
}

async function build(command: string): Promise<boolean> {
  const [shell, flag] = Deno.build.os === "windows"
    ? ["cmd", "/c"]
    : ["sh", "-c"];
  const { success } = await new Deno.Command(shell, {
    args: [flag, command],
    cwd: folder(),
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) print(`✗ it does not build: ${command}\n`);
  return success;
}

function praise(
  exercise: Exercise,
  verdicts: Verdict[],
  seconds: number,
): string {
  const { number, slug, next } = exercise;
  const tried = verdicts.filter(({ status }) => status === "pass").length;
  const further = EXERCISES.find((other) => other.number > number);
  return [
    `✓ ${number} ${slug}: ${tried} of ${verdicts.length}, ${
      seconds.toFixed(1)
    } s`,
    ...wrap(`Ours: ${next.file}, which ${next.why}.`, "  "),
    ...further ? [`  Next: deno task judge ${further.number}`] : [],
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

async function printSolutions({ number }: Exercise): Promise<number> {
  for (const ending of ["py", "ts"]) {
    const name = `${`${number}`.padStart(2, "0")}.${ending}`;
    const file = new URL(`solutions/${name}`, import.meta.url);
    print(`--- ${name}\n${await Deno.readTextFile(file)}\n`);
  }
  return PASSED;
}

async function reportTo(
  to: { hostname: string; port: number },
  { slug }: Exercise,
  verdicts: Verdict[],
): Promise<void> {
  await request(formatAddress(to));
  if (!await report(toResult(slug, verdicts), to)) {
    console.error(`judge: no board answers at ${formatAddress(to)}`);
  }
}

async function board(at = `${BOARD_PORT}`): Promise<number> {
  const number = port(at, "board");
  await request(`0.0.0.0:${number}`);
  const listener = Deno.listen({ hostname: "0.0.0.0", port: number });
  print(
    `The board listens on port ${number}; laptops say --report HOST:${number}\n`,
  );
  await showBoard(listener, print);
  return PASSED;
}

/** Lets Deno ask, at a terminal, for what the task was not granted. */
async function request(host: string): Promise<void> {
  await Deno.permissions.request({ name: "net", host });
}

function print(text: string): number {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
  return PASSED;
}

/**
 * Judges a program from a notebook's cell, and shows what the command line prints.
 *
 * @param name The exercise: its slug or its number.
 * @param command The program and its arguments; the port is added last.
 * @returns What came of each step.
 */
export async function judge(
  name: string | number,
  command: string[],
): Promise<Verdict[]> {
  const exercise = find(`${name}`);
  if (!exercise) throw new TypeError(`there is no exercise ${name}`);
  const verdicts: Verdict[] = [];
  const begun = performance.now();
  for await (const verdict of run(exercise, { command })) {
    verdicts.push(verdict);
  }
  const seconds = (performance.now() - begun) / 1000;
  const failed = verdicts.find(({ status }) => status === "fail");
  if (!failed) console.log(praise(exercise, verdicts, seconds));
  else {
    const of = stepsOf(exercise).length;
    const count = { step: verdicts.length, of, seconds };
    console.log(describeFailure(exercise, failed, count));
  }
  await endEverything();
  return verdicts;
}

/** Ends what we started when somebody ends us. */
function listenForSignals(): void {
  const windows = Deno.build.os === "windows";
  const signals: Deno.Signal[] = windows
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, async () => {
      await endForGood();
      Deno.exit(INTERRUPTED);
    });
  }
}

/** Words for what can go wrong with the judge itself; never a stack trace. */
function explain(error: unknown): [string, number] {
  if (error instanceof UsageError) return [error.message, USAGE_ERROR];
  if (error instanceof Deno.errors.NotCapable) {
    return [`Deno's sandbox does not allow this: ${error.message}`, UNTRIED];
  }
  return [error instanceof Error ? error.message : `${error}`, UNTRIED];
}

if (import.meta.main) {
  listenForSignals();
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    await endEverything();
    const [words, code] = explain(error);
    console.error(`judge: ${words}`);
    Deno.exit(code);
  }
}
