import { cause, type Exercise } from "../lib/exercise.ts";
import { bufferedBytes } from "../lib/room.ts";
import { echoes } from "./06_echo.ts";

export const halfClose: Exercise = {
  number: 8,
  slug: "half-close",
  kind: "server",
  concept: "an end of reading is no end of writing",
  task:
    "The echo server of exercise 6 sends back all that is still on its way when the client ends. A client may end, and read afterwards.",
  hints: [
    "A client that has said all still wants to hear all.",
    "A read that brings nothing says that nothing more comes. It does not say that what you have to send has arrived.",
    "Close only when everything is written: after the loop, not at the first sign of the client's end.",
  ],
  next: {
    file: "lib/serve.ts",
    code: "async function lingeringClose(",
    why: "ends its own side, and goes on with the other",
    chapter: "sockets.ipynb",
    heading: "A stream, both ways",
  },
  serves: echoes,
  steps: [
    {
      name: "small",
      title: "a line, and the end",
      what: "A line with the client's end right behind it",
      async run(lab) {
        const client = await lab.connect();
        await client.send("hello\n");
        await client.end();
        await client.expect("hello\n");
        await client.expectEnd();
      },
      causes: {
        silent: cause(
          "no-echo",
          "Your program does not echo: exercise 6 comes first.",
        ),
        ended: cause(
          "lost-at-half-close",
          "The client has said all that it wants to say, and still listens. Your program closes without answering.",
        ),
        open: cause(
          "never-closes",
          "The client has ended: a read that brings nothing says so. Your program has to close the connection then.",
        ),
      },
    },
    {
      name: "large",
      title: "more than the buffers hold, and the end",
      what:
        "A message that is larger than the system's buffers, with the client's end right behind it,",
      twin: "small",
      async run(lab) {
        const room = await bufferedBytes();
        const all = Uint8Array.from(
          { length: Math.round(1.15 * room) },
          (_, i) => i % 251,
        );
        const client = await lab.connect();
        const sent = await client.sendWhileTaken(all);
        await client.end();
        await lab.patience.untilIdle(); // so that the program knows of the end
        lab.note(
          `${
            sent.toLocaleString("en")
          } bytes are on their way; only now they are read`,
        );
        await client.expect(all.subarray(0, sent));
        await client.expectEnd();
      },
      causes: {
        reset: cause(
          "reset-at-end",
          "Your program closes at once, with bytes in it that were not read: the system resets such a connection, and what was on its way is lost.",
        ),
        open: cause(
          "never-closes",
          "Everything has come back, and your program does not close the connection.",
        ),
        other: cause(
          "lost-at-half-close",
          "At the client's end your program closes, or stops, although it has not sent everything yet.",
        ),
      },
    },
  ],
};
