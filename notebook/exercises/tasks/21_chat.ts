import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { Lines } from "../lib/lines.ts";

/** Comes in: is greeted with a line, and says a name. */
export async function joins(lab: Lab, name: string): Promise<Lines> {
  const person = new Lines(await lab.connect(name));
  const came = await person.next();
  if (typeof came !== "object") {
    throw new Symptom("silent", "Someone who joins is not greeted.", {
      cause: cause(
        "no-greeting",
        "Send a line as soon as someone has connected: only then do they know that they are in.",
      ),
    });
  }
  await person.wire.send(`${name}\n`);
  return person;
}

/** Two come in, and know of each other. */
async function join(lab: Lab): Promise<[Lines, Lines]> {
  const a = await joins(lab, "ann");
  const b = await joins(lab, "bob");
  for (;;) {
    const came = await a.next();
    if (typeof came !== "object") {
      throw new Symptom(
        came === "FIN" ? "ended" : came === "RST" ? "reset" : "silent",
        "does not reach ann",
        { on: "ann" },
      );
    }
    if (came.line.includes("bob")) return [a, b];
  }
}

async function notEchoed(sender: Lines, words: string): Promise<void> {
  if ((await sender.waiting()).includes(words)) {
    throw new Symptom("extra", "comes back to its sender");
  }
}

const notPassed = cause(
  "no-broadcast",
  "Send what one person says to all the others who are there, whoever they are.",
);

export const chat: Exercise = {
  number: 21,
  slug: "chat",
  kind: "server",
  concept: "one for all",
  task:
    "A chat: greet everyone who joins with a line, and send each line that someone says to all the others. A name may stand before it; the lines stay whole, and do not come back to their sender.",
  hints: [
    "Keep a list of the people who are there: add those who join, take off those who leave.",
    "Collect for each client until a line is complete, and only then send it, to all but the sender.",
    "Someone who left without a word makes a write fail: that is no reason to stop for the others.",
  ],
  next: {
    file: "notebook/applications/room.ts",
    code: "export function broadcast(",
    why: "gets each line to everybody, in the same order",
    chapter: "applications.ipynb",
    heading: "2. A chat",
  },
  steps: [
    {
      name: "broadcast",
      title: "a line for the others",
      what: 'The line "hello" of bob',
      async run(lab) {
        const [a, b] = await join(lab);
        await b.wire.send("hello\n");
        await a.until("hello");
        await a.wire.send("welcome\n");
        await b.until("welcome");
      },
      causes: { other: notPassed },
    },
    {
      name: "sender",
      title: "not for its sender",
      what: 'The line "hello"',
      twin: "broadcast",
      async run(lab) {
        const [a, b] = await join(lab);
        await b.wire.send("hello\n");
        await a.until("hello");
        await notEchoed(b, "hello");
      },
      causes: {
        extra: cause(
          "echoes-to-sender",
          "Its sender knows it already: send a line to everybody else.",
        ),
        other: notPassed,
      },
    },
    {
      name: "mixed",
      title: "half lines of two",
      what:
        'The line "more to come", said in two halves with a line of ann between them,',
      twin: "broadcast",
      async run(lab) {
        const [a, b] = await join(lab);
        const c = await joins(lab, "cleo");
        await a.until("cleo").catch(() => {}); // with a name before it, or in a sentence
        await b.wire.send("more to ");
        await lab.patience.untilIdle();
        await a.wire.send("wait\n");
        const heard = await c.until("wait");
        if (heard.includes("more to")) {
          throw new Symptom(
            "changed",
            `reaches cleo mixed with the other: "${heard}"`,
          );
        }
        await b.wire.send("come\n");
        const whole = await c.until("come");
        if (!whole.endsWith("more to come")) {
          throw new Symptom("changed", `reaches cleo as "${whole}"`);
        }
      },
      causes: {
        other: cause(
          "mixes-lines",
          "Your program passes on what a read brings. That may be half a line, and then someone else's comes in between: pass on whole lines.",
        ),
      },
    },
    {
      name: "leaves",
      title: "someone leaves",
      what: 'The line "still here", after someone left,',
      twin: "broadcast",
      async run(lab) {
        const [a, b] = await join(lab);
        const c = await joins(lab, "cleo");
        await a.until("cleo").catch(() => {});
        c.wire.close();
        await lab.patience.untilIdle();
        await b.wire.send("one\n");
        await a.until("one");
        await b.wire.send("still here\n");
        await a.until("still here");
      },
      causes: {
        other: cause(
          "dies-of-a-leaver",
          "Someone has left, and your program still sends to them, or ends. Take them off the list, and go on.",
        ),
      },
    },
  ],
};
