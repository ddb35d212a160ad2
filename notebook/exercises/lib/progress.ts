/**
 * What a learner has passed, tried and typed last: one small file, safe to delete.
 *
 * @module
 */

/** What is known of one exercise. */
export interface Attempt {
  /** When it was passed, if it was. */
  passed?: string;
  /** How often it was tried without passing. */
  tries: number;
  /** How many hints were asked for. */
  hints: number;
}

/** What is known of a learner. */
export interface Progress {
  /** Each exercise that was tried, by its slug. */
  exercises: Record<string, Attempt>;
  /** The arguments of the last judgement, for `--again`. */
  last?: string[];
}

const FILE = new URL("../.progress.json", import.meta.url);

/** Failures after which a solution is shown to whoever asks for it. */
const EARNED = 3;

/** Reads it; where there is none, or no permission, nothing is known. */
export async function load(): Promise<Progress> {
  try {
    const { exercises = {}, last } = JSON.parse(await Deno.readTextFile(FILE));
    return { exercises, last };
  } catch {
    return { exercises: {} };
  }
}

/** Writes it, if that is allowed. */
export async function save(progress: Progress): Promise<void> {
  const text = JSON.stringify(progress, null, 2) + "\n";
  await Deno.writeTextFile(FILE, text).catch(() => {});
}

/** What is known of an exercise. */
export function attemptAt(progress: Progress, slug: string): Attempt {
  return progress.exercises[slug] ??= { tries: 0, hints: 0 };
}

/** Whether somebody has earned to see the solution. */
export function hasEarned({ passed, tries }: Attempt): boolean {
  return passed !== undefined || tries >= EARNED;
}
