/** The benchmark: it runs, and what it finds is well formed. How fast anything
 * is, it reports; that is no test. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  bench,
  FULL,
  OURS,
  QUICK,
  ratio,
  type Report,
  tables,
} from "./bench.ts";
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
    const kind of [
      "tcp cpu",
      "tcp rate",
      "tcp silent cpu",
      "tcp memory",
      "tcp down",
      "tcp up",
      "udp rate",
      "udp silent rate",
    ]
  ) {
    const [, protocol, what] = /^(\w+) (.*)$/.exec(kind)!;
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
  assertWellFormed(RESULTS, FULL.rounds);
});

/** How much more one has than another, with 64 clients, as the README says it. */
function times(what: string, peer: string, other: string): string {
  const measure = { protocol: "tcp", what, clients: 64 } as const;
  return ratio(RESULTS, measure, peer, other).toFixed(1);
}

Deno.test("the README's figures of speed are those of results.json", async () => {
  const cost = (other: string) => times("cpu", OURS, other);
  const rate = (other: string) => times("rate", OURS, other);
  await assertReadmeSays(
    `With 64 clients at once, a conversation costs our server ` +
      `${
        cost("Deno, bare")
      } times the processor time that it costs the barest ` +
      `loop that Deno allows, ${
        cost("Node")
      } times that of a server in Node, ` +
      `${cost("Go")} times Go's, and ${cost("C, epoll")} times that of bare ` +
      `epoll in C. It handles ${rate("Node")} times as many conversations a ` +
      `second as Node and ${rate("C, epoll")} times as many as C.`,
  );
});

Deno.test("a ratio is taken in each round, so that a busy one counts no more", () => {
  const measure = { what: "rate", protocol: "tcp", clients: 1 } as const;
  const result = (peer: string, rounds: number[]) => {
    return { ...measure, unit: "/s", peer, rounds, median: NaN };
  };
  const results = [result("one", [20, 3, 8]), result("other", [10, 1, 4])];
  assertEquals(ratio({ ...RESULTS, results }, measure, "one", "other"), 2);
});
