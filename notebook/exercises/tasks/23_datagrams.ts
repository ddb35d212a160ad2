import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Datagrams } from "../lib/datagrams.ts";

/** How many senders have gone before they are answered. */
const GONE = 5;

/** A server echoes a datagram. */
async function echoesOne(client: Datagrams, length: number): Promise<void> {
  const bytes = Uint8Array.from({ length }, (_, i) => 97 + i % 26);
  await client.send(bytes);
  await client.expect(bytes);
}

/** A step with a datagram of a certain size, after one of 5 bytes. */
const size = (length: number, id: string, words: string) => ({
  name: `${length}`,
  title: `a datagram of ${length.toLocaleString("en")} bytes`,
  what: `A datagram of ${length.toLocaleString("en")} bytes`,
  twin: "hello",
  async run(lab: import("../lib/lab.ts").Lab) {
    await lab.untilBound();
    await echoesOne(lab.datagrams(), length);
  },
  causes: { other: cause(id, words) },
});

const truncates =
  "Your program's buffer is too small: what does not fit of a datagram is gone. The largest has 65,507 bytes.";

export const datagrams: Exercise = {
  number: 23,
  slug: "datagrams",
  kind: "server",
  concept: "messages with boundaries, and no connection",
  task:
    "Over UDP: send each datagram back to its sender, whatever its size, and go on with the next.",
  hints: [
    "There is nothing to accept: one socket, bound to the port, receives from everybody.",
    "Each datagram comes with the address that it came from. An empty one is not the end: UDP has no end of stream.",
    "In Python: data, address = sock.recvfrom(65535); sock.sendto(data, address).",
  ],
  next: {
    file: "udp/server.ts",
    code: "async function converse(",
    why: "answers datagrams",
    chapter: "sockets.ipynb",
    heading: "The same over UDP",
  },
  steps: [
    {
      name: "hello",
      title: "a datagram of 5 bytes",
      what: "A datagram of 5 bytes",
      async run(lab) {
        await lab.untilBound();
        await echoesOne(lab.datagrams(), 5);
      },
      causes: {
        silent: cause(
          "no-echo",
          "Your program does not send the datagram back to where it came from.",
        ),
        changed: cause(
          "changed",
          "Your program sends back something else than it received.",
        ),
      },
    },
    {
      name: "again",
      title: "a second datagram",
      what: "A second datagram",
      twin: "hello",
      async run(lab) {
        await lab.untilBound();
        const client = lab.datagrams();
        await echoesOne(client, 5);
        await echoesOne(client, 6);
        await echoesOne(lab.datagrams("B"), 7);
      },
      causes: {
        silent: (symptom) =>
          symptom.details.on === "B"
            ? cause(
              "only-one-sender",
              "Your program answers one sender only: did it connect its socket?",
            )
            : cause(
              "only-one-datagram",
              "Your program receives one datagram, and ends or waits. Receive in a loop.",
            ),
        other: cause(
          "only-one-datagram",
          "Your program receives one datagram, and ends.",
        ),
      },
    },
    {
      name: "0",
      title: "an empty datagram",
      what: "An empty datagram",
      twin: "again",
      async run(lab) {
        await lab.untilBound();
        const client = lab.datagrams();
        await echoesOne(client, 0);
        await echoesOne(client, 5);
      },
      causes: {
        other: cause(
          "no-empty",
          "An empty datagram is a datagram, and no end: there is no end of stream in UDP.",
        ),
      },
    },
    size(1_400, "truncates", truncates),
    size(9_000, "truncates", truncates),
    size(60_000, "truncates", truncates),
    {
      name: "gone",
      title: "a datagram from a sender that is gone",
      what: "The datagram after one whose sender is gone",
      twin: "again",
      async run(lab) {
        await lab.untilBound();
        const client = lab.datagrams("B");
        // One is not enough: on a busy machine the error that it causes did not
        // reach the program, once, and then nothing was to be seen.
        for (let time = 0; time < GONE; time++) {
          await lab.program.stop();
          const gone = lab.datagrams("A");
          await gone.send("hello");
          gone.close();
          lab.program.resume();
          await echoesOne(client, 5);
          await echoesOne(client, 6);
        }
        if (lab.exit) {
          throw new Symptom("absent", "is the last: your program has ended");
        }
      },
      causes: {
        other: cause(
          "dies-of-icmp",
          "The system says that nobody is there any more, as an error of the next call. It is about one datagram, and not about your socket: go on.",
        ),
      },
    },
  ],
};
