import { cause, type Exercise } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";
import { untilRead } from "../lib/system.ts";
import { endsWell } from "./01_first_client.ts";

const readsOnce = cause(
  "reads-once",
  "Your program reads once, and takes that for all. But a read brings only what has come by then: read again and again, until a read brings nothing.",
);

async function prints(lab: Lab, ...pieces: string[]): Promise<void> {
  const server = await lab.accept();
  for (const piece of pieces) {
    await server.send(piece);
    await untilRead(lab.port); // so that what follows is surely another read
  }
  await server.end();
  await lab.program.out.expect(pieces.join(""));
  await lab.program.out.expectEnd();
  await endsWell(lab);
}

const waits = cause(
  "hangs",
  "The server has ended, and a read that brings nothing says so. Your program goes on waiting.",
);
const general = {
  running: waits,
  open: waits,
  silent: waits,
  exit: cause(
    "exit-code",
    "Exit code 0 says that all went well. Your program ends with another.",
  ),
  changed: cause(
    "not-exact",
    "Your program prints other bytes than it received.",
  ),
  extra: cause(
    "not-exact",
    "Your program prints more than it received: a newline, or the rest of its buffer.",
  ),
};

export const toTheEnd: Exercise = {
  number: 4,
  slug: "to-the-end",
  kind: "client",
  concept: "a read is not a message",
  task:
    "Print all that the server says, exactly, whichever way it is cut on its journey. End with exit code 0 when the server has ended.",
  hints: [
    "How does your program know that nothing more comes?",
    "A read that brings nothing (an empty result, 0, null) is the end. Anything else is not.",
    "In Python: while data := conn.recv(1024): … . Print each piece, or collect them all.",
  ],
  next: {
    file: "client.ts",
    code: "async function readToEnd(",
    why: "reads until the end, in pieces of any size",
    chapter: "sockets.ipynb",
    heading: "One read is not one message",
  },
  steps: [
    {
      name: "one-piece",
      title: "one piece",
      what: "A message in one piece",
      run: (lab) => prints(lab, "Hello, and goodbye."),
      causes: {
        ...general,
        ended: cause(
          "not-exact",
          "Your program prints only some of it, or nothing to standard output.",
        ),
      },
    },
    {
      name: "two-pieces",
      title: "the same in two pieces",
      what: "The same message in two pieces",
      twin: "one-piece",
      run: (lab) => prints(lab, "Hello, ", "and goodbye."),
      causes: {
        ...general,
        changed: cause(
          "not-exact",
          "Your program puts something between the pieces: a newline, perhaps.",
        ),
        other: readsOnce,
      },
    },
    {
      name: "large",
      title: "100,000 bytes",
      what: "A message of 100,000 bytes",
      twin: "one-piece",
      run: (lab) => prints(lab, "0123456789".repeat(10_000)),
      causes: { ...general, other: readsOnce },
    },
  ],
};
