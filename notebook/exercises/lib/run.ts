/**
 * Tries the steps of an exercise, one after the other.
 *
 * @module
 */

import { withTimeout } from "../../../lib/io.ts";
import type { Causes, Exercise, Step, Verdict } from "./exercise.ts";
import { type Cause, cause, Symptom, Untried } from "./symptom.ts";
import { Lab } from "./lab.ts";
import type { Submission } from "./submission.ts";
import { NotStarted, type Program, unlessOver } from "./program.ts";

/** Seconds in which a program that has closed a connection may end as a whole. */
const FAREWELL = 0.2;

/**
 * Tries an exercise, and yields a verdict for each step.
 *
 * @param exercise The exercise.
 * @param submission The program to judge.
 * @param options Whether to go on after a failure.
 */
export async function* run(
  exercise: Exercise,
  submission: Submission,
  { all = false }: { all?: boolean } = {},
): AsyncGenerator<Verdict> {
  const steps = inOrder(stepsOf(exercise), submission);
  const passed = new Set<string>();
  let running: Program | undefined;
  try {
    for (const step of steps) {
      if (step.twin && !passed.has(step.twin)) {
        const message =
          "not judged, because the step that it is compared with did not pass";
        yield { ...blank(exercise, step), status: "skip", message };
        continue;
      }
      await using lab = new Lab(submission, running);
      const verdict = await unlessOver(tryStep(exercise, step, lab));
      running = lab.release();
      if (verdict.status === "pass") passed.add(step.name);
      yield verdict;
      if (verdict.status === "fail" && !all) return;
    }
  } finally {
    await running?.[Symbol.asyncDispose]();
  }
}

/** The step that has a second client. */
const AGAIN = "again";

/** The steps of an exercise: where it serves clients, the last is a second client. */
export function stepsOf(exercise: Exercise): Step[] {
  const { steps, serves } = exercise;
  if (!serves) return steps;
  return [...steps, {
    name: AGAIN,
    title: "the next client",
    what: "The client after that one",
    twin: steps[0].name,
    async run(lab) {
      const first = await lab.connect("A");
      await serves(first);
      first.close();
      await serves(await lab.connect("B"));
    },
    causes: {
      absent: cause(
        "only-one-client",
        "Your program serves one client, and then ends.",
      ),
      other: cause(
        "only-one-client",
        "Your program serves one client, and never comes back to accept the next.",
      ),
    },
  }];
}

/**
 * A program that goes on from step to step is another client's server each time.
 * So whether it serves a second client has to be known before all else.
 */
function inOrder(steps: Step[], { connect, port }: Submission): Step[] {
  const again = steps.find(({ name }) => name === AGAIN);
  const goesOn = connect !== undefined || port !== undefined;
  if (!again || !goesOn) return steps;
  const [first, ...others] = steps;
  return [first, again, ...others.filter((step) => step !== again)];
}

function blank(exercise: Exercise, step: Step): Omit<Verdict, "status"> {
  return {
    exercise: exercise.slug,
    step: step.name,
    twin: step.twin,
    wire: [],
    ms: 0,
  };
}

async function tryStep(
  exercise: Exercise,
  step: Step,
  lab: Lab,
): Promise<Verdict> {
  const verdict = { ...blank(exercise, step), wire: lab.happenings };
  try {
    await step.run(lab);
    return { ...verdict, status: "pass", ms: lab.now };
  } catch (error) {
    if (error instanceof Untried) {
      const message = `could not be tried here: ${error.message}`;
      return { ...verdict, status: "skip", message, ms: lab.now };
    }
    const symptom = error instanceof NotStarted
      ? new Symptom("absent", "Your program could not be started.", {
        cause: cause("not-there", error.message),
      })
      : error;
    if (!(symptom instanceof Symptom)) throw error;
    const twin = exercise.steps.find(({ name }) => name === step.twin);
    // What happens in an experiment is not part of what is shown.
    const wire = [...lab.happenings];
    const { id, words } = await diagnose(step.causes, symptom, lab);
    // What is seen goes on with the step's sentence, or is one of its own.
    const { seen, details } = symptom;
    const isSentence = /^\p{Lu}/u.test(seen);
    const message = [
      ...twin && !(isSentence && details.cause) ? [`${twin.what} works.`] : [],
      isSentence ? seen : `${step.what} ${seen}.`,
      ...details.cause ? [] : await describeExit(lab, symptom),
    ].join(" ");
    return {
      ...verdict,
      wire,
      status: "fail",
      id,
      message,
      cause: words,
      expected: symptom.details.expected,
      ms: lab.now,
    };
  }
}

async function diagnose(
  causes: Causes,
  symptom: Symptom,
  lab: Lab,
): Promise<Cause> {
  if (symptom.details.cause) return symptom.details.cause;
  const finding = causes[symptom.kind] ?? causes.other ?? GENERAL[symptom.kind];
  try {
    return typeof finding === "function"
      ? await finding(symptom, lab)
      : finding;
  } catch (error) { // the experiment failed as well, which adds nothing
    if (error instanceof Symptom || error instanceof Untried) {
      return GENERAL[symptom.kind];
    }
    throw error;
  }
}

/** How the program ended, where that is part of the failure. */
async function describeExit(
  lab: Lab,
  { kind }: Symptom,
): Promise<string[]> {
  const program = lab.started;
  // A program that crashes closes its connections first, and is gone a moment later.
  const isOver = kind === "ended" || kind === "reset";
  if (program) await withTimeout(FAREWELL, program.ended);
  if (!program?.exit) return [];
  await program.lastWords();
  const { code, signal } = program.exit;
  if (code === 0) return isOver ? ["Your program has ended."] : [];
  if (kind === "exit") {
    return program.telling ? [`Its last words: ${program.telling}`] : [];
  }
  const how = signal
    ? `was ended by ${signal}`
    : `ended with exit code ${code}`;
  return [
    `Your program ${how}${program.telling ? `: ${program.telling}` : "."}`,
  ];
}

/** What a symptom means where a step says nothing of it. */
const GENERAL: Record<Symptom["kind"], Cause> = {
  absent: cause("ended", "Your program is not there any longer."),
  changed: cause("changed", "Your program sends other bytes than it should."),
  ended: cause("ends-early", "Your program ends the conversation too early."),
  reset: cause(
    "resets",
    "Your program ends, or closes a connection with bytes in it that it has not read.",
  ),
  silent: cause(
    "silent",
    "Your program waits for something that does not come.",
  ),
  extra: cause("too-much", "Your program sends more than it should."),
  open: cause("never-closes", "Your program does not close the connection."),
  exit: cause(
    "exit-code",
    "Your program ends with another exit code than it should.",
  ),
  running: cause("hangs", "Your program does not end."),
  costly: cause("costly", "Your program does not let go of what it has used."),
};
