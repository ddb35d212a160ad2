/**
 * How `deno task test` runs the tests: none may hang, a failure is said at once,
 * and what was left out is said at the end.
 */

import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Process } from "../harness.ts";

/** Tests of every kind and form, one of which never ends by itself. */
const SAMPLE = `
const endless = () => new Promise<void>((resolve) => {
  setTimeout(resolve, 1e8);
});
Deno.test("it holds", () => {});
Deno.test("it fails", () => { throw new Error("a reason"); });
Deno.test("it hangs", endless);
Deno.test({ name: "it hangs for less", timeout: 50, fn: endless });
Deno.test({ name: "it spins", timeout: 50 }, () => { for (;;); });
Deno.test({ name: "it waits (skipped: no A,no B)", ignore: true, fn() {} });
Deno.test("it waits, too (skipped: no A,no B)", { ignore: true }, () => {});
Deno.test.ignore(function unsaid() {});
`;

/** Runs tests as the task does; resolves to all that it says. */
async function run(sample: string): Promise<[code: number, text: string]> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "sample_test.ts");
    await Deno.writeTextFile(file, sample);
    const grants = ["run", "read", "write", "env"].map((to) => `--allow-${to}`);
    const args = ["run", "-q", "--no-prompt", ...grants, "tests/run.ts", file];
    const env = { TEST_DEADLINE: "1", NO_COLOR: "1" };
    await using tests = new Process(Deno.execPath(), args, { env });
    return [await tests.code(), tests.out.text];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

let once: ReturnType<typeof run> | undefined;

/** What comes of the sample: one run for all tests. */
function runSample(): ReturnType<typeof run> {
  return once ??= run(SAMPLE);
}

Deno.test("a test that hangs fails at its deadline, and the next ones run", async () => {
  const [code, text] = await runSample();
  assertEquals(code, 1);
  for (const name of ["it hangs", "it hangs for less", "it spins"]) {
    assertMatch(text, RegExp(`${name} \\.\\.\\. FAILED`));
  }
  assertMatch(text, /Test timed out after 1000ms/);
  assertMatch(text, /Test timed out after 50ms/);
  assertMatch(text, /\nFAILED \| 1 passed \| 4 failed \| 3 ignored/);
});

Deno.test("a failure is said when it happens, and where its test is", async () => {
  const [, text] = await runSample();
  const said = text.indexOf("FAILED: it fails\nError: a reason");
  assert(said > 0 && said < text.indexOf("it hangs"), text);
  assertMatch(text, /it fails => .*sample_test\.ts:6:6\n/);
});

Deno.test("the last lines say what took longest, and what was not proven", async () => {
  const [, text] = await runSample();
  const [, end] = text.split("What took longest:\n");
  assertMatch(end, /^ +\d+\.\d s .*sample_test\.ts: it hangs\n/);
  const [, unproven] = end.split("\n\n");
  assertEquals(
    unproven,
    `NOT PROVEN here, as 3 tests had to be skipped,
  because no A, no B:
    it waits
    it waits, too
  because no reason is given:
    unsaid
`,
  );
});

Deno.test("where all was proven, it says so", async () => {
  const [code, text] = await run('Deno.test("it holds", () => {});');
  assertEquals(code, 0);
  assertMatch(text, /\nok \| 1 passed \| 0 failed .*\n/);
  assert(text.endsWith("\nNothing was skipped.\n"), text);
});
