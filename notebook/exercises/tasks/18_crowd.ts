import { cause, type Exercise, Symptom, Untried } from "../lib/exercise.ts";
import { ask, listenerAt, openFiles } from "../lib/system.ts";
import { delay } from "../../../lib/io.ts";
import type { Lab } from "../lib/lab.ts";
import type { Wire } from "../lib/wire.ts";
import { echoes } from "./06_echo.ts";

/** The clients that come, and how many there is room for. */
const CLIENTS = 60, ROOM = 16;

/**
 * Seconds after which a runtime has opened all that it needs for itself: Deno 2.9.6
 * opens two more descriptors half a second after its start, and ends without.
 */
const STARTED = 0.7;

const leaks = cause(
  "leaks",
  "Your program does not close all its connections: some day there is no room for anybody.",
);

const outlives = cause(
  "dies-without-descriptors",
  "With no descriptor free accept() fails, and your program does not get over it. The listening socket is still good: wait a little, and try again.",
);

/** The process that listens: the program itself, or one that it has started. */
async function listener(lab: Lab): Promise<number> {
  void lab.program; // whoever else listens there is not ours to limit
  const pid = await listenerAt(lab.port);
  if (pid === undefined) throw new Untried("ss is needed for that");
  return pid;
}

async function filesOf(pid: number): Promise<number> {
  const count = await openFiles(pid);
  if (count === undefined) throw new Untried("/proc is needed for that");
  return count;
}

/** The files that a program has more open than before when all have left: hardly any. */
async function closesAll(lab: Lab, pid: number, before: number): Promise<void> {
  for (let calm = 0; calm < 20;) {
    const left = await filesOf(pid) - before;
    if (left <= 3) return;
    if (calm++ === 19) {
      const seen =
        `is served, but then your program has ${left} more files open than before`;
      throw new Symptom("extra", seen);
    }
    if (await lab.program.isIdle() === false) calm = 0; // it is still closing some
    await delay(0.01);
  }
}

/** Looks at a program that has nothing to do, and the time in which it looks, in seconds. */
const LOOKS = 10, REST = 0.04;

/** The share of that time that a program which waits a little does not use. */
const MUCH = 0.1;

/** Whether a program runs each time that somebody looks, and uses the processor, too. */
async function neverSleeps({ program }: Lab): Promise<boolean> {
  const before = await program.processorTime();
  for (let looks = 0; looks < LOOKS; looks++) {
    if (await program.isIdle() !== false) return false;
    await delay(REST);
  }
  const after = await program.processorTime();
  return before === undefined || after === undefined ||
    after - before > MUCH * LOOKS * REST;
}

export const crowd: Exercise = {
  number: 18,
  slug: "crowd",
  kind: "server",
  concept: "more clients than descriptors",
  task:
    "The echo server of exercise 9 outlives more clients than it may have open at once. When they leave, it serves the next as before.",
  hints: [
    "Each connection is an open file, and a process may have only so many: ulimit -n shows the number.",
    "With all of them used up accept() fails (too many open files). The listening socket is as good as before.",
    "Catch that error of accept(), wait a little (50 ms), and try again. Without the wait, it fails a thousand times a second.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "async function backOff(",
    why: "waits a moment when accept() fails",
    chapter: "growing.ipynb",
    heading: "9. A crowd",
  },
  serves: echoes,
  steps: [
    {
      name: "few",
      title: "five clients at once",
      what: "The client after five that came at once",
      async run(lab) {
        const clients: Wire[] = [];
        for (const name of "ABCDE") clients.push(await lab.connect(name));
        for (const client of clients) client.close();
        await echoes(await lab.connect("F"));
      },
      causes: {
        other: cause(
          "one-at-a-time",
          "Your program does not serve a client after five others. Exercises 3, 6 and 9 come first.",
        ),
      },
    },
    {
      name: "left",
      title: "five clients that have left",
      what: "The client after five that have left",
      twin: "few",
      async run(lab) {
        await echoes(await lab.connect("first"));
        const pid = await listener(lab);
        const before = await filesOf(pid);
        const clients: Wire[] = [];
        for (const name of "ABCDE") {
          const client = await lab.connect(name);
          await echoes(client);
          clients.push(client);
        }
        for (const client of clients) {
          await client.end();
          client.close();
        }
        await closesAll(lab, pid, before);
      },
      causes: { extra: leaks, other: outlives },
    },
    {
      name: "many",
      title: "more than there is room for",
      what:
        `The client after ${CLIENTS} that came at once, where there was room for ${ROOM},`,
      twin: "few",
      async run(lab) {
        await echoes(await lab.connect("first"));
        await delay(STARTED); // some runtimes are not yet complete
        const pid = await listener(lab);
        const before = await filesOf(pid);
        const limit = before + ROOM;
        const limited = await ask(
          "prlimit",
          "--pid",
          `${pid}`,
          `--nofile=${limit}`,
        );
        if (limited === undefined) {
          throw new Untried("prlimit is needed for that");
        }
        lab.note(`may have ${limit} files open, has ${before}`);
        const clients: Wire[] = [];
        for (let i = 1; i <= CLIENTS; i++) {
          clients.push(await lab.connect(`${i}`));
        }
        // The premise: are the descriptors really used up?
        let used = 0;
        for (let looks = 0; looks < 100 && used < limit - 1; looks++) {
          await delay(0.01);
          if (lab.exit) {
            throw new Symptom("absent", "finds nobody");
          }
          used = await filesOf(pid).catch(() => 0);
        }
        if (lab.exit) {
          throw new Symptom("absent", "finds nobody");
        }
        if (used < limit - 1) {
          throw new Untried(
            `its descriptors cannot be used up: it has ${used} of ${limit}`,
          );
        }
        if (await neverSleeps(lab)) {
          throw new Symptom(
            "costly",
            "meets a program that never rests, although it has nothing to do",
          );
        }
        for (const client of clients) client.close();
        lab.patience.least = 2.5; // many a good program tries again after a second
        await echoes(await lab.connect("next"));
        await closesAll(lab, pid, before);
      },
      causes: {
        costly: cause(
          "busy-loop",
          "accept() fails as long as no descriptor is free, and your program tries again at once, and again. Wait a little between two tries.",
        ),
        extra: leaks,
        other: outlives,
      },
    },
  ],
};
