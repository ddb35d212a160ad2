/**
 * Judges a learner's program, in any language: the command line.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";
import { UsageError } from "../../lib/errors.ts";
import {
  BOARD_PORT,
  describeBoard,
  ownAddresses,
  serveBoard,
} from "./lib/board.ts";
import { EXERCISES, find } from "./lib/catalogue.ts";
import type { Exercise } from "./lib/exercise.ts";
import { judgeOnce, PASSED, UNTRIED } from "./lib/judging.ts";
import { describeTask, list, nextHint } from "./lib/listing.ts";
import {
  type Address,
  type Options,
  parse,
  readPort,
  USAGE,
} from "./lib/options.ts";
import { endEverything, endForGood } from "./lib/program.ts";
import { load, type Progress, save } from "./lib/progress.ts";
import { print, redraw, warn } from "./lib/screen.ts";
import { showSolutions } from "./lib/solutions.ts";
import { Untried } from "./lib/symptom.ts";
import { changes } from "./lib/watch.ts";

/** How the judge ends, where nothing was judged. */
const USAGE_ERROR = 2, INTERRUPTED = 130;

/** Does as the command line says, and returns the exit code. */
async function main(args: string[]): Promise<number> {
  const asked = parse(args);
  if (asked.help) return say(USAGE);
  const progress = await load();
  const { args: meant, folder } = asked.again
    ? lastOf(progress)
    : { args, folder: folderOfLearner() };
  const options = asked.again ? repeat(parse(meant), asked) : asked;
  const name = options.exercise;
  if (name === undefined) return say(list(progress));
  if (name === "board") return await board(options.command[0]);
  const exercise = find(name);
  if (!exercise) {
    throw new UsageError(
      `there is no exercise ${name}; they are 1 to ${EXERCISES.length}`,
    );
  }
  if (options.hint) {
    const hint = nextHint(exercise, progress);
    await save(progress);
    return say(hint);
  }
  if (options.solution) return await showSolutions(exercise, progress);
  if (!options.command.length && !options.connect) {
    return say(describeTask(exercise));
  }
  await requestServer(exercise, options);
  await save({ ...progress, last: { args: meant, folder } });
  if (!options.watch) return await judgeOnce(exercise, options, folder);
  const watched = { ...options, folder };
  for await (const _ of changes(watched, describeWatch)) {
    await judgeOnce(exercise, options, folder);
  }
  return PASSED;
}

/** What was judged last. */
function lastOf({ last }: Progress): { args: string[]; folder?: string } {
  if (last) return last;
  throw new UsageError("nothing was judged so far");
}

/** The last judgement once more, with the flags that were given now. */
function repeat(last: Options, now: Options): Options {
  const { watch, all, json, ladder, hint, solution, report = last.report } =
    now;
  return {
    ...last,
    report,
    hint,
    solution,
    watch, // once more is once
    all: all || last.all,
    json: json || last.json,
    ladder: ladder || last.ladder,
  };
}

/** The folder that the learner is in; a task itself runs in the project's. */
function folderOfLearner(): string | undefined {
  try {
    return Deno.env.get("INIT_CWD");
  } catch { // without permission, the judge's own is as good
    return undefined;
  }
}

function describeWatch(what: string): void {
  warn(`judge: at each save of ${what}, once more; Ctrl-C ends it\n`);
}

async function board(at = `${BOARD_PORT}`): Promise<number> {
  const hostname = "0.0.0.0";
  const port = readPort(at, "board");
  await request({ hostname, port });
  const listener = Deno.listen({ hostname, port });
  const head = describeBoard(await ownAddresses(), port);
  print(head);
  await serveBoard(listener, (rows) => redraw(`${head}\n${rows}\n`)).finished;
  return PASSED;
}

/** Asks for the server's address, if the task itself may not reach it. */
async function requestServer(
  { kind, number }: Exercise,
  { connect }: Options,
): Promise<void> {
  if (!connect) return;
  if (kind === "client") {
    throw new UsageError(
      `exercise ${number} judges a client, which has to be started`,
    );
  }
  await request(connect);
}

/**
 * Lets Deno ask, at a terminal, for what the task was not granted.
 *
 * @throws {Untried} If it is not granted.
 */
async function request(address: Address): Promise<void> {
  const host = formatAddress(address);
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state === "granted") return;
  throw new Untried(`Deno's sandbox does not allow ${host}; allow it: \
deno run --allow-net=127.0.0.1,${host} --allow-run --allow-read=. \
notebook/exercises/judge.ts ${Deno.args.join(" ")}`);
}

function say(text: string): number {
  print(text);
  return PASSED;
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
  return [error instanceof Error ? error.message : `${error}`, UNTRIED];
}

if (import.meta.main) {
  listenForSignals();
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    await endEverything();
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(PASSED); // nobody reads on
    const [words, code] = explain(error);
    warn(`judge: ${words}\n`);
    Deno.exit(code);
  }
}
