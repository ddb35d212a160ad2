import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { Lines } from "../lib/lines.ts";
import { bufferedBytes } from "../lib/room.ts";

const LINES = 20_000, MIB = 2 ** 20;

/** Seconds that all may be kept waiting for a slow reader before they go on. */
const PAUSE = 2;

/** The most that a program may grow by, in MiB: a queue has to have a limit. */
const GROWTH = 200;

/** Lines that are said at once. */
const BATCH = 500;

/** A line that says its number, filled up so that all do not fit into the system's buffers. */
const lineAt = (i: number, size: number) => `${i} `.padEnd(size, ".");

/** Comes in where there is a chat; finds out whether there is one, or an echo. */
async function enter(
  lab: Lab,
  name: string,
): Promise<{ person: Lines; isEcho: boolean }> {
  const person = new Lines(await lab.connect(name));
  await person.wire.send(`${name}\n`);
  const came = await person.next();
  if (typeof came !== "object") {
    throw new Symptom("silent", "finds neither an echo nor a chat");
  }
  return { person, isEcho: came.line === name };
}

async function hasEntered(person: Lines, name: string): Promise<void> {
  for (;;) {
    const came = await person.next();
    if (typeof came !== "object") {
      throw new Symptom("silent", "does not reach the others");
    }
    if (came.line.includes(name)) return;
  }
}

/** Somebody who reads hears a batch of lines. */
async function hearsAll(
  listener: Lines,
  first: number,
  size: number,
): Promise<void> {
  for (let i = first; i < first + BATCH;) {
    const came = await listener.next();
    if (typeof came !== "object") {
      const from = i.toLocaleString("en");
      const seen = `reaches the others no longer, from line ${from} on`;
      throw new Symptom("silent", seen);
    }
    if (came.line.endsWith(lineAt(i, size))) {
      i++;
      continue;
    }
    const number = / ?(\d+) \.*$/.exec(came.line)?.[1];
    if (number !== undefined) { // else somebody comes or goes
      const seen = `is followed by line ${number} where line ${i} is due`;
      throw new Symptom("changed", seen);
    }
  }
}

const blocks = cause(
  "slow-reader-blocks",
  "Your program waits until the client that does not read has room again, and all the others wait with it.",
);

export const slowReader: Exercise = {
  number: 22,
  slug: "slow-reader",
  kind: "server",
  concept: "a client that does not read",
  task:
    "In the chat of exercise 21, or the echo server of exercise 9, a client that does not read keeps nobody else waiting. When it reads at last, it finds whole lines, or is disconnected.",
  hints: [
    "A write waits when the other side does not read and the buffers are full. Who waits then?",
    "A queue for each client, and something that empties it: then only that client's queue waits.",
    "A queue without a limit grows for ever: from some size on (a megabyte), disconnect.",
  ],
  next: {
    file: "notebook/applications/room.ts",
    code: "async function drainOrDrop(",
    why: "waits for a slow reader, but not for long",
    chapter: "applications.ipynb",
    heading: "Someone who doesn't read",
  },
  steps: [
    {
      name: "all-read",
      title: "all read",
      what: "A line, where all read,",
      async run(lab) {
        const { person, isEcho } = await enter(lab, "ann");
        if (isEcho) return;
        const { person: other } = await enter(lab, "bob");
        await hasEntered(person, "bob");
        await other.wire.send("hello\n");
        await person.until("hello");
      },
      causes: {
        other: cause(
          "no-broadcast",
          "Your program is neither an echo server nor a chat: exercise 9 or 21 comes first.",
        ),
      },
    },
    {
      name: "deaf",
      title: "one does not read",
      what: "A line, where one client does not read,",
      twin: "all-read",
      async run(lab) {
        const { person: deaf, isEcho } = await enter(lab, "deaf");
        const before = await lab.memory();
        if (isEcho) {
          // Where memory is short, the buffers are small, but not for long.
          const enough = Math.max(3 * await bufferedBytes(), 16 * MIB);
          await deaf.wire.sendWhileTaken(new Uint8Array(enough).fill(97));
          const other = new Lines(await lab.connect("bob"));
          await other.wire.send("hello\n");
          await other.until("hello");
          return await hasNotGrown(lab, before);
        }
        const { person: talker } = await enter(lab, "bob");
        const { person: listener } = await enter(lab, "cleo");
        await hasEntered(talker, "cleo");
        const size = Math.ceil(3 * await bufferedBytes() / LINES);
        lab.patience.least = PAUSE; // some wait for a slow reader, but not for long
        // Each batch when the one before has arrived: nobody else falls behind.
        for (let first = 0; first < LINES; first += BATCH) {
          const batch = Array.from(
            { length: BATCH },
            (_, i) => lineAt(first + i, size) + "\n",
          );
          const sending = talker.wire.send(batch.join(""));
          await hearsAll(listener, first, size);
          await sending;
          await talker.waiting(0.001); // some send to the speaker, too
        }
        await hasNotGrown(lab, before);
        await findsWholeLines(deaf, talker, size);
      },
      causes: {
        async silent(_, lab) {
          // The experiment: does their reading free the others?
          const [deaf, ...others] = lab.wires;
          for (let i = 0; i < 50; i++) {
            if (!(await deaf.nextWithin(0.1) instanceof Uint8Array)) break;
          }
          const freed = await others.at(-1)!.nextWithin(1) instanceof
            Uint8Array;
          return freed
            ? cause(
              "slow-reader-blocks",
              "As soon as the one who did not read began to read, the others went on: your program writes to one after the other, and waits for each.",
            )
            : blocks;
        },
        changed: ({ details }) =>
          details.on === "deaf"
            ? cause(
              "tears-lines",
              "The client that reads late finds a torn line: part of it was written, and the rest thrown away. Keep the rest, or disconnect.",
            )
            : cause(
              "loses-lines",
              "A client that reads all the time does not get all lines: your program throws some away for everybody.",
            ),
        costly: cause(
          "grows",
          "Your program keeps everything for a client that does not read, without a limit.",
        ),
        other: blocks,
      },
    },
  ],
};

async function hasNotGrown(
  lab: Lab,
  before: number | undefined,
): Promise<void> {
  const after = await lab.memory();
  if (before === undefined || after === undefined) return;
  const grown = (after - before) / MIB;
  if (grown > GROWTH) {
    throw new Symptom(
      "costly",
      `reaches the others, and your program has grown by ${
        Math.round(grown)
      } MiB`,
    );
  }
}

/** What a late reader finds: whole lines, and then more of them, or the end. */
async function findsWholeLines(
  late: Lines,
  talker: Lines,
  size: number,
): Promise<void> {
  let said = false;
  for (;;) {
    const came = await late.next();
    if (came === "FIN" || came === "RST") return;
    if (came === undefined) {
      if (said) return;
      said = true;
      await talker.wire.send("the end\n"); // to see what follows a line that is cut
      continue;
    }
    const { line } = came;
    const isCut = line.includes("..") && !isWhole(line, size);
    if (isCut) {
      const seen = "reaches the others; the client that reads late finds " +
        describeTear(line, size);
      throw new Symptom("changed", seen, { on: "deaf" });
    }
    if (line.endsWith(lineAt(LINES - 1, size)) || line.endsWith("the end")) {
      return;
    }
  }
}

/** A line that is not whole: another begins in it, or it ends too early. */
function describeTear(line: string, size: number): string {
  const at = line.search(/\.\d/);
  return at < 0
    ? `a line that is torn off after ${line.length} of ${size} characters`
    : `one line torn into another: "…${line.slice(at - 8, at + 16)}…"`;
}

/** Whether a line is one of those that were said; a name may stand before it. */
function isWhole(line: string, size: number): boolean {
  const [, number] = /(\d+) \.+$/.exec(line) ?? [];
  const name = line.slice(0, -size);
  return line.endsWith(lineAt(Number(number), size)) && !name.includes("..");
}
