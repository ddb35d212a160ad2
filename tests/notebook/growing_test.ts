/**
 * The server that grows: which of its steps withstands which attack, and that
 * the answers to "Now you" are right.
 */

import { assert, assertEquals } from "@std/assert";
import { attack, type AttackName, NAMES } from "../../notebook/lib/attacks.ts";
import { listSteps } from "../../notebook/lib/victim.ts";
import { linux, needs, program, ROOT } from "../harness.ts";

/** Step after step, 01 to 13: ✓ it withstands the attack, ✗ it does not. */
const MATRIX: Record<AttackName, string> = {
  "one at a time": "      ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "message in pieces": "  ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "split character": "    ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "short write": "        ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "reset": "              ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "reset before accept": "✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
  "silence": "            ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓ ✓",
  "too much": "           ✓ ✓ ✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓ ✓",
  "crowd": "              ✓ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓ ✓",
  "control characters": " ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓ ✓",
  "SIGTERM": "            ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✓ ✓",
  "TIME_WAIT": "          ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
};

Deno.test("every attack has its row", () => {
  assertEquals(Object.keys(MATRIX), NAMES);
});

for (const name of NAMES) {
  Deno.test(needs(`${name}: who withstands it`, linux), async () => {
    const outcomes = [];
    for (const step of await listSteps()) {
      outcomes.push(await attack(name, step));
    }
    const row = outcomes.map(({ survived }) => survived ? "✓" : "✗").join(" ");
    const logs = outcomes.map(({ step, log }) => [step, ...log].join("\n  "));
    assertEquals(row, MATRIX[name].trim(), logs.join("\n"));
    for (const { survived, growth = 0 } of outcomes) { // megabytes, of 64 sent
      assert(survived ? growth < 32 : growth === 0 || growth > 48, `${growth}`);
    }
  });
}

for (
  const [step, verdict] of [
    [
      "server.py",
      "✗ it dies, exit code 1: OSError: [Errno 98] Address already",
    ],
    ["reuse.py", "✓"],
  ]
) {
  Deno.test(
    needs(`TIME_WAIT: ${step}, in Python`, linux, program("python3")),
    async () => {
      const { log } = await attack("TIME_WAIT", step);
      assert(log.at(-1)!.startsWith(verdict), log.join("\n"));
    },
  );
}

/** What the chapter asks the reader to change, and what comes of it. */
const CHANGES: [
  step: string,
  was: string,
  becomes: string,
  outcomes: Partial<Record<AttackName, string>>,
][] = [
  ["02", "  converse(conn)", "  await converse(conn)", {
    "one at a time": "✗ B had to wait for A",
  }],
  ["10", "    await new Promise", "    if (false) await new Promise", {
    "crowd": "✗ it tries again and again, without a pause",
    "reset before accept": "✓ it is there, and serves the next",
  }],
  ["11", "escapeControls(message)", "JSON.stringify(message)", {
    "control characters": "✗ A writes on the screen what it likes",
  }],
  ["12", "if (error instanceof Deno.errors.BadResource) break;", "", {
    "SIGTERM": "✗ it does not end",
  }],
];

for (const [step, was, becomes, outcomes] of CHANGES) {
  Deno.test(
    needs(`Now you: ${step} with "${becomes.trim()}"`, linux),
    async () => {
      const text = await Deno.readTextFile(
        new URL(`notebook/growing/${step}.ts`, ROOT),
      );
      assert(text.includes(was), was);
      const file = await Deno.makeTempFile({ suffix: ".ts" });
      await Deno.writeTextFile(file, text.replace(was, becomes));
      try {
        for (const [name, verdict] of Object.entries(outcomes)) {
          const { log } = await attack(name as AttackName, file);
          assertEquals(log.at(-1), verdict, log.join("\n"));
        }
      } finally {
        await Deno.remove(file);
      }
    },
  );
}
