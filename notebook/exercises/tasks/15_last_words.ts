import { cause, type Exercise } from "../lib/exercise.ts";
import { greets, notGreeted } from "./02_first_server.ts";
import { GREETING } from "./01_first_client.ts";

export const lastWords: Exercise = {
  number: 15,
  slug: "last-words",
  kind: "server",
  concept: "unread bytes turn a close into a reset",
  task:
    "The greeting server of exercise 2 may have clients that speak first, and say a great deal. They hear the greeting and the end of the stream all the same.",
  hints: [
    "What becomes of bytes that have arrived, and that nobody reads?",
    "A system that closes a connection with unread bytes sends a reset instead of the end: the other side may lose what it has not read yet.",
    "Read until a read brings nothing, and close then.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "async function lingeringClose(",
    why: "reads what is left before it closes",
    chapter: "growing.ipynb",
    heading: "5. A reset, in the middle",
  },
  serves: greets,
  steps: [
    {
      name: "few",
      title: "a client that says a word",
      what: "A client that says a word first",
      async run(lab) {
        const client = await lab.connect();
        await client.send("hello");
        await client.end();
        await client.expect(GREETING);
        await client.expectEnd();
      },
      causes: {
        ...notGreeted,
        open: cause(
          "never-closes",
          "The client has ended, and your program does not close its side.",
        ),
      },
    },
    {
      name: "many",
      title: "a client that says 5,000 bytes",
      what: "A client that says 5,000 bytes first",
      twin: "few",
      async run(lab) {
        const client = await lab.connect();
        if (lab.isOurs) await lab.program.stop();
        await client.send("x".repeat(5_000));
        await client.end();
        if (lab.isOurs) lab.program.resume();
        await client.expect(GREETING);
        await client.expectEnd();
      },
      causes: {
        other: cause(
          "reset-unread",
          "Your program closes with bytes in the system's buffer that it has not read. The system turns such a close into a reset, and the client may never see the greeting.",
        ),
      },
    },
  ],
};
