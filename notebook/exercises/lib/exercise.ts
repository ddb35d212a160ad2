/**
 * What an exercise is: a task, and steps that try it out.
 *
 * Each step names its twin, an earlier step that differs from it in one thing.
 * Where the twin passed and the step did not, that one thing is the cause.
 *
 * @module
 */

import type { Lab } from "./lab.ts";
import type { Cause, Happening, Kind, Symptom } from "./symptom.ts";
import type { Wire } from "./wire.ts";

export { type Cause, cause, Symptom, Untried } from "./symptom.ts";

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
  /** What to read once it is passed. */
  next: Reading;
  /** What is tried, in this order. */
  steps: Step[];
  /** Shows that a client is served; with it the last step is a second client. */
  serves?(client: Wire): Promise<void>;
}

/** Where it is solved in the project, and told in a chapter. */
export interface Reading {
  /** A file of ours. */
  file: string;
  /** What the line in it begins with. */
  code: string;
  /** What it does, as the rest of a sentence. */
  why: string;
  /** A chapter of the notebooks. */
  chapter: string;
  /** A heading in it. */
  heading: string;
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

/** A cause, or an experiment that finds it. */
export type Finding =
  | Cause
  | ((symptom: Symptom, lab: Lab) => Cause | Promise<Cause>);

/** The meaning of symptoms; `other` stands for all that are not named. */
export type Causes = { [kind in Kind | "other"]?: Finding };

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
  /** What should have come last, if it was bytes. */
  expected?: Uint8Array;
  /** The step that it was compared with. */
  twin?: string;
  /** What went over the wire. */
  wire: Happening[];
  /** How long it took, in milliseconds. */
  ms: number;
}
