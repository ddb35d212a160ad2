/**
 * All exercises, in their order.
 *
 * @module
 */

import type { Exercise } from "./exercise.ts";
import { firstClient } from "../tasks/01_first_client.ts";
import { firstServer } from "../tasks/02_first_server.ts";
import { again } from "../tasks/03_again.ts";
import { toTheEnd } from "../tasks/04_to_the_end.ts";
import { hear } from "../tasks/05_hear.ts";
import { echo } from "../tasks/06_echo.ts";
import { twoAtOnce } from "../tasks/09_two_at_once.ts";
import { linesExercise } from "../tasks/10_lines.ts";
import { characters } from "../tasks/11_characters.ts";
import { datagrams } from "../tasks/23_datagrams.ts";

/** All exercises, in their order. */
export const EXERCISES: Exercise[] = [
  firstClient,
  firstServer,
  again,
  toTheEnd,
  hear,
  echo,
  twoAtOnce,
  linesExercise,
  characters,
  datagrams,
];

/** Finds an exercise by its number or its slug. */
export function find(name: string): Exercise | undefined {
  return EXERCISES.find(({ number, slug }) =>
    name === slug || name === `${number}`
  );
}
