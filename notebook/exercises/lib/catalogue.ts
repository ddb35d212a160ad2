/**
 * All exercises, in their order.
 *
 * @module
 */

import type { Exercise } from "./exercise.ts";
import { echo } from "../tasks/06_echo.ts";

/** All exercises, in their order. */
export const EXERCISES: Exercise[] = [echo];

/** Finds an exercise by its number or its slug. */
export function find(name: string): Exercise | undefined {
  return EXERCISES.find(({ number, slug }) =>
    name === slug || name === `${number}`
  );
}
