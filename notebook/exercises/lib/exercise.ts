/**
 * What an exercise is: a task, and steps that try it out.
 *
 * Each step names its twin, an earlier step that differs from it in one thing.
 * Where the twin passed and the step did not, that one thing is the cause.
 *
 * @module
 */

import type { Lab } from "./lab.ts";
import type { Wire } from "./wire.ts";

/** An exercise. */
export interface Exercise {
  /** Its place in the list, from 1. */
  number: number;
  /** Its name for programs, which never changes: `two-at-once`. */
  slug: string;
  /** What the learner's program is. */
  kind: "server" | "client";
  /** What it is about, in a few words. */
  concept: string;
  /** What to do, in two sentences. */
  task: string;
  /** Three hints, each of which says more than the one before. */
  hints: [string, string, string];
  /** What to read once it is passed: a file of ours, and what to look at. */
  next: { file: string; why: string };
  /** What is tried, in this order. */
  steps: Step[];
  /** Shows that a client is served; with it the last step is a second client. */
  serves?(client: Wire): Promise<void>;
}

/** One thing that is tried. */
export interface Step {
  /** Its name for programs: `two-reads`. */
  name: string;
  /** Its name for people: `a character in two reads`. */
  title: string;
  /** What happens in it, as the subject of a sentence: `A line in two pieces`. */
  what: string;
  /** The earlier step that differs in one thing. */
  twin?: string;
  /** Does it; throws a {@linkcode Symptom} where the program fails. */
  run(lab: Lab): Promise<void>;
  /** What each kind of symptom means here. */
  causes: Causes;
}

/** How a program can fail, as seen from outside. */
export type Kind =
  /** It never listened, or never connected. */
  | "absent"
  /** Other bytes came than expected. */
  | "changed"
  /** Too few came, and then the end of the stream. */
  | "ended"
  /** Too few came, and then a reset. */
  | "reset"
  /** Too few came, and then nothing, while the program slept. */
  | "silent"
  /** More came than expected. */
  | "extra"
  /** The stream was meant to end, and did not. */
  | "open"
  /** It ended with another exit code than it should. */
  | "exit"
  /** It does not end. */
  | "running"
  /** It holds on to what it should let go: memory, descriptors, the processor. */
  | "costly";

/** Why a program fails. */
export interface Cause {
  /** The name of the diagnosis: `splits-a-character`. */
  id: string;
  /** The likely cause, in a sentence. */
  words: string;
}

/** A cause, or an experiment that finds it. */
export type Finding =
  | Cause
  | ((symptom: Symptom, lab: Lab) => Cause | Promise<Cause>);

/** The meaning of symptoms; `other` stands for all that are not named. */
export type Causes = { [kind in Kind | "other"]?: Finding };

/** A program's failure, as it was seen. */
export class Symptom extends Error {
  /** What kind of error it is. */
  override name = "Symptom";

  /**
   * Notes a failure.
   *
   * @param kind How it failed.
   * @param seen What came instead, as the rest of the sentence that `what` begins;
   *   a sentence of its own where the cause is plain.
   * @param details What came, what was expected, and the cause where it is plain.
   */
  constructor(
    readonly kind: Kind,
    readonly seen: string,
    readonly details: {
      got?: Uint8Array;
      expected?: Uint8Array;
      on?: string;
      cause?: Cause;
    } = {},
  ) {
    super(seen);
  }
}

/** Something cannot be tried on this machine, so it counts neither way. */
export class Untried extends Error {
  /** What kind of error it is. */
  override name = "Untried";
}

/** Makes a cause. */
export function cause(id: string, words: string): Cause {
  return { id, words };
}

/** What came of a step. */
export interface Verdict {
  /** The exercise's slug. */
  exercise: string;
  /** The step's name. */
  step: string;
  /** Whether it passed; `skip` if it was not judged. */
  status: "pass" | "fail" | "skip";
  /** The name of the diagnosis, if it failed. */
  id?: string;
  /** What was seen, in sentences; if it was skipped, why. */
  message?: string;
  /** The likely cause. */
  cause?: string;
  /** The step that it was compared with. */
  twin?: string;
  /** What went over the wire. */
  wire: Happening[];
  /** How long it took, in milliseconds. */
  ms: number;
}

/** Something that happened between the judge and the program. */
export interface Happening {
  /** When, in milliseconds since the step began. */
  ms: number;
  /** Which of several connections it was; empty if there is only one. */
  on: string;
  /** To the program, from it, or something that happened beside the wire. */
  way: ">" | "<" | "·";
  /** What was sent. */
  bytes?: Uint8Array;
  /** What happened, where it was not bytes: `connects`, `FIN`. */
  mark?: string;
}
