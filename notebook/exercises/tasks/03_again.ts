import { cause, type Exercise } from "../lib/exercise.ts";
import { greets, notGreeted } from "./02_first_server.ts";

export const again: Exercise = {
  number: 3,
  slug: "again",
  kind: "server",
  concept: "one client after the other",
  task:
    "The greeting server of exercise 2 serves one client after the other. It goes on until it is stopped.",
  hints: [
    "What comes after the first client? The same again.",
    "accept() returns one client. Call it in a loop.",
    "listen() stands before the loop, accept() in it, and the listening socket stays open all the time.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "async function acceptLoop()",
    why: "accepts in a loop, and survives what goes wrong there",
    chapter: "start.ipynb",
    heading: "Minute 5: one more, and one more",
  },
  steps: [
    {
      name: "one",
      title: "one client",
      what: "One client",
      run: async (lab) => await greets(await lab.connect()),
      causes: notGreeted,
    },
    {
      name: "three",
      title: "three clients in turn",
      what: "The next of three clients in turn",
      twin: "one",
      async run(lab) {
        for (const name of "ABC") {
          const client = await lab.connect(name);
          await greets(client);
          await client.end();
          await client.expectEnd();
          client.close();
        }
      },
      causes: {
        open: cause(
          "never-closes",
          "The client has ended: a read that brings nothing says so. Your program does not close the connection then, so it never comes to the next client.",
        ),
        other: cause(
          "only-one-client",
          "Your program serves its first client, and no other: accept() has to stand in a loop.",
        ),
      },
    },
  ],
};
