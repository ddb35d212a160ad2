import { firstDifference } from "../lib/bytes.ts";
import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";

const SIZE = 8 * 2 ** 20;

/** What is to be sent: byte number i is i modulo 251. */
const ALL = Uint8Array.from({ length: SIZE }, (_, i) => i % 251);

async function sendsAll(lab: Lab, slow: boolean): Promise<void> {
  const client = await lab.accept();
  if (slow) {
    await lab.patience.untilIdle(); // nobody reads: the program has to wait
    lab.note("the judge does not read for a while");
  }
  const { bytes, end } = await client.readAll();
  const same = firstDifference(bytes, ALL);
  const sizes = `${bytes.length.toLocaleString("en")} of ${
    SIZE.toLocaleString("en")
  } bytes`;
  if (same < Math.min(bytes.length, SIZE)) {
    const from = (same + 1).toLocaleString("en");
    throw new Symptom("changed", `brings other bytes from number ${from} on`);
  }
  if (bytes.length > SIZE) {
    throw new Symptom("extra", `brings more than ${SIZE} bytes`);
  }
  if (end === "RST") {
    throw new Symptom("reset", `brings ${sizes}, and then a reset`);
  }
  if (end === undefined) {
    throw new Symptom(
      bytes.length < SIZE ? "silent" : "open",
      `brings ${sizes}, and the connection stays open`,
    );
  }
  if (bytes.length < SIZE) {
    throw new Symptom(
      "ended",
      `brings ${sizes}, and then the connection ends`,
    );
  }
  client.close();
}

const short = cause(
  "short-write",
  "A write takes as many bytes as there is room for, and says how many. Your program takes them for all, or ends while the rest still waits in its own memory.",
);
const causes = {
  ended: short,
  silent: short,
  changed: cause(
    "short-write",
    "Some bytes are missing in the middle: a write says how many bytes it took, and the next one has to begin there.",
  ),
  reset: cause(
    "closes-before-sent",
    "Your program ends, or closes, while bytes are on their way: some are lost.",
  ),
  open: cause(
    "never-closes",
    "Everything has come, and your program does not close the connection.",
  ),
};

export const allOfIt: Exercise = {
  number: 7,
  slug: "all-of-it",
  kind: "client",
  concept: "a write may take only part",
  task:
    "Connect, and send 8 MiB (8,388,608 bytes), of which byte number i is i modulo 251, counted from 0. Then close; the reader may be slow.",
  hints: [
    "What does the call that sends return?",
    "There is only so much room in the system's buffers. What did not fit has to be sent again, from where it stopped.",
    "In Python: sendall(), not send(). In Deno: write in a loop, each time what is left. In Node: end(), and wait for the socket to close.",
  ],
  next: {
    file: "lib/io.ts",
    code: "export async function writeAll(",
    why: "writes all of a message",
    chapter: "growing.ipynb",
    heading: "4. A short write",
  },
  steps: [
    {
      name: "fast",
      title: "8 MiB to a fast reader",
      what: "Sending 8 MiB to a fast reader",
      run: (lab) => sendsAll(lab, false),
      causes,
    },
    {
      name: "slow",
      title: "8 MiB to a slow reader",
      what: "Sending 8 MiB to a reader that waits a while",
      twin: "fast",
      run: (lab) => sendsAll(lab, true),
      causes,
    },
  ],
};
