import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";
import { counts, countsWrong } from "./10_lines.ts";

const TOO_LONG = "too long\n";
const MIB = 2 ** 20;

async function isRefused(client: Wire): Promise<void> {
  await client.expect(TOO_LONG);
  await client.expectEnd();
}

const unread = cause(
  "reset-unread",
  "Your program closes while bytes have come that it has not read. The system resets such a connection, and the reset can overtake what you said last. End your side first, read the rest for a while, then close.",
);
const tooLong = {
  reset: unread,
  open: cause("never-closes", 'After "too long" the connection has to end.'),
  changed: cause(
    "no-limit",
    "Your program answers a line that is longer than 1,000 bytes as if it were not.",
  ),
  ended: cause(
    "closes-without-a-word",
    'Your program closes without saying "too long" and a newline.',
  ),
};

export const tooMuch: Exercise = {
  number: 13,
  slug: "too-much",
  kind: "server",
  concept: "a limit for what strangers send",
  task:
    'As in exercise 10; but a line of more than 1,000 bytes, its newline not counted, is answered with "too long" and a newline, and the connection is closed. That happens as soon as the line is too long, and not only at its end.',
  hints: [
    "What happens to your program's memory if a client never sends a newline?",
    "Count while you collect: at 1,001 bytes without a newline it is too long, whatever comes.",
    "After the last word, shut down your sending side, read and throw away what still comes, and close then.",
  ],
  next: {
    file: "lib/framing.ts",
    code: "while (line.length <= most + 1)",
    why: "counts while it collects",
    chapter: "growing.ipynb",
    heading: "8. Too much",
  },
  serves: counts,
  steps: [
    {
      name: "short",
      title: "a short line",
      what: 'The line "hello"',
      run: async (lab) => await counts(await lab.connect()),
      causes: countsWrong,
    },
    {
      name: "longest",
      title: "a line of 1,000 bytes",
      what: "A line of 1,000 bytes",
      twin: "short",
      async run(lab) {
        const client = await lab.connect();
        await client.send("x".repeat(1_000) + "\n");
        await client.expect("1000\n");
      },
      causes: {
        other: cause(
          "limit-too-low",
          "1,000 bytes are allowed; the newline does not count.",
        ),
      },
    },
    {
      name: "too-long",
      title: "a line of 1,001 bytes",
      what: "A line of 1,001 bytes",
      twin: "longest",
      async run(lab) {
        const client = await lab.connect();
        await client.send("x".repeat(1_001) + "\n");
        await isRefused(client);
      },
      causes: {
        ...tooLong,
        silent: cause(
          "no-limit",
          "Your program does not answer a line that is too long.",
        ),
      },
    },
    {
      name: "endless",
      title: "4 MiB without a newline",
      what: "A line of 4 MiB, without a newline so far,",
      twin: "too-long",
      async run(lab) {
        const client = await lab.connect();
        const before = await lab.memory();
        const sending = client.sendWhileTaken(
          new Uint8Array(4 * MIB).fill(120),
          1,
        );
        try {
          await client.expect(TOO_LONG);
          await sending;
          await client.end();
          await client.expectEnd();
        } catch (error) {
          await sending;
          const after = await lab.memory();
          if (
            !(error instanceof Symptom) || error.kind !== "silent" || !before ||
            !after
          ) throw error;
          const grown = ((after - before) / MIB).toFixed(1);
          throw new Symptom(
            "silent",
            `is not answered, and your program has grown by ${grown} MiB`,
            error.details,
          );
        }
      },
      causes: {
        ...tooLong,
        silent: cause(
          "no-limit",
          "Your program collects until there is a newline, however long that takes: a stranger decides how much memory it needs.",
        ),
      },
    },
  ],
};
