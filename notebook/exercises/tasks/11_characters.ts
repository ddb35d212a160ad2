import { concat } from "../lib/bytes.ts";
import { cause, type Exercise } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";
import { counts, countsWrong } from "./10_lines.ts";

const splits = cause(
  "splits-a-character",
  "Your program decodes each read by itself: half a character became �, and so did the other half. Cut the lines first, as bytes, and decode whole lines.",
);
const bytes = cause(
  "counts-bytes",
  "Your program counts bytes. In UTF-8 a character has one to four of them: decode the line, then count.",
);

/** Sends a line in two pieces, the second when the first has surely been read. */
async function countsCut(
  client: Wire,
  line: string,
  at: number,
  answer: string,
): Promise<void> {
  const whole = new TextEncoder().encode(line + "\n");
  await client.send(concat("a\n", whole.subarray(0, at)));
  await client.expect("1\n");
  await client.send(whole.subarray(at));
  await client.expect(answer);
}

export const characters: Exercise = {
  number: 11,
  slug: "characters",
  kind: "server",
  concept: "characters are not bytes",
  task:
    "As in exercise 10, for text in UTF-8 that is not ASCII: the line Grün is answered with 4. A character is a code point, so 👋 counts as 1.",
  hints: [
    "How many bytes has ü? And what becomes of it if they come in two reads?",
    "First cut the lines, as bytes: a newline is never part of another character. Decode each complete line then.",
    'In Python: len(line.decode()). In JavaScript "👋".length is 2, but [..."👋"].length is 1.',
  ],
  next: {
    file: "lib/framing.ts",
    code: "async readLine(",
    why: "decodes a line when it is complete",
    chapter: "growing.ipynb",
    heading: "3. A split character",
  },
  serves: counts,
  steps: [
    {
      name: "ascii",
      title: "one line",
      what: 'The line "hello"',
      run: async (lab) => await counts(await lab.connect()),
      causes: countsWrong,
    },
    {
      name: "whole",
      title: "a character of two bytes",
      what: 'The line "Grün" in one piece',
      twin: "ascii",
      async run(lab) {
        const client = await lab.connect();
        await client.send("Grün\n");
        await client.expect("4\n");
      },
      causes: { other: bytes },
    },
    {
      name: "two-reads",
      title: "a character in two reads",
      what: 'The same line "Grün", cut inside the ü,',
      twin: "whole",
      run: async (lab) =>
        await countsCut(await lab.connect(), "Grün", 3, "4\n"),
      causes: { other: splits },
    },
    {
      name: "emoji",
      title: "a character of four bytes",
      what: 'The line "👋" in one piece',
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await client.send("👋\n");
        await client.expect("1\n");
      },
      causes: {
        changed: ({ details }) =>
          details.got?.[0] === 50
            ? cause(
              "counts-code-units",
              "Your language counts halves of such characters (UTF-16). Count code points.",
            )
            : bytes,
      },
    },
    {
      name: "emoji-cut",
      title: "a character of four bytes, cut at each of them",
      what: 'The same line "👋", cut after one, two or three bytes,',
      twin: "emoji",
      async run(lab) {
        const client = await lab.connect();
        for (const at of [1, 2, 3]) await countsCut(client, "👋", at, "1\n");
      },
      causes: { other: splits },
    },
  ],
};
