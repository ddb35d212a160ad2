/**
 * Three hundred thousand conversations with one server: they leave no descriptor
 * behind, and no memory.
 */

import { assert, assertEquals } from "@std/assert";
import { exchange } from "../../client.ts";
import {
  assertReadmeSays,
  descriptorsOf,
  linux,
  memoryOf,
  needs,
  PATIENT,
  startServer,
  times,
  untilClosed,
} from "../harness.ts";

/**
 * V8 enlarges its nursery when a load has gone on for long enough, by some 25 MB,
 * which is a matter of the machine's speed and not of what is left behind. So the
 * nursery has its full size from the beginning.
 */
const DENO_V8_FLAGS = "--min-semi-space-size=16,--max-semi-space-size=16";

/** Conversations until memory is looked at, and looked at again. */
const MORE = [150_000, 75_000, 75_000];

Deno.test("the README says how many conversations leave nothing behind", async () => {
  const all = MORE.reduce((sum, more) => sum + more);
  await assertReadmeSays(
    `**${all.toLocaleString("en")} conversations** with one server`,
  );
});

Deno.test({
  ...needs("300,000 conversations leave nothing behind", linux),
  ...PATIENT,
  async fn() {
    const options = { stdout: "null", env: { DENO_V8_FLAGS } } as const;
    await using server = await startServer("server.ts", [], undefined, options);
    const { port } = server;
    const before = await descriptorsOf(server);
    const resident: number[] = [];
    for (const more of MORE) {
      await times(more, () => exchange({ port }), 64);
      resident.push(await memoryOf(server, "VmRSS"));
    }
    const [first, half, whole] = resident;
    console.log(
      "resident after 150,000, 225,000 and 300,000 conversations:",
      ...resident.map((kilobytes) => `${Math.round(kilobytes / 1024)} MB`),
    );
    // 93, 99, 100, 100 MB were seen after 75, 150, 225 and 300 thousand, and after
    // 900 thousand 91.
    assert(whole < half * 1.1, `${half} kB grew to ${whole} kB`);
    assert(whole < first * 1.1, `${first} kB grew to ${whole} kB`);
    await exchange({ port });
    await untilClosed(server, before);
    server.kill("SIGTERM");
    assertEquals(await server.code(), 0);
    assertEquals(server.err.text, `server: listening on 127.0.0.1:${port}\n`);
  },
});
