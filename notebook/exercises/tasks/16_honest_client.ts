import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { untilRead } from "../lib/system.ts";
import { endsWell } from "./01_first_client.ts";

const TRACE =
  /^Traceback |^\s+at .+:\d+|^goroutine \d+|^panic: |^Exception in thread|stack backtrace/m;

const hangs = cause(
  "hangs",
  "The conversation is over, one way or the other, and your program goes on waiting.",
);

/** Something went wrong: the program says so, in words, and ends with another code than 0. */
async function admits(lab: Lab): Promise<void> {
  const exit = await lab.program.waitForEnd();
  if (!exit) {
    throw new Symptom(
      "running",
      "does not make your program end",
    );
  }
  await lab.program.lastWords();
  if (exit.code === 0) {
    throw new Symptom(
      "exit",
      "is followed by exit code 0, as if all had gone well",
    );
  }
  if (TRACE.test(lab.program.said)) {
    throw new Symptom("exit", "is followed by a stack trace", {
      cause: cause(
        "stack-trace",
        "A stack trace is for the people who wrote a program. Those who use it want a sentence: what went wrong, and what to do.",
      ),
    });
  }
  if (!lab.program.said.trim()) {
    throw new Symptom(
      "exit",
      `is followed by exit code ${exit.code}, and not a word on standard error`,
      {
        cause: cause(
          "says-nothing",
          "Say on standard error what went wrong: an exit code alone is not read by people.",
        ),
      },
    );
  }
}

const promised = (lab: Lab, text: string) => lab.program.out.expect(text);

export const honestClient: Exercise = {
  number: 16,
  slug: "honest-client",
  kind: "client",
  concept: "an error is not an end",
  task:
    "The server says a number in a line, and then so many bytes: print those bytes, and end with 0. If anything goes wrong, say what in a line on standard error, and end with another code.",
  hints: [
    "Three things can go wrong: nobody listens, the connection is reset, or it ends before everything has come.",
    "Only the number tells you whether an end came too early. Count.",
    "Catch the errors of connect and read; print a sentence to standard error; exit with 1.",
  ],
  next: {
    file: "lib/errors.ts",
    code: "function reset(",
    why: "says in plain words what went wrong",
    chapter: "growing.ipynb",
    heading: "5. A reset, in the middle",
  },
  steps: [
    {
      name: "whole",
      title: "all that was promised",
      what: "A promise of 5 bytes, and 5 bytes,",
      async run(lab) {
        const server = await lab.accept();
        await server.send("5\nhello");
        await server.end();
        await promised(lab, "hello");
        await lab.program.out.expectEnd();
        await endsWell(lab);
      },
      causes: {
        exit: cause(
          "exit-code",
          "All went well, and your program ends with another code than 0.",
        ),
        running: hangs,
        open: hangs,
        silent: hangs,
        other: cause(
          "not-exact",
          "Your program has to print the bytes after the line with the number, and nothing else.",
        ),
      },
    },
    {
      name: "short",
      title: "an end before all that was promised",
      what: "A promise of 10 bytes, and the end after 5,",
      twin: "whole",
      async run(lab) {
        const server = await lab.accept();
        await server.send("10\nhello");
        await server.end();
        await admits(lab);
      },
      causes: {
        running: hangs,
        exit: cause(
          "short-is-not-end",
          "Fewer bytes came than were promised, and your program does not notice: count what comes.",
        ),
      },
    },
    {
      name: "reset",
      title: "a reset in the middle",
      what: "A promise of 10 bytes, and a reset after 5,",
      twin: "short",
      async run(lab) {
        const server = await lab.acceptResettable();
        await server.send("10\nhello");
        await untilRead(lab.port);
        server.reset();
        await admits(lab);
      },
      causes: {
        running: hangs,
        exit: cause(
          "reset-is-not-end",
          "Your program takes a reset for the end. A reset says that the other side has crashed, or has had enough: what came may be only half.",
        ),
      },
    },
    {
      name: "refused",
      title: "nobody listens",
      what: "A port on which nobody listens",
      twin: "whole",
      async run(lab) {
        lab.start();
        await admits(lab);
      },
      causes: {
        running: cause(
          "hangs",
          "Nobody listens there, which the system says at once. Your program goes on waiting.",
        ),
        exit: cause(
          "refused-is-not-end",
          "Nobody listens there, and your program ends as if all had gone well.",
        ),
      },
    },
  ],
};
