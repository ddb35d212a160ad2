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

/** What was judged last. */
export interface Last {
  /** The judge's arguments. */
  args: string[];
  /** The folder in which they were typed. */
  folder?: string;
}

/** What is known of a learner. */
export interface Progress {
  /** Each exercise that was tried, by its slug. */
  exercises: Record<string, Attempt>;
  /** The last judgement, for `--again`. */
  last?: Last;
}

const FILE = new URL("../.progress.json", import.meta.url);

/** Failures after which a solution is shown to whoever asks for it. */
export const EARNED = 3;

/** Reads it; where there is none, or no permission, nothing is known. */
export async function load(): Promise<Progress> {
  if (!await isGranted("read")) return { exercises: {} };
  try {
    return understand(JSON.parse(await Deno.readTextFile(FILE)));
  } catch { // there is none, or it is not ours
    return { exercises: {} };
  }
}

/** What can be made of it, whoever has edited it. */
function understand({ exercises, last }: Partial<Progress>): Progress {
  const progress: Progress = { exercises: {} };
  for (const [slug, attempt] of Object.entries(exercises ?? {})) {
    const { passed, tries, hints } = attempt;
    progress.exercises[slug] = {
      ...typeof passed === "string" && { passed },
      tries: Number(tries) || 0,
      hints: Number(hints) || 0,
    };
  }
  const isCommand = Array.isArray(last?.args) &&
    last.args.every((word) => typeof word === "string");
  return isCommand ? { ...progress, last } : progress;
}

/** Writes it, if that is allowed. */
export async function save(progress: Progress): Promise<void> {
  if (!await isGranted("write")) return;
  const text = JSON.stringify(progress, null, 2) + "\n";
  await Deno.writeTextFile(FILE, text).catch(() => {});
}

/** Nobody is asked for permission because of this file. */
async function isGranted(name: "read" | "write"): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name, path: FILE });
  return state === "granted";
}

/** What is known of an exercise. */
export function attemptAt(progress: Progress, slug: string): Attempt {
  return progress.exercises[slug] ??= { tries: 0, hints: 0 };
}

/** Whether somebody has earned to see the solution. */
export function hasEarned({ passed, tries }: Attempt): boolean {
  return passed !== undefined || tries >= EARNED;
}
