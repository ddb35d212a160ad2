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
import { hearExercise } from "../tasks/05_hear.ts";
import { echo } from "../tasks/06_echo.ts";
import { allOfIt } from "../tasks/07_all_of_it.ts";
import { halfClose } from "../tasks/08_half_close.ts";
import { twoAtOnce } from "../tasks/09_two_at_once.ts";
import { linesExercise } from "../tasks/10_lines.ts";
import { characters } from "../tasks/11_characters.ts";
import { lengths } from "../tasks/12_lengths.ts";
import { tooMuch } from "../tasks/13_too_much.ts";
import { reset } from "../tasks/14_reset.ts";
import { lastWords } from "../tasks/15_last_words.ts";
import { honestClient } from "../tasks/16_honest_client.ts";
import { silence } from "../tasks/17_silence.ts";
import { crowd } from "../tasks/18_crowd.ts";
import { goodbye } from "../tasks/19_goodbye.ts";
import { web } from "../tasks/20_web.ts";
import { chat } from "../tasks/21_chat.ts";
import { slowReader } from "../tasks/22_slow_reader.ts";
import { datagrams } from "../tasks/23_datagrams.ts";
import { askAgain } from "../tasks/24_ask_again.ts";
import { badLine } from "../tasks/25_bad_line.ts";

/** All exercises, in their order. */
export const EXERCISES: Exercise[] = [
  firstClient,
  firstServer,
  again,
  toTheEnd,
  hearExercise,
  echo,
  allOfIt,
  halfClose,
  twoAtOnce,
  linesExercise,
  characters,
  lengths,
  tooMuch,
  reset,
  lastWords,
  honestClient,
  silence,
  crowd,
  goodbye,
  web,
  chat,
  slowReader,
  datagrams,
  askAgain,
  badLine,
];

/** Finds an exercise by its number or its slug. */
export function find(name: string): Exercise | undefined {
  return EXERCISES.find(({ number, slug }) =>
    name === slug || name === `${number}`
  );
}
