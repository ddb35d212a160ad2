/** The benchmark: it runs, and what it finds is well formed. How fast anything
 * is, it reports; that is no test. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bench, OURS, QUICK, type Report, tables } from "./bench/bench.ts";
import { linux, needs, program } from "./harness.ts";

/** Every figure has its unit, its rounds and the median of them. */
function assertWellFormed(report: Report, rounds: number): void {
  assertEquals(report.rounds, rounds);
  assert(Object.keys(report.machine).length > 5);
  for (const result of report.results) {
    const what = JSON.stringify(result);
    assert(result.unit && result.peer && result.clients > 0, what);
    assert(result.rounds.length >= rounds, what);
    assert(result.rounds.every((value) => Number.isFinite(value)), what);
    const sorted = result.rounds.toSorted((a, b) => a - b);
    assert(sorted[0] <= result.median && result.median <= sorted.at(-1)!, what);
  }
  for (
    const kind of ["tcp rate", "tcp memory", "tcp down", "tcp up", "udp rate"]
  ) {
    const [protocol, what] = kind.split(" ");
    const peers = report.results.filter((result) => {
      return result.protocol === protocol && result.what === what;
    }).map(({ peer }) => peer);
    assert(peers.includes(OURS), `${kind} lacks ours`);
    assert(new Set(peers).size >= 4, `${kind} lacks peers`);
  }
}

Deno.test({
  ...needs(
    "the benchmark runs all its peers, and each byte is right",
    linux,
    program("gcc"),
    program("go"),
    program("node"),
    program("python3"),
  ),
  async fn() {
    const steps: number[] = [];
    const report = await bench(QUICK, (done, all) => steps.push(done / all));
    assertWellFormed(report, 1);
    assertEquals(steps, steps.toSorted((a, b) => a - b));
    assertStringIncludes(tables(report), OURS);
  },
});

Deno.test("results.json is a thorough run", async () => {
  const file = new URL("bench/results.json", import.meta.url);
  assertWellFormed(JSON.parse(await Deno.readTextFile(file)), 5);
});
