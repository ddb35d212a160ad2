/**
 * Pictures as data: what a notebook keeps of them along with their PNG, so that
 * the pages of the book can draw them again.
 *
 * @module
 */

import type { LadderOptions, Step } from "./ladder.ts";

/** A picture as the book's pages draw it: sharp, in the colours of the page. */
export type Drawing =
  | { kind: "ladder"; steps: Step[]; options: LadderOptions }
  | {
    /** What is drawn; a picture without a kind can only be looked at. */
    kind?: "graph" | "plot";
    /** The drawing. */
    svg: string;
    /** The same for the screen of a telephone. */
    narrow?: string;
    /** Of a plot of lines: what runs from left to right. */
    x?: string;
    /** Of a plot of lines: the figures. */
    series?: Series[];
  };

/** The figures of one line of a plot. */
export interface Series {
  /** What stands at the line's end. */
  name: string;
  /** The figures, from left to right. */
  points: [x: number, y: number][];
}
