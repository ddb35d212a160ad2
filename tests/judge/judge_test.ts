import { assertEquals } from "@std/assert";
import { EXERCISES, find } from "../../notebook/exercises/lib/catalogue.ts";
import type { Verdict } from "../../notebook/exercises/lib/exercise.ts";
import { endEverything } from "../../notebook/exercises/lib/program.ts";
import { run } from "../../notebook/exercises/lib/run.ts";
import { ROOT } from "../harness.ts";

const RUN: Record<string, string[]> = {
  // Where a variable of the environment unbuffers Python, nothing is held back.
  py: ["env", "-u", "PYTHONUNBUFFERED", "python3"],
  ts: ["deno", "run", "-q", "--no-config", "--unstable-net", "--allow-net"],
  mjs: ["node"],
  pl: ["perl"],
};

/** The command that runs a program of ours. */
function commandOf(path: string): string[] {
  return [...RUN[path.split(".").at(-1)!], new URL(path, ROOT).pathname];
}

async function verdictsOn(slug: string, command: string[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for await (const verdict of run(find(slug)!, { command })) {
    verdicts.push(verdict);
  }
  await endEverything();
  return verdicts;
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].map(({ name }) => name)
    .sort();
}

/** What a verdict comes to, with the words that help to see why. */
const sum = (verdicts: Verdict[]) =>
  verdicts.filter(({ status }) => status === "fail")
    .map(({ id, message }) => `${id}: ${message}`);

for (const { number, slug } of EXERCISES) {
  for (const ending of ["py", "ts"]) {
    const name = `${`${number}`.padStart(2, "0")}.${ending}`;
    Deno.test(`${slug}: our solution ${name} passes`, async () => {
      const path = `notebook/exercises/solutions/${name}`;
      assertEquals(sum(await verdictsOn(slug, commandOf(path))), []);
    });
  }
}

for (const slug of filesIn("tests/judge/wrong")) {
  for (const name of filesIn(`tests/judge/wrong/${slug}`)) {
    // `reads-once-large.py` is another program with the defect `reads-once`.
    Deno.test(`${slug}: ${name} is named by its defect`, async () => {
      const path = `tests/judge/wrong/${slug}/${name}`;
      const verdicts = await verdictsOn(slug, commandOf(path));
      const { id, message } = verdicts.at(-1)!;
      const named = id !== undefined && name.startsWith(id);
      assertEquals(named, true, `it was called ${id}: ${message}`);
    });
  }
}
