import { cause, type Exercise } from "../lib/exercise.ts";
import { echoes } from "./06_echo.ts";

export const twoAtOnce: Exercise = {
  number: 9,
  slug: "two-at-once",
  kind: "server",
  concept: "nobody waits for a silent client",
  task:
    "The echo server of exercise 6 serves many clients at the same time. One that says nothing keeps nobody waiting.",
  hints: [
    "While your program waits in a read from one client, who accepts the next?",
    "A thread for each client, a task for each client, or one loop that asks which of them has something to say.",
    "In Python: threading.Thread(target=handle, args=(conn,)).start(). In Deno: call handle(conn) without await.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "converse(socket); // not awaited",
    why: "starts a conversation without waiting for it",
    chapter: "growing.ipynb",
    heading: "1. One at a time",
  },
  serves: echoes,
  steps: [
    {
      name: "alone",
      title: "one client alone",
      what: "A client that is alone",
      run: async (lab) => await echoes(await lab.connect("B")),
      causes: {
        other: cause(
          "no-echo",
          "Your program does not echo: exercise 6 comes first.",
        ),
      },
    },
    {
      name: "beside",
      title: "a client next to a silent one",
      what: "The same client, next to one that says nothing,",
      twin: "alone",
      async run(lab) {
        await lab.connect("A");
        await echoes(await lab.connect("B"));
      },
      causes: {
        async silent(_, lab) {
          // The experiment: does B get its answer when A leaves?
          const [a, b] = lab.wires;
          a.close();
          const served = await b.next() instanceof Uint8Array;
          return served
            ? cause(
              "one-at-a-time",
              "As soon as the silent client left, the other was answered: your program serves one at a time.",
            )
            : cause(
              "one-at-a-time",
              "Your program waits for the silent client, and for nobody else.",
            );
        },
        other: cause("only-one-client", "Your program serves only one client."),
      },
    },
  ],
};
