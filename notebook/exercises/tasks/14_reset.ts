import { cause, type Exercise } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { echoes } from "./06_echo.ts";

/** Two more clients, one after the other. */
async function servesTwo(lab: Lab): Promise<void> {
  for (const name of "BC") {
    const client = await lab.connect(name);
    await echoes(client);
    client.close();
  }
}

export const reset: Exercise = {
  number: 14,
  slug: "reset",
  kind: "server",
  concept: "one client's crash is nobody else's",
  task:
    "The echo server of exercise 6 goes on serving others, whatever becomes of a client. A client may crash while it talks, before it is accepted, or with answers on their way to it.",
  hints: [
    "What does a read do when the other side has crashed? And a write?",
    "Catch what fails in a conversation inside that conversation; close it, and go on with the next.",
    "In Python: except OSError around a conversation. In Deno: try around accept() as well. In C: signal(SIGPIPE, SIG_IGN).",
  ],
  next: {
    file: "lib/serve.ts",
    code: "function abortedBeforeAccept(",
    why: "knows an error of one client from one of the listener",
    chapter: "growing.ipynb",
    heading: "6. A reset, before `accept`",
  },
  steps: [
    {
      name: "polite",
      title: "a client that leaves politely",
      what: "The client after one that left politely",
      async run(lab) {
        const first = await lab.connect("A");
        await echoes(first);
        await first.end();
        await first.expectEnd();
        await echoes(await lab.connect("B"));
      },
      causes: {
        other: cause(
          "only-one-client",
          "Your program does not serve the next client, even where nothing went wrong. Exercises 3 and 6 come first.",
        ),
      },
    },
    {
      name: "mid-talk",
      title: "a client that crashes while it talks",
      what: "The client after one that crashed while it talked",
      twin: "polite",
      async run(lab) {
        const first = await lab.connectResettable("A");
        await echoes(first);
        first.reset();
        await servesTwo(lab);
      },
      causes: {
        other: cause(
          "dies-of-a-reset",
          "A client's crash arrives as an error of the next read or write (connection reset). Your program lets that error end everything.",
        ),
      },
    },
    {
      name: "before-accept",
      title: "a client that crashes before it is accepted",
      what: "The client after one that crashed before it was accepted",
      twin: "mid-talk",
      async run(lab) {
        const polite = await lab.connect("A");
        await echoes(polite);
        await polite.end();
        await polite.expectEnd();
        await lab.program.stop();
        const early = await lab.connectResettable("B");
        early.reset();
        lab.program.resume();
        await echoes(await lab.connect("C"));
      },
      causes: {
        other: cause(
          "dies-of-an-early-reset",
          "A client can be gone before it is accepted. Then accept(), or the first call on the new connection, fails: that concerns this client only.",
        ),
      },
    },
    {
      name: "unread",
      title: "a client that leaves with answers on their way",
      what: "The client after one that left with answers on their way",
      twin: "mid-talk",
      async run(lab) {
        const first = await lab.connect("A");
        await echoes(first);
        await lab.program.stop();
        await first.send("x".repeat(20_000));
        first.close();
        lab.program.resume();
        await servesTwo(lab);
      },
      causes: {
        other: cause(
          "dies-of-sigpipe",
          "Your program writes to a client that is gone. That fails (broken pipe), or, in C, even ends the program by the signal SIGPIPE.",
        ),
      },
    },
  ],
};
