/** Our solutions pass, and each wrong program is named by its defect. */

import { assertEquals } from "@std/assert";
import { EXERCISES } from "../../notebook/exercises/lib/catalogue.ts";
import { endEverything } from "../../notebook/exercises/lib/program.ts";
import { times } from "../harness.ts";
import {
  accusations,
  type Candidate,
  judged,
  solutions,
  wrongs,
} from "./programs.ts";

/** Programs that are judged at once: most of the time they wait. */
const AT_ONCE = 4;

/** What is judged by the clock is judged alone. */
const BY_THE_CLOCK = ["ask-again", "silence"];

for (const { slug } of EXERCISES) {
  Deno.test(`${slug}: our solutions pass`, async () => {
    const candidates = solutions().filter((other) => other.slug === slug);
    assertEquals(candidates.length, 2);
    const found: string[] = [];
    await times(candidates.length, async (i) => {
      found.push(
        ...accusations(candidates[i], await judged(candidates[i])),
      );
    });
    await endEverything();
    assertEquals(found, []);
  });
}

/** How a program is called otherwise than its file's name says, in words. */
async function misnamed(candidate: Candidate): Promise<string[]> {
  const verdicts = await judged(candidate);
  const { id = "", step, message } = verdicts.at(-1)!;
  const name = candidate.path.split("/").at(-1)!;
  // `reads-once-large.py` is another program with the defect `reads-once`.
  if (id && name.startsWith(id)) return [];
  // Where the system's table for them is full, this cannot be seen, for a while.
  const lacking = verdicts.find(({ message }) =>
    message?.includes("TIME_WAIT")
  );
  if (lacking?.status === "skip" && !Deno.env.get("CI")) {
    console.warn(`NOT PROVEN: ${candidate.path}: ${lacking.message}`);
    return [];
  }
  return [`${candidate.path} by ${step}: ${id}: ${message}`];
}

for (const slug of new Set(wrongs().map(({ slug }) => slug))) {
  Deno.test(`${slug}: each wrong program is named by its defect`, async () => {
    const candidates = wrongs().filter((other) => other.slug === slug);
    const found: string[] = [];
    await times(candidates.length, async (i) => {
      found.push(...await misnamed(candidates[i]));
    }, BY_THE_CLOCK.includes(slug) ? 1 : AT_ONCE);
    await endEverything();
    assertEquals(found, []);
  });
}
