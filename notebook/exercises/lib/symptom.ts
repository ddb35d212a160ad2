/**
 * What a program's failure looks like, and what it means.
 *
 * @module
 */

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
