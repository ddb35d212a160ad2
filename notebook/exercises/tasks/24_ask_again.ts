import {
  type Cause,
  cause,
  type Exercise,
  type Finding,
  Symptom,
} from "../lib/exercise.ts";
import { byTheClock } from "../lib/clock.ts";
import type { Datagrams } from "../lib/datagrams.ts";
import type { Lab } from "../lib/lab.ts";
import { endsWell } from "./01_first_client.ts";

const QUESTION = "What time is it?", ANSWER = "It is 12:34.";

/** Milliseconds between two questions, and how many there are. */
const PAUSE = 100, TRIES = 5;

/** Milliseconds by which the judge may be late with an answer. */
const LATE = 40;

/**
 * Serves, with the program started anew for each try. An answer that comes later
 * than the next question, or when the program has given up, proves nothing.
 *
 * @param lab Where the step is tried.
 * @param serve Serves once.
 * @param late Milliseconds by which the judge may be late. @default {40}
 * @param name What the server is called in the record. @default {"server"}
 */
export async function serving(
  lab: Lab,
  serve: (server: Datagrams) => Promise<void>,
  late = LATE,
  name = "server",
): Promise<void> {
  const server = lab.datagrams(name, "server");
  await byTheClock(late, async () => {
    await lab.end();
    await server.forget();
    await serve(server);
  });
}

/** The program asks; the question has to be right. */
async function isAsked(
  lab: Lab,
  server: Datagrams,
  time = 1,
): Promise<void> {
  lab.start();
  const came = await lab.datagram(server);
  if (!came) {
    const times = time === 2 ? "once" : `${time - 1} times`;
    throw new Symptom(
      "silent",
      time === 1
        ? "Your program does not ask."
        : `Your program asks ${times}, and then no more.`,
    );
  }
  const question = new TextDecoder().decode(came.bytes);
  if (question !== QUESTION) {
    throw new Symptom(
      "changed",
      `is asked for by "${question}" instead of "${QUESTION}"`,
    );
  }
}

async function printsAnswer(lab: Lab): Promise<void> {
  await lab.program.out.expect(ANSWER);
  await lab.program.out.expectEnd();
  await endsWell(lab);
}

const notExact = cause(
  "not-exact",
  "Your program has to print the answer, and nothing else, to standard output.",
);
const hangs = cause(
  "hangs",
  "The answer is there, and your program goes on waiting.",
);

const floods = cause(
  "floods",
  "Your program asks again and again without waiting for an answer.",
);

const believes = cause(
  "believes-anybody",
  "Your program takes whatever comes for the answer. Look where it comes from, or connect() the socket.",
);

/** Nothing is printed: had the program asked so often that it gave up before? */
function whyNothing(otherwise: Cause): Finding {
  return async ({ details }, lab) => {
    if (details.got?.length) return otherwise;
    return await lab.sockets[0].nextWithin(0.02) ? floods : otherwise;
  };
}

export const askAgain: Exercise = {
  number: 24,
  slug: "ask-again",
  kind: "client",
  concept: "what is lost has to be asked for again",
  task:
    `Over UDP: ask the server "${QUESTION}", print its answer exactly, and end with 0. Without an answer ask again after ${PAUSE} ms, ${TRIES} times in all; then end with another code. Believe nobody but the server.`,
  hints: [
    "A datagram may be lost, and nobody tells you. How long do you wait?",
    "A timeout on the receiving call; when it is over, send again; count.",
    "Anybody can send you a datagram. Compare where it came from, or connect() the socket: then the system does it.",
  ],
  next: {
    file: "udp/client.ts",
    code: "async function sendUntilAnswered(",
    why: "asks again until an answer has come",
    chapter: "sockets.ipynb",
    heading: "What is lost is lost",
  },
  steps: [
    {
      name: "answer",
      title: "an answer",
      what: "The answer to the first question",
      run: (lab) =>
        serving(lab, async (server) => {
          await isAsked(lab, server);
          await server.send(ANSWER);
          await printsAnswer(lab);
        }),
      causes: {
        silent: cause(
          "never-asks",
          "Your program sends no datagram to 127.0.0.1 at the port.",
        ),
        changed: notExact,
        extra: notExact,
        ended: whyNothing(notExact),
        exit: cause(
          "exit-code",
          "The answer came, and your program ends with another code than 0.",
        ),
        open: hangs,
        running: hangs,
      },
    },
    {
      name: "stranger",
      title: "a stranger's answer first",
      what: "The same answer, after a stranger's,",
      twin: "answer",
      run: (lab) =>
        serving(lab, async (server) => {
          await isAsked(lab, server);
          const stranger = lab.datagrams("stranger", "stranger");
          await stranger.send("It is midnight.", server.peer);
          await server.send(ANSWER);
          await printsAnswer(lab);
        }),
      causes: { ended: whyNothing(believes), other: believes },
    },
    {
      name: "lost",
      title: "the first question lost",
      what: "The answer to the second question",
      twin: "answer",
      run: (lab) =>
        serving(lab, async (server) => {
          await isAsked(lab, server);
          const since = lab.now;
          await isAsked(lab, server, 2);
          const after = Math.round(lab.now - since);
          if (after < PAUSE / 2) {
            const seen = `is asked for after ${after} ms already`;
            throw new Symptom("costly", seen);
          }
          await server.send(ANSWER);
          await printsAnswer(lab);
        }),
      causes: {
        silent: cause(
          "never-asks-again",
          "The question, or its answer, was lost, and your program waits for ever. Ask again after 100 ms.",
        ),
        costly: floods,
        absent: cause(
          "never-asks-again",
          "Your program gives up after the first question.",
        ),
        open: hangs,
        running: hangs,
        other: notExact,
      },
    },
    {
      name: "nobody",
      title: "nobody answers",
      what: "The silence of a server that is not there",
      twin: "lost",
      async run(lab) {
        const server = lab.datagrams("server", "server");
        for (let i = 1; i <= TRIES; i++) await isAsked(lab, server, i);
        const more = await lab.datagram(server);
        if (more?.from.port === server.peer?.port) {
          throw new Symptom(
            "extra",
            `Your program asks more than ${TRIES} times.`,
          );
        }
        const exit = await lab.program.waitForEnd();
        if (!exit) {
          throw new Symptom(
            "running",
            "does not make your program end",
          );
        }
        if (exit.code === 0) {
          throw new Symptom(
            "exit",
            "is followed by exit code 0, as if an answer had come",
          );
        }
      },
      causes: {
        extra: cause(
          "never-gives-up",
          "Nobody answers, and your program asks for ever. Give up after five tries.",
        ),
        running: cause(
          "never-gives-up",
          "Nobody answers, and your program waits for ever. Give up after five tries.",
        ),
        exit: cause(
          "exit-code",
          "There was no answer: end with another code than 0.",
        ),
        other: cause(
          "gives-up-early",
          "Your program gives up before it has asked five times.",
        ),
      },
    },
  ],
};
