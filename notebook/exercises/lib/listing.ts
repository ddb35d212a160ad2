/**
 * The list of exercises, and what one exercise asks for.
 *
 * @module
 */

import { EXERCISES } from "./catalogue.ts";
import type { Exercise } from "./exercise.ts";
import { attemptAt, type Progress } from "./progress.ts";
import { wrap } from "./columns.ts";

/** The list: `✓` passed, `▸` next, `·` open. */
export function list(progress: Progress): string {
  const isPassed = ({ slug }: Exercise) => {
    return progress.exercises[slug]?.passed !== undefined;
  };
  const next = EXERCISES.find((exercise) => !isPassed(exercise));
  const rows = EXERCISES.map((exercise) => {
    const { number, slug, concept } = exercise;
    const sign = isPassed(exercise) ? "✓" : exercise === next ? "▸" : "·";
    return `  ${sign} ${`${number}`.padStart(2)}  ${
      slug.padEnd(14)
    } ${concept}`;
  });
  const how = next
    ? `deno task judge ${next.number} says what to do next.`
    : "All passed. Now judge someone else's server: --connect HOST:PORT.";
  return [...rows, "", `  ${how}`, ""].join("\n");
}

/** What an exercise asks for, and how to start. */
export function describeTask(exercise: Exercise): string {
  const { number, slug, kind, concept, task, next } = exercise;
  const what = kind === "server"
    ? "Your program is a server: it listens on 127.0.0.1, at the port that it " +
      "is given as its last argument."
    : "Your program is a client: it goes to 127.0.0.1, at the port that it is " +
      "given as its last argument.";
  const flags = task.includes("UDP")
    ? "--unstable-net --allow-net"
    : "--allow-net";
  return [
    `${number} ${slug}: ${concept}`,
    "",
    ...wrap(task, "  "),
    "",
    ...wrap(what, "  "),
    "  In Python that is int(sys.argv[1]), in JavaScript Number(Deno.args[0]).",
    "",
    "  Write it in any language, save it where you like, and say how it is run:",
    "",
    `    deno task judge ${number} python3 my.py`,
    `    deno task judge ${number} deno run ${flags} my.ts`,
    `    deno task judge ${number} --build "gcc -o my my.c" ./my`,
    "",
    ...wrap(
      `What it is about: notebook/${next.chapter}, "${next.heading}".`,
      "  ",
    ),
    `  A hint: deno task judge ${number} --hint`,
    "",
  ].join("\n");
}

/** One more hint than last time. */
export function nextHint(exercise: Exercise, progress: Progress): string {
  const attempt = attemptAt(progress, exercise.slug);
  attempt.hints = Math.min(attempt.hints + 1, exercise.hints.length);
  const hints = exercise.hints.slice(0, attempt.hints);
  const lines = hints.flatMap((hint, i) => {
    const [first, ...others] = wrap(hint, "     ");
    return [`  ${i + 1}.${first.slice(4)}`, ...others];
  });
  const left = exercise.hints.length - attempt.hints;
  const more = left ? `${left} more: the same again` : "that was the last one";
  return [...lines, "", `  (${more})`, ""].join("\n");
}
