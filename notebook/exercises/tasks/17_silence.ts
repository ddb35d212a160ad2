import { byTheClock } from "../lib/clock.ts";
import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import { delay } from "../../../lib/io.ts";
import type { Lab } from "../lib/lab.ts";
import type { Wire } from "../lib/wire.ts";
import { echoes } from "./06_echo.ts";

/** Milliseconds of silence that are allowed, and what the judge calls too early and too late. */
const ALLOWED = 300, EARLY = 270, LATE = 800;

/** Milliseconds between two words of a client that is not silent. */
const PACE = 100;

/** Milliseconds by which the judge may be late with a word. */
const MARGIN = 60;

/** Goes on talking for a while. */
async function talks(client: Wire, lab: Lab): Promise<void> {
  const end = lab.now + 2.5 * ALLOWED;
  while (lab.now < end) {
    await client.send("still here\n");
    await client.expect("still here\n");
    await delay(PACE / 1000);
  }
}

const noTimeout = cause(
  "no-timeout",
  "Your program lets a silent client stay for ever. A read has to be given up when nothing has come for 300 ms.",
);

const exits = cause(
  "exits-at-timeout",
  "Your program ends as a whole when a read is given up. Catch that, and close this one connection.",
);

export const silence: Exercise = {
  number: 17,
  slug: "silence",
  kind: "server",
  concept: "a limit for silence",
  task:
    "The echo server of exercise 6 closes the connection of a client that has said nothing for 300 ms. A client that goes on talking stays, however long.",
  hints: [
    "What does your program wait for, and how long?",
    "A timeout on each read; each byte that comes starts the clock anew.",
    "In Python: conn.settimeout(0.3), and except TimeoutError around the reads. In Deno: a timer that closes the connection, set anew after each read.",
  ],
  next: {
    file: "lib/connection.ts",
    code: "checkIdle(): void",
    why: "counts rounds of silence, for any number of clients",
    chapter: "growing.ipynb",
    heading: "7. A silent client",
  },
  steps: [
    {
      name: "silent",
      title: "a silent client",
      what: "A client that is silent after a line",
      run: (lab) =>
        byTheClock(MARGIN, async () => {
          const client = await lab.connect();
          const since = lab.now; // it hears of the line later than that
          await echoes(client);
          const part = await client.nextWithin(LATE / 1000) ??
            await client.next();
          const after = Math.round(lab.now - since);
          if (part === undefined) {
            throw new Symptom("silent", `is still connected after ${after} ms`);
          }
          if (part === "RST") {
            throw new Symptom("reset", "is reset, instead of seeing the end");
          }
          if (part !== "FIN") {
            throw new Symptom(
              "extra",
              "is sent something, and not the end",
              { got: part },
            );
          }
          if (after < EARLY) {
            throw new Symptom(
              "ended",
              `is disconnected after ${after} ms already`,
            );
          }
          await echoes(await lab.connect("B"));
        }),
      causes: {
        silent: noTimeout,
        ended: cause(
          "cuts-the-busy",
          `Your program does not wait ${ALLOWED} ms: it ends a client that has spoken a moment ago.`,
        ),
        async reset(_, lab) {
          // The next client may have come while the program was ending.
          return lab.isOurs && await lab.program.waitForEnd() ? exits : cause(
            "reset-unread",
            "A client that is disconnected sees the end of the stream (FIN), and no reset, if all that it said was read.",
          );
        },
        absent: exits,
      },
    },
    {
      name: "busy",
      title: "a client that goes on talking",
      what: `A client that says a line each ${PACE} ms`,
      twin: "silent",
      run: (lab) =>
        byTheClock(MARGIN, async () => {
          const client = await lab.connect();
          const since = lab.now;
          try {
            await talks(client, lab);
          } catch (error) {
            if (!(error instanceof Symptom)) throw error;
            const after = Math.round(lab.now - since);
            const seen = `is disconnected after ${after} ms`;
            throw new Symptom(error.kind, seen, error.details);
          } finally {
            client.close();
          }
        }),
      causes: {
        other: cause(
          "wall-clock-limit",
          "Your program limits how long a client may stay, and not how long it may be silent: each byte has to start the clock anew.",
        ),
      },
    },
    {
      name: "beside",
      title: "a silent client next to one that talks",
      what: "The same silent client, next to one that goes on talking,",
      twin: "silent",
      run: (lab) =>
        byTheClock(MARGIN, async () => {
          const client = await lab.connect();
          const since = lab.now;
          await echoes(client);
          const other = await lab.connect("B");
          const talking = talks(other, lab).catch(() => {}); // judged before
          const part = await client.nextWithin(LATE / 1000) ??
            await client.nextWithin(0.1);
          const after = Math.round(lab.now - since);
          await talking;
          other.close();
          if (part === undefined) {
            throw new Symptom("silent", `is still connected after ${after} ms`);
          }
        }),
      causes: {
        other: cause(
          "no-timeout",
          "Your program has one clock for all its clients: as long as anybody speaks, nobody is disconnected. Each connection needs a clock of its own.",
        ),
      },
    },
    {
      name: "again",
      title: "the next client",
      what: "The client after that one",
      twin: "silent",
      run: (lab) =>
        byTheClock(MARGIN, async () => {
          for (const name of "AB") {
            const client = await lab.connect(name);
            await echoes(client);
            client.close();
          }
        }),
      causes: {
        other: cause(
          "only-one-client",
          "Your program serves one client, and never comes back to accept the next.",
        ),
      },
    },
  ],
};
