import { cause, type Exercise, Symptom, Untried } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { listenerAt, statesAt } from "../lib/system.ts";
import { delay, withTimeout } from "../../../lib/io.ts";
import { echoes } from "./06_echo.ts";

/** Whether a connection at the port comes to be in TIME_WAIT; undefined without ss. */
async function waitsForLatePackets(port: number): Promise<boolean | undefined> {
  for (let looks = 0; looks < 20; looks++) {
    const states = await statesAt(port);
    if (!states || states.includes("TIME-WAIT")) return states && true;
    await delay(0.01); // on a busy machine the last packets are on their way
  }
  return false;
}

/** Seconds in which a program may look whether it is to end. */
const LOOK = 1;

/** Seconds in which it may end as a whole, once it listens no more. */
const FAREWELL = 0.3;

/** Resolves when the program listens no more, or has had the time for it. */
async function untilDeaf({ port }: Lab): Promise<void> {
  const end = performance.now() + LOOK * 1000;
  while (performance.now() < end && await listenerAt(port)) await delay(0.02);
}

export const goodbye: Exercise = {
  number: 19,
  slug: "goodbye",
  kind: "server",
  concept: "ending, and starting again",
  task:
    "On SIGTERM the echo server of exercise 9 accepts nobody any more, lets its open conversations finish, and ends with exit code 0. It can be started again on the same port at once.",
  hints: [
    "SIGTERM is how a system asks a program to end. What happens to those who are talking with it?",
    "On the signal: close the listening socket, wait for the conversations, exit with 0.",
    "After a crash the port seems to be in use for a minute (TIME_WAIT). Set SO_REUSEADDR before bind; many libraries do so by themselves.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "async shutdown()",
    why: "shuts down in this order",
    chapter: "growing.ipynb",
    heading: "11. Signals, and the end",
  },
  serves: echoes,
  steps: [
    {
      name: "idle",
      title: "SIGTERM with nobody there",
      what: "SIGTERM, after a client has left,",
      async run(lab) {
        const client = await lab.connect();
        await echoes(client);
        await client.end();
        await client.expectEnd();
        client.close();
        lab.note("SIGTERM");
        lab.program.terminate();
        const exit = await lab.program.waitForEnd();
        if (!exit) throw new Symptom("running", "does not end your program");
        if (exit.signal) {
          throw new Symptom(
            "exit",
            `ends your program by ${exit.signal}, and not with exit code 0`,
          );
        }
        if (exit.code !== 0) {
          throw new Symptom(
            "exit",
            `ends your program with exit code ${exit.code}`,
          );
        }
      },
      causes: {
        running: cause(
          "ignores-sigterm",
          "Your program catches SIGTERM, and does not end.",
        ),
        exit: cause(
          "no-goodbye",
          "Your program does not listen for SIGTERM, so the system ends it wherever it is. Listen for it, finish, and exit with 0.",
        ),
      },
    },
    {
      name: "open",
      title: "SIGTERM in the middle of a conversation",
      what: "SIGTERM, in the middle of a conversation,",
      twin: "idle",
      async run(lab) {
        const client = await lab.connect();
        await echoes(client);
        lab.note("SIGTERM");
        lab.program.terminate();
        // Some look only now and then whether they are to end.
        await untilDeaf(lab);
        await withTimeout(FAREWELL, lab.program.ended);
        await lab.patience.untilIdle();
        await client.send("one more\n");
        try {
          await client.expect("one more\n");
        } catch (error) {
          if (!(error instanceof Symptom)) throw error;
          throw new Symptom(
            "ended",
            "cuts the conversation off: a line after it is not answered any more",
            error.details,
          );
        }
        await client.end();
        await client.expectEnd();
        client.close();
        const exit = await lab.program.waitForEnd();
        if (!exit) {
          throw new Symptom(
            "running",
            "does not end your program, even when the conversation is over",
          );
        }
        if (exit.code !== 0) {
          throw new Symptom(
            "exit",
            `ends your program with exit code ${exit.code}`,
          );
        }
      },
      causes: {
        running: cause(
          "ignores-sigterm",
          "The conversation is over, and your program does not end.",
        ),
        exit: cause(
          "exit-code",
          "A program that was asked to end, and has finished, ends with 0.",
        ),
        other: cause(
          "cuts-the-open",
          "Your program ends, and its open conversations with it. Close the listening socket first, and wait for them.",
        ),
      },
    },
    {
      name: "restart",
      title: "started again at once",
      what:
        "A client of the program that was started again at once, after a crash,",
      twin: "idle",
      async run(lab) {
        const client = await lab.connect("A");
        await echoes(client);
        lab.program.killAll(); // the side that ends first keeps the port
        await lab.program.ended;
        await client.next();
        client.close();
        // The premise: is there really a connection that waits for late packets?
        if (!await waitsForLatePackets(lab.port)) {
          throw new Untried("no connection is in TIME_WAIT");
        }
        lab.note("a connection at the port is in TIME_WAIT");
        await lab.end();
        await echoes(await lab.connect("B"));
      },
      causes: {
        other: cause(
          "address-in-use",
          "The port counts as in use for a minute after the program has ended, unless SO_REUSEADDR is set before bind.",
        ),
      },
    },
  ],
};
