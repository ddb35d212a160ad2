/**
 * Experiments that need something special. Where it is there, they run; where
 * it is missing, the notebook says so and goes on with a run that was recorded.
 *
 * @module
 */

import { isInstalled } from "../../lib/process.ts";
import { print } from "./show.ts";

/** Where the recorded runs are, one file each. */
export const RECORDED = new URL("../recorded/", import.meta.url);

/** Something that not every machine has: a system, a right, or a program. */
export type Need =
  | "linux"
  | "root"
  | "record" // keeps a machine busy for long: only RECORD=1 does it
  | (string & Record<never, never>);

/** A run of an experiment, as it is kept in a file. */
interface Recording {
  /** The day it was made. */
  day: string;
  /** What it ran on. */
  on: string;
  /** What it found. */
  found: unknown;
}

/**
 * Runs an experiment if this machine has what it needs. If not, it prints one
 * line about that, and returns what the recorded run found.
 *
 * With `RECORD=1` in the environment, what is found becomes the recorded run;
 * with `RECORD=0` the recorded runs are shown, whatever is there.
 *
 * @example The limit of this process
 * ```ts ignore
 * const limit = await observe("limit", ["linux"], () => {
 *   return libc.getrlimit(libc.RLIMIT_NOFILE);
 * });
 * ```
 *
 * @param name The experiment's name, which is also the file's.
 * @param needs What it takes; anything but "linux", "root" and
 * "record" is a program.
 * @param experiment What to do; it returns plain data, as JSON can hold it.
 * @returns What was found.
 * @throws {Deno.errors.NotFound} If it is neither possible nor recorded.
 */
export async function observe<T>(
  name: string,
  needs: Need[],
  experiment: () => T | Promise<T>,
): Promise<T> {
  const file = new URL(`${name}.json`, RECORDED);
  const missing = needs.filter((need) => !isMet(need));
  if (missing.length > 0) {
    const { day, on, found }: Recording = JSON.parse(
      await Deno.readTextFile(file),
    );
    const what = missing.map((need) => WORDS[need] ?? need).join(" and ");
    await print(`(It takes ${what}: a run recorded on ${day}, ${on}.)`);
    return found as T;
  }
  const found = await experiment();
  if (Deno.env.get("RECORD") === "1") await record(file, found);
  return found;
}

/** Needs that are no programs, in words. */
const WORDS: Record<string, string> = {
  linux: "Linux",
  root: "root's rights",
  record: "RECORD=1, as it keeps the machine busy",
};

async function record(file: URL, found: unknown): Promise<void> {
  const recording: Recording = {
    day: new Date().toISOString().slice(0, 10),
    on: `by Deno ${Deno.version.deno} on Linux`,
    found,
  };
  await Deno.mkdir(RECORDED, { recursive: true });
  await Deno.writeTextFile(file, `${JSON.stringify(recording, null, 1)}\n`);
}

/** Whether this machine has something that an experiment needs. */
export function isMet(need: Need): boolean {
  if (Deno.env.get("RECORD") === "0") return false;
  if (need === "record") return Deno.env.get("RECORD") === "1";
  if (need === "linux") return isLinux();
  if (need === "root") return isLinux() && Deno.uid() === 0;
  return isInstalled(need);
}

/** Whether the system calls are those that lib/libc.ts knows. */
function isLinux(): boolean {
  const { os, arch } = Deno.build;
  return os === "linux" && (arch === "x86_64" || arch === "aarch64");
}
