import { cause, type Exercise, type Finding } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";

const wholeBuffer = cause(
  "prints-the-whole-buffer",
  "Your program prints its whole buffer. Only the first bytes of it are new: a read says how many.",
);
const readsOnce = cause(
  "reads-once",
  "Your program reads once from a connection. Read again and again, until a read brings nothing.",
);
const keeps = cause(
  "holds-back",
  "What your program prints waits in a buffer of its own, as it does whenever the output is not a terminal. Flush it after each read: print(…, flush=True).",
);

/** Nothing is printed: is it kept back? A great deal more would push it out. */
const whyNothing: Finding = async (_, lab) => {
  const client = lab.last;
  await client.end();
  if (await lab.program.out.nextWithin(0.2) instanceof Uint8Array) return keeps;
  client.close();
  const other = await lab.connect("B");
  await other.sendWhileTaken(new Uint8Array(100_000).fill(97));
  await other.end();
  const part = await lab.program.out.next();
  if (part instanceof Uint8Array) return keeps;
  return cause(
    "prints-nothing",
    /hello|aaaa/.test(lab.program.said)
      ? "Your program prints it to standard error. What was received belongs on standard output."
      : "Your program prints nothing to standard output.",
  );
};

async function hears(
  lab: Lab,
  ...pieces: (string | Uint8Array)[]
): Promise<void> {
  const client = await lab.connect();
  for (const piece of pieces) {
    await client.send(piece);
    await lab.program.out.expect(piece);
  }
  await lab.patience.untilIdle();
  await lab.program.out.expectNothing();
}

const added: Finding = ({ details: { got, expected } }) => {
  if (got && expected && got.length >= 256) return wholeBuffer;
  if (got?.includes(0)) return wholeBuffer;
  return cause(
    "changed",
    got?.includes(0x27)
      ? "Your program prints how its language writes bytes down, as Python's print() does with b'…'. Decode them first, or write them as they are: sys.stdout.buffer.write(data)."
      : 'Your program adds something: a newline, perhaps. In Python: print(…, end="").',
  );
};

export const hearExercise: Exercise = {
  number: 5,
  slug: "hear",
  kind: "server",
  concept: "a read says how many bytes",
  task:
    "Print to standard output what clients say, as it comes, byte for byte. Say nothing to them.",
  hints: [
    "Print after each read, and print just what that read brought.",
    "A read returns a number, or a piece of that length: the rest of the buffer is old.",
    "Output that goes to no terminal is kept until there is much of it: flush it. In Python: sys.stdout.buffer.flush().",
  ],
  next: {
    file: "lib/output.ts",
    code: "async #writeQueued()",
    why: "prints what a server hears without keeping it waiting",
    chapter: "start.ipynb",
    heading: "Minute 7: four bytes at a time",
  },
  steps: [
    {
      name: "line",
      title: "one line",
      what: 'The line "hello"',
      run: (lab) => hears(lab, "hello\n"),
      causes: { silent: whyNothing, extra: added, changed: added },
    },
    {
      name: "two-pieces",
      title: "the same line in two pieces",
      what: "The same line in two pieces",
      twin: "line",
      run: (lab) => hears(lab, "hell", "o\n"),
      causes: {
        silent: ({ details }) =>
          details.expected?.[0] === 104
            ? cause(
              "holds-back",
              "Your program waits for the end of the line before it prints, or keeps what it prints in a buffer.",
            )
            : readsOnce,
        ended: readsOnce,
        extra: ({ details }) =>
          details.expected?.[0] === 111 ? wholeBuffer : cause(
            "changed",
            "Your program adds something to each piece: a newline, perhaps.",
          ),
        changed: wholeBuffer,
      },
    },
    {
      name: "long",
      title: "3,000 bytes",
      what: "A line of 3,000 bytes",
      twin: "line",
      run: (lab) => hears(lab, "0123456789".repeat(300).slice(1) + "\n"),
      causes: {
        silent: readsOnce,
        ended: readsOnce,
        changed: wholeBuffer,
        extra: wholeBuffer,
      },
    },
    {
      name: "bytes",
      title: "bytes that are no text",
      what: "A line with two bytes in it that are no text",
      twin: "line",
      run: (lab) => hears(lab, Uint8Array.of(0x68, 0x69, 0xff, 0xc3, 0x0a)),
      causes: {
        other: cause(
          "changed",
          "Your program makes text of what it reads, and not everything is text: such bytes are dropped or changed, or are an error. Write the bytes as they are. In Python: sys.stdout.buffer.write(data).",
        ),
      },
    },
    {
      name: "again",
      title: "the next client",
      what: "The client after that one",
      twin: "line",
      async run(lab) {
        for (const name of "AB") {
          const client = await lab.connect(name);
          await client.send(`from ${name}\n`);
          await lab.program.out.expect(`from ${name}\n`);
          client.close();
        }
      },
      causes: {
        other: cause(
          "only-one-client",
          "Your program serves one client, and no other.",
        ),
      },
    },
  ],
};
