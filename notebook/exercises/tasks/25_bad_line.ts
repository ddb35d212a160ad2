import { concat, firstDifference, show } from "../lib/bytes.ts";
import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import { Late } from "../lib/clock.ts";
import type { Datagrams } from "../lib/datagrams.ts";
import type { Lab } from "../lib/lab.ts";
import { serving } from "./24_ask_again.ts";

/** The most data of one datagram. */
const MOST = 1_000;

/** What the program is given to send: 20 and a half datagrams. */
const DATA = Uint8Array.from({ length: 20_500 }, (_, i) => 97 + i % 26);

/** What it is given where it has to wait at each datagram: 4 and a half. */
const FEW = DATA.subarray(0, 4_500);

/** Milliseconds after which a program may go on without its acknowledgement. */
const TIMEOUT = 100;

/** What becomes of the n-th datagram, counted from 0, when it comes for the first time. */
type Fate = (n: number) => {
  /** The line loses it, so that nobody hears of it. */
  lost?: boolean;
  /** It arrives, and its acknowledgement is lost. */
  ackLost?: boolean;
  /** An acknowledgement of the one before comes first. */
  lateAck?: boolean;
  /** Its acknowledgement takes a while. */
  hesitates?: boolean;
  /** Its acknowledgement comes twice. */
  twice?: boolean;
};

/** Has the program send over a line that treats datagrams in its way. */
async function transfer(lab: Lab, fate: Fate, sent: Uint8Array): Promise<void> {
  lab.arrange({ stdin: sent });
  // It says itself when it was too late to tell.
  await serving(
    lab,
    (server) => receive(lab, server, fate, sent),
    Infinity,
    "",
  );
}

/** Receives as the other side of stop and wait. */
async function receive(
  lab: Lab,
  server: Datagrams,
  fate: Fate,
  sent: Uint8Array,
): Promise<void> {
  lab.start();
  const parts: Uint8Array[] = [];
  let n = 0; // the datagram that is due
  let acked = true; // whether the one before it was, as far as the program knows
  let previous: Uint8Array | undefined;
  let met = false; // whether the one that is due has come before
  let doubled = false; // whether some acknowledgement went out twice
  let since = lab.now; // when the last one did: what is due was sent after that
  // Who does not send again goes on after a while as well, believing nothing.
  const isSlow = () => lab.now - since >= TIMEOUT;
  const tooEarly = (number: number) =>
    doubled && isSlow() ? new Late() : goesOn(number, doubled);
  for (;;) {
    const came = await lab.datagram(server);
    if (!came) {
      throw new Symptom(
        "silent",
        `stops at datagram ${n + 1}, which nobody acknowledged`,
      );
    }
    const [bit, data] = [came.bytes[0], came.bytes.subarray(1)];
    check(came.bytes);
    if (bit !== n % 2) {
      if (n === 0 && !met) {
        throw new Symptom("open", "begins with the bit 1 instead of 0");
      }
      // The one before, once more, is right if its acknowledgement was lost or late.
      if (previous && same(came.bytes, previous)) {
        await server.send(Uint8Array.of(bit));
        doubled ||= acked;
        acked = true;
        continue;
      }
      throw tooEarly(n + 2);
    }
    if (!acked) throw tooEarly(n + 1);
    const { lost, ackLost, lateAck, twice, hesitates } = met
      ? {} as ReturnType<Fate>
      : fate(n);
    met = true;
    if (lost) {
      lab.note(`the line loses datagram ${n + 1}`);
      continue;
    }
    if (lateAck) {
      await server.send(Uint8Array.of(1 - bit));
      doubled = true; // it went out already, with the datagram before
      await lab.patience.untilIdle();
      const next = await server.nextWithin(0.03);
      if (next && next.bytes[0] !== bit) {
        if (isSlow()) throw new Late();
        throw new Symptom(
          "changed",
          `goes wrong: your program took a late acknowledgement of datagram ${n} for that of datagram ${
            n + 1
          }`,
        );
      }
    }
    if (hesitates) { // does the program wait, too?
      await lab.patience.untilIdle();
      const next = await server.nextWithin(0.03);
      if (next && !same(next.bytes, came.bytes)) throw tooEarly(n + 2);
    }
    previous = came.bytes.slice();
    parts.push(data.slice());
    n++;
    met = false;
    const isEnd = data.length === 0;
    if (ackLost && !isEnd) {
      lab.note(`the line loses the acknowledgement of datagram ${n}`);
      acked = false;
      continue;
    }
    since = lab.now;
    for (let i = 0; i < (twice ? 2 : 1); i++) {
      await server.send(Uint8Array.of(bit));
    }
    if (isEnd) break;
  }
  const all = concat(...parts);
  if (!same(all, sent)) {
    throw new Symptom(
      "reset",
      `brings ${all.length} bytes, of which the first wrong one is number ${
        firstDifference(all, sent)
      }`,
    );
  }
  const exit = await lab.program.waitForEnd();
  if (!exit) {
    throw new Symptom("running", "is complete, and your program does not end");
  }
  if (exit.code !== 0) {
    throw new Symptom(
      "exit",
      `is complete, and your program ends with exit code ${exit.code}`,
    );
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && firstDifference(a, b) === a.length;
}

/**
 * The first illegal move of a program that does not wait, or that took a doubled
 * acknowledgement of one datagram for that of the next.
 */
function goesOn(number: number, doubled: boolean): Symptom {
  const seen =
    `goes wrong: your program sent datagram ${number} before datagram ${
      number - 1
    } was acknowledged`;
  return new Symptom(doubled ? "changed" : "extra", seen);
}

function check(bytes: Uint8Array): void {
  if (bytes.length >= 1 && bytes.length <= 1 + MOST && bytes[0] < 2) return;
  throw new Symptom(
    "open",
    `has the datagram ${
      show(bytes)
    }, which is not a bit (a byte 0 or 1) and at most ${MOST} bytes of data`,
  );
}

const causes = {
  extra: cause(
    "does-not-wait",
    "Stop and wait: keep a datagram, and send no other, until its acknowledgement has come.",
  ),
  silent: cause(
    "no-retransmission",
    "A datagram or its acknowledgement was lost, and your program waits for ever. Send it again after 100 ms without its acknowledgement.",
  ),
  changed: cause(
    "believes-any-ack",
    "An acknowledgement carries the bit of the datagram that it is for. One with the other bit is late, and says nothing of this one.",
  ),
  open: cause(
    "wrong-format",
    `A datagram is one byte, 0 or 1 in turn, and up to ${MOST} bytes of data. One without data is the end.`,
  ),
  reset: cause(
    "loses-data",
    "All was acknowledged, and yet not all is there: perhaps your program reads too little of standard input, or skips a part when it sends again.",
  ),
  running: cause(
    "hangs",
    "Everything, the end included, is acknowledged. Your program goes on waiting.",
  ),
  exit: cause("exit-code", "Everything is acknowledged: end with 0."),
  absent: cause(
    "gives-up",
    "Your program ends before everything is acknowledged.",
  ),
};

const step = (
  name: string,
  title: string,
  what: string,
  fate: Fate,
  twin?: string,
  sent = DATA,
) => ({
  name,
  title,
  what,
  twin,
  run: (lab: Lab) => transfer(lab, fate, sent),
  causes,
});

export const badLine: Exercise = {
  number: 25,
  slug: "bad-line",
  kind: "client",
  concept: "reliable over a line that is not",
  task:
    `Over UDP: send standard input to the server, in datagrams of one byte (0 for the first, then 1, 0, 1 …) and up to ${MOST} bytes of data, each only when the one before was acknowledged by a datagram with just its byte. Send again what is not acknowledged within 100 ms; at last send a datagram without data, and end with 0.`,
  hints: [
    "Keep each datagram until its acknowledgement has come: you may have to send it again.",
    "An acknowledgement with the other bit is late or doubled: pass over it, and go on waiting.",
    "One loop: send, wait for at most 100 ms, compare the bit; the same again, or the next.",
  ],
  next: {
    file: "udp/client.ts",
    code: "async function receiveAnswer(",
    why: "waits for the one answer that counts",
    chapter: "sockets.ipynb",
    heading: "What is lost is lost",
  },
  steps: [
    step(
      "good",
      "a good line",
      "A transfer over a good line",
      (n) => ({ hesitates: n % 8 === 0 }),
    ),
    step(
      "late",
      "late acknowledgements",
      "A transfer over a line with late acknowledgements",
      (n) => ({ lateAck: n > 0 && n % 7 === 3 }),
      "good",
    ),
    step(
      "doubled",
      "doubled acknowledgements",
      "A transfer over a line that doubles acknowledgements",
      () => ({ twice: true }),
      "good",
    ),
    step(
      "lost",
      "each datagram lost once",
      "A transfer over a line that loses each datagram once",
      () => ({ lost: true }),
      "good",
      FEW,
    ),
    step(
      "ack-lost",
      "each acknowledgement lost once",
      "A transfer over a line that loses each acknowledgement once",
      () => ({ ackLost: true }),
      "lost",
      FEW,
    ),
  ],
};
