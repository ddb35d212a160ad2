/** The benchmark: it runs, and what it finds is well formed. How fast anything
 * is, it reports; that is no test. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bench, OURS, QUICK, type Report, tables } from "./bench.ts";
import { assertReadmeSays, linux, needs, program } from "../harness.ts";

const RESULTS: Report = JSON.parse(
  await Deno.readTextFile(new URL("results.json", import.meta.url)),
);

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

Deno.test("results.json is a thorough run", () => {
  assertWellFormed(RESULTS, 5);
});

/** How many times as many conversations a second, by the published medians. */
function ratio(peer: string, other: string): string {
  const [a, b] = [peer, other].map((name) => {
    return RESULTS.results.find((result) => {
      const { protocol, what, clients } = result;
      return protocol === "tcp" && what === "rate" && clients === 64 &&
        result.peer === name;
    })!.median;
  });
  return (a / b).toFixed(1);
}

Deno.test("the README's figures of speed are those of results.json", async () => {
  await assertReadmeSays(
    `With 64 clients at once our server handled ${
      ratio(OURS, "Node")
    } times as ` +
      `many conversations a second as one in Node, and ` +
      `${ratio(OURS, "C, epoll")} times as many as bare epoll in C; the ` +
      `barest loop that Deno allows handles ${
        ratio("Deno, bare", "C, epoll")
      } ` +
      `times as many.`,
  );
});
