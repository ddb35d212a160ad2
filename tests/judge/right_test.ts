/** The judge accuses no right program, whatever language it is written in, and
 * however busy the machine is. */

import { assertEquals } from "@std/assert";
import { endEverything } from "../../notebook/exercises/lib/program.ts";
import { needs, PATIENT, program, times, unix } from "../harness.ts";
import {
  accusations,
  build,
  busy,
  type Candidate,
  judged,
  LANGUAGES,
  ours,
  rights,
} from "./programs.ts";

/** How often each program is judged. */
const ROUNDS = 3;

/** Programs that are judged at once. */
const AT_ONCE = 4;

/** Judges them all, a few at once, while the machine is busy with other things. */
async function assertNotAccused(candidates: Candidate[]): Promise<void> {
  const found: string[] = [];
  await using _load = busy();
  await times(ROUNDS * candidates.length, async (i) => {
    const candidate = candidates[i % candidates.length];
    found.push(...accusations(candidate, await judged(candidate)));
  }, AT_ONCE);
  await endEverything();
  assertEquals(found, []);
}

for (const ending of ["c", "go", "java", "mjs", "pl"]) {
  Deno.test({
    ...needs(
      `right programs pass on a busy machine: .${ending}`,
      unix,
      program(LANGUAGES[ending].tool),
    ),
    ...PATIENT,
    async fn() {
      const folder = await Deno.makeTempDir();
      await build(ending, folder);
      await assertNotAccused(rights(ending, folder));
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test({
  ...needs("right programs pass on a busy machine: our own scripts", unix),
  ...PATIENT,
  fn: () => assertNotAccused(ours()),
});
