/**
 * Judges programs again and again while the machine is busy, and counts: not part
 * of the tests, because it takes minutes.
 *
 * ```sh
 * deno run --allow-net --allow-run --allow-read --allow-write --allow-env --allow-sys=uid tests/judge/rounds.ts 200
 * deno run --allow-net --allow-run --allow-read --allow-write --allow-env --allow-sys=uid tests/judge/rounds.ts --idle
 * ```
 *
 * The first judges right programs so many times, with all cores kept busy, and
 * fails at a false accusation. The second judges each solution and each wrong
 * program once, one after the other, and says how long a verdict takes.
 *
 * @module
 */

import { endEverything } from "../../notebook/exercises/lib/program.ts";
import { times } from "../harness.ts";
import {
  accusations,
  build,
  busy,
  type Candidate,
  judged,
  ours,
  rights,
  solutions,
  wrongs,
} from "./programs.ts";

/** Programs that are judged at once under load. */
const AT_ONCE = 4;

/** The most runs that one asks for by mistake. */
const MOST = 10_000;

/** All right programs, built. */
async function allRight(folder: string): Promise<Candidate[]> {
  const endings = ["c", "go", "java", "mjs", "pl"];
  for (const ending of endings) await build(ending, folder);
  return [
    ...solutions(),
    ...ours(),
    ...endings.flatMap((ending) => rights(ending, folder)),
  ];
}

/** Judges right programs in turn so many times; the false accusations. */
async function stress(runs: number, folder: string): Promise<string[]> {
  const candidates = await allRight(folder);
  const found: string[] = [];
  let skipped = 0;
  await using _load = busy();
  await times(runs, async (i) => {
    const candidate = candidates[i % candidates.length];
    const verdicts = await judged(candidate);
    found.push(...accusations(candidate, verdicts));
    skipped += verdicts.filter(({ status }) => status === "skip").length;
  }, AT_ONCE);
  console.log(
    `${runs} runs of ${candidates.length} right programs under load: ` +
      `${found.length} accused, ${skipped} steps not tried`,
  );
  return found;
}

/** Seconds that a verdict takes: the median, 99 of 100, and the longest. */
async function measure(name: string, candidates: Candidate[]): Promise<void> {
  const all: [seconds: number, path: string][] = [];
  for (const candidate of candidates) {
    const begun = performance.now();
    await judged(candidate);
    all.push([(performance.now() - begun) / 1000, candidate.path]);
  }
  all.sort(([a], [b]) => a - b);
  const at = (share: number) => all[Math.ceil(share * all.length) - 1];
  const [median, most] = [at(0.5), at(0.99)].map(([s]) => s.toFixed(2));
  console.log(`${name}: ${all.length}, median ${median} s, 99 % ${most} s`);
  for (const [seconds, path] of all.slice(-6).reverse()) {
    console.log(`  ${seconds.toFixed(2)} s ${path}`);
  }
}

if (import.meta.main) {
  const [argument = "200"] = Deno.args;
  if (argument === "--idle") {
    await measure("solutions", solutions());
    await measure("wrong programs", wrongs());
    Deno.exit();
  }
  const runs = Math.min(MOST, Number(argument));
  if (!(runs > 0)) throw new RangeError(`${argument} is no number of runs`);
  const folder = await Deno.makeTempDir();
  const found = await stress(runs, folder);
  await endEverything();
  await Deno.remove(folder, { recursive: true });
  for (const accusation of found) console.log(accusation);
  Deno.exit(found.length > 0 ? 1 : 0);
}
