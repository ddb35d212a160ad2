import { cause, type Exercise } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";

/** A server answers a line with the number of its characters. */
export async function counts(client: Wire): Promise<void> {
  await client.send("hello\n");
  await client.expect("5\n");
}

const isMessage = cause(
  "read-is-message",
  "Your program takes each read for a line. A read brings what has come by then: half a line, or two. Collect, and cut at each newline.",
);

export const countsWrong = {
  silent: cause(
    "no-answer",
    "A line is complete with its newline: then the answer is due, and it ends in a newline, too.",
  ),
  changed: cause(
    "counts-wrong",
    "The newline does not count, and the answer is the number with a newline after it.",
  ),
  extra: cause(
    "counts-wrong",
    "The answer is the number with a newline after it, and nothing else.",
  ),
};

export const linesExercise: Exercise = {
  number: 10,
  slug: "lines",
  kind: "server",
  concept: "lines, however they are cut",
  task:
    "Answer each line with the number of its characters and a newline: the line hello with 5. Neither the newline at its end counts, nor a carriage return (\\r) before it.",
  hints: [
    "A read may bring half a line, or three. What does your program do with the half?",
    "Keep one buffer for each connection: add each read to it, and take out what is complete.",
    "While the buffer has a newline: cut it there, answer the first part, keep the rest.",
  ],
  next: {
    file: "lib/framing.ts",
    code: "async readLineBytes(",
    why: "collects until a line is complete",
    chapter: "applications.ipynb",
    heading: "Lines",
  },
  serves: counts,
  steps: [
    {
      name: "one",
      title: "one line",
      what: 'The line "hello"',
      run: async (lab) => await counts(await lab.connect()),
      causes: countsWrong,
    },
    {
      name: "joined",
      title: "two lines in one read",
      what: "A piece with two lines in it",
      twin: "one",
      async run(lab) {
        const client = await lab.connect();
        await client.send("a\nbb\n");
        await client.expect("1\n2\n");
      },
      causes: {
        silent: ({ details }) =>
          details.got?.length
            ? cause(
              "loses-the-second-line",
              "Your program answers the first line of a read, and forgets the rest. Keep it: it is the beginning of what comes next.",
            )
            : isMessage,
        ended: cause(
          "loses-the-second-line",
          "Your program answers the first line, and ends.",
        ),
        other: isMessage,
      },
    },
    {
      name: "cut",
      title: "one line in two reads",
      what: "The same line, cut in two,",
      twin: "one",
      async run(lab) {
        const client = await lab.connect();
        await client.send("a\nhel");
        await client.expect("1\n"); // so "hel" has been read
        await client.send("lo\n");
        await client.expect("5\n");
      },
      causes: {
        silent: ({ details }) =>
          details.expected?.[0] === 49 ? isMessage : cause(
            "read-is-message",
            "Your program forgets half a line when the read is over. Keep it until the rest has come.",
          ),
        other: isMessage,
      },
    },
    {
      name: "empty",
      title: "an empty line",
      what: "An empty line",
      twin: "one",
      async run(lab) {
        const client = await lab.connect();
        await client.send("\n");
        await client.expect("0\n");
        await counts(client);
      },
      causes: {
        other: cause(
          "stops-at-an-empty-line",
          "An empty line is a line, with 0 characters; only a read that brings nothing is the end.",
        ),
      },
    },
    {
      name: "return",
      title: "a line that ends in \\r\\n",
      what: "A line that ends in \\r\\n",
      twin: "one",
      async run(lab) {
        const client = await lab.connect();
        await client.send("hello\r\n");
        await client.expect("5\n");
      },
      causes: {
        other: cause(
          "counts-the-return",
          "Many programs, telnet among them, end a line in \\r\\n. The \\r belongs to the end, and not to the line.",
        ),
      },
    },
  ],
};
