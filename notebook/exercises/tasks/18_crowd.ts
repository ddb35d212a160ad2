import { cause, type Exercise, Symptom, Untried } from "../lib/exercise.ts";
import { ask } from "../lib/system.ts";
import { delay } from "../../../lib/io.ts";
import type { Wire } from "../lib/wire.ts";
import { echoes } from "./06_echo.ts";

/** The clients that come, and how many there is room for. */
const CLIENTS = 60, ROOM = 16;

/**
 * Seconds after which a runtime has opened all that it needs for itself: Deno 2.9.6
 * opens two more descriptors half a second after its start, and ends without.
 */
const STARTED = 0.7;

/** The share of a processor that a program may use while it can do nothing. */
const BUSY = 0.5;

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
  next: { file: "lib/serve.ts", why: "backs off when accept() fails" },
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
      name: "many",
      title: "more than there is room for",
      what:
        `The client after ${CLIENTS} that came at once, where there was room for ${ROOM},`,
      twin: "few",
      async run(lab) {
        await echoes(await lab.connect("first"));
        await delay(STARTED); // some runtimes are not yet complete
        const pid = await lab.listener();
        const before = await lab.openFiles(pid);
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
            throw new Symptom("absent", "finds nobody: your program has ended");
          }
          used = await lab.openFiles(pid).catch(() => 0);
        }
        if (lab.exit) {
          throw new Symptom("absent", "finds nobody: your program has ended");
        }
        if (used < limit - 1) {
          throw new Untried(
            `its descriptors cannot be used up: it has ${used} of ${limit}`,
          );
        }
        const begun = await lab.program.processorTime();
        await delay(0.4);
        const spent = (await lab.program.processorTime() ?? 0) - (begun ?? 0);
        if (spent > 0.4 * BUSY) {
          throw new Symptom(
            "costly",
            `had to come past a program that used ${
              Math.round(spent / 0.004)
            }% of a processor for nothing`,
          );
        }
        for (const client of clients) client.close();
        await echoes(await lab.connect("next"));
        let left = Infinity;
        for (let looks = 0; looks < 50 && left > before + 3; looks++) {
          await delay(0.01);
          left = await lab.openFiles(pid);
        }
        if (left > before + 3) {
          throw new Symptom(
            "extra",
            `is served by a program that still has ${
              left - before
            } files more open than before`,
          );
        }
      },
      causes: {
        costly: cause(
          "busy-loop",
          "accept() fails as long as no descriptor is free, and your program tries again at once, and again. Wait a little between two tries.",
        ),
        extra: cause(
          "leaks",
          "Your program does not close all its connections: some day there is no room for anybody.",
        ),
        other: cause(
          "dies-without-descriptors",
          "With no descriptor free accept() fails, and your program does not get over it. The listening socket is still good: wait a little, and try again.",
        ),
      },
    },
  ],
};
