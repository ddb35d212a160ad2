/**
 * Our solutions of an exercise, for those who have earned them.
 *
 * @module
 */

import type { Exercise } from "./exercise.ts";
import { NOT_PASSED, PASSED } from "./judging.ts";
import { attemptAt, EARNED, hasEarned, type Progress } from "./progress.ts";
import { print } from "./screen.ts";

/** Shows both, or says what is missing; returns the exit code. */
export async function showSolutions(
  { number, slug }: Exercise,
  progress: Progress,
): Promise<number> {
  const attempt = attemptAt(progress, slug);
  if (!hasEarned(attempt)) {
    const missing = EARNED - attempt.tries;
    const left = missing === 1 ? "one more try" : `${missing} more tries`;
    print(
      `  Not yet: ours is shown once yours has passed, or after ${left}.\n` +
        `  A hint: deno task judge ${number} --hint\n`,
    );
    return NOT_PASSED;
  }
  for (const ending of ["py", "ts"]) {
    const name = `${`${number}`.padStart(2, "0")}.${ending}`;
    const file = new URL(`../solutions/${name}`, import.meta.url);
    print(`--- ${name}\n${await Deno.readTextFile(file)}\n`);
  }
  return PASSED;
}
