import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { contrast, show } from "../../notebook/exercises/lib/bytes.ts";
import { EXERCISES } from "../../notebook/exercises/lib/catalogue.ts";
import { columnsOf, wrap } from "../../notebook/exercises/lib/columns.ts";
import type { Verdict } from "../../notebook/exercises/lib/exercise.ts";
import { drawLadder } from "../../notebook/exercises/lib/ladder.ts";
import {
  describeTask,
  nextHint,
} from "../../notebook/exercises/lib/listing.ts";
import { parse, USAGE } from "../../notebook/exercises/lib/options.ts";
import { placeOf } from "../../notebook/exercises/lib/reading.ts";
import { stepsOf } from "../../notebook/exercises/lib/run.ts";
import type { Happening } from "../../notebook/exercises/lib/symptom.ts";
import { describeFailure } from "../../notebook/exercises/lib/verdict.ts";
import { ROOT } from "../harness.ts";
import { Classroom } from "./classroom.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Fails unless no line is wider than a terminal. */
function assertNarrow(text: string): void {
  assertEquals(text.split("\n").filter((line) => columnsOf(line) > 80), []);
}

Deno.test("bytes are shown as text where they are text, and never move a cursor", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals(show(bytesOf('Grün\r\n"\\')), '"Grün\\r\\n\\"\\\\"');
  assertEquals(show(bytesOf("\x1b[2J\u202e")), '"\\x1b[2J\\u{202e}"');
  assertEquals(show(Uint8Array.of(71, 195)), '"G\\xc3"');
  assertEquals(show(all, 12), '"\\x00\\x01\\x02…" (256 bytes)');
  assertEquals(show(bytesOf("x".repeat(36))).length, 38);
  assertEquals(show(bytesOf("ü".repeat(2000)), 3), '"üüü…" (4,000 bytes)');
});

Deno.test("two long answers are shown from where they differ", () => {
  const right = bytesOf("x".repeat(500) + "yes" + "x".repeat(20));
  const wrong = bytesOf("x".repeat(500) + "no");
  assertEquals(
    contrast(wrong, right),
    '"…xxxxno" instead of "…xxxxyesx…", from byte number 497 on',
  );
  assertEquals(
    contrast(bytesOf("5\n"), bytesOf("4\n")),
    '"5\\n" instead of "4\\n"',
  );
});

Deno.test("a character takes no column, one or two", () => {
  assertEquals(columnsOf("Grün"), 4);
  assertEquals(columnsOf("Gru\u0308n"), 4);
  assertEquals(columnsOf("漢字 👋"), 7);
});

Deno.test("words are broken into lines, and a word that is longer than one as well", () => {
  assertEquals(wrap("a b c", "  ", 5), ["  a b", "  c"]);
  const lines = wrap(`see ${"x".repeat(200)}`, "  ");
  assert(lines.every((line) => line.length <= 76));
  assertEquals(lines.join("").replaceAll(" ", ""), `see${"x".repeat(200)}`);
});

/** Texts that try to get a ladder out of shape. */
const HOSTILE = [
  "",
  "hello\n",
  "漢字".repeat(40),
  "👋".repeat(30),
  "\x1b[31m\x07\r\n".repeat(20),
  "u\u0308".repeat(60),
  "x".repeat(70_000),
];

Deno.test("a ladder keeps its rails, whatever is said", () => {
  const happenings: Happening[] = [];
  for (const text of HOSTILE) {
    for (const on of ["", "A", "stranger"]) {
      for (const way of ["<", ">"] as const) {
        happenings.push({ ms: 9, on, way, bytes: bytesOf(text) });
        happenings.push({ ms: 9, on, way, mark: "FIN" });
      }
    }
    happenings.push({ ms: 9, on: "stdout", way: "<", bytes: bytesOf(text) });
  }
  happenings.push({ ms: 9, on: "", way: "·", mark: "a note ".repeat(30) });
  for (const expected of HOSTILE.map(bytesOf)) {
    const lines = drawLadder(happenings, { all: true, expected });
    assertNarrow(lines.join("\n"));
    const rungs = lines.filter((line) => line.startsWith("      |"));
    const toRail = rungs.map((line) =>
      line.replace(/ {2}✗ {2}".*$/, "").replace(/\|▶$/, "|")
    );
    assertEquals(toRail.filter((line) => columnsOf(line) !== 50), []);
    assertEquals(lines.join("").includes("\x1b"), false);
  }
});

Deno.test("what was expected stands beside what came, or where it should have come", () => {
  const sent: Happening = { ms: 0, on: "", way: ">", bytes: bytesOf("a\n") };
  const came: Happening = { ms: 0, on: "", way: "<", bytes: bytesOf("2\n") };
  const expected = bytesOf("1\n");
  for (const happenings of [[sent], [sent, came]]) {
    const lines = drawLadder(happenings, { expected });
    assertEquals(lines.length, 3); // the head, what was sent, what came
    assertStringIncludes(lines[2], '|  ✗  "1\\n" was expected');
  }
});

Deno.test("many who do the same are one rung", () => {
  const happenings = Array.from({ length: 60 }, (_, i): Happening => {
    return { ms: i, on: `${i + 1}`, way: ">", mark: "connects" };
  });
  const lines = drawLadder(happenings);
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1], "─ 1 … 60: connects ─");
});

Deno.test("the help fits a terminal, and names each flag that there is", () => {
  assertNarrow(USAGE);
  const flags =
    "hint watch again build port connect ladder all solution json report help";
  for (const flag of flags.split(" ")) {
    const value =
      { build: "x", port: "1", connect: "a:1", report: "a:1" }[flag];
    assertEquals(USAGE.includes(`  --${flag} `) || flag === "help", true, flag);
    const rest = flag === "connect" ? [] : ["./my"];
    parse(["6", `--${flag}`, ...value ? [value] : [], ...rest]);
  }
  const named = Array.from(
    USAGE.matchAll(/^ {2}--(\w+)/gm),
    ([, flag]) => flag,
  );
  assertEquals([...named, "help"].sort(), flags.split(" ").sort());
});

Deno.test("whatever an exercise says fits a terminal, and goes on after each try", () => {
  for (const exercise of EXERCISES) {
    assertNarrow(describeTask(exercise));
    const progress = { exercises: {} };
    for (let hints = 1; hints <= 3; hints++) {
      assertNarrow(nextHint(exercise, progress));
    }
    for (const { name: step } of stepsOf(exercise)) {
      const verdict: Verdict = {
        exercise: exercise.slug,
        step,
        status: "fail",
        message: "x".repeat(300),
        wire: [],
        ms: 0,
      };
      assertNarrow(describeFailure(exercise, verdict, { seconds: 99.9 }));
    }
  }
});

Deno.test("no sentence of an exercise lacks its end", () => {
  for (const { slug, task, hints } of EXERCISES) {
    for (const words of [task, ...hints]) {
      assert(/[.?)]$/.test(words), `${slug}: ${words}`);
    }
  }
});

Deno.test("what is to be read is there: the line, and the chapter's heading", async () => {
  for (const { slug, next } of EXERCISES) {
    const place = await placeOf(next);
    assert(/:\d+$/.test(place), `${slug}: ${next.code} is not in ${next.file}`);
    const { cells } = JSON.parse(
      await Deno.readTextFile(new URL(`notebook/${next.chapter}`, ROOT)),
    );
    const headings = cells.flatMap((cell: { source: string[] }) =>
      cell.source.map((line) => line.trim().replace(/^#+ /, ""))
    );
    assert(
      headings.includes(next.heading),
      `${slug}: ${next.chapter} has no "${next.heading}"`,
    );
  }
});

Deno.test("the README shows a failure as it looks", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, shown] = /\$ deno task judge 11 .+\n([^]+?)\n```/.exec(readme)!;
  await using room = await Classroom.open({
    "my.py": await Deno.readTextFile(
      new URL("tests/judge/wrong/characters/splits-a-character.py", ROOT),
    ),
  });
  const { out } = await room.ask("11", "python3", "my.py");
  const timeless = (text: string) =>
    text.replace(/\d+\.\d s$/m, "0.0 s").trim();
  assertEquals(timeless(shown), timeless(out));
});
