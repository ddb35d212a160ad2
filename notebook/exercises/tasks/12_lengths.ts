import { concat } from "../lib/bytes.ts";
import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";
import { encode } from "../../../lib/io.ts";

/** A frame: two bytes of length, the higher one first, and so many bytes. */
function frame(content: string | Uint8Array): Uint8Array {
  const bytes = encode(content);
  return concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
}

function reversed(content: string): Uint8Array {
  return frame([...content].reverse().join(""));
}

async function reverses(client: Wire, content = "hello"): Promise<void> {
  await client.send(frame(content));
  await client.expect(reversed(content));
}

const wrongOrder = cause(
  "wrong-byte-order",
  "Of the two bytes of length the higher one comes first (network byte order, big-endian). Your program has them the other way round.",
);
const split = cause(
  "header-split",
  "The two bytes of the length came in two reads. Your program takes what one read brings for both.",
);
const half = cause(
  "read-is-message",
  "Your program takes each read for a frame. Collect two bytes, then as many as they say, however many reads that takes.",
);

export const lengths: Exercise = {
  number: 12,
  slug: "lengths",
  kind: "server",
  concept: "messages with their length in front",
  task:
    "A frame is two bytes of length, the higher one first, and then so many bytes. Answer each frame with a frame that has its bytes in reverse order.",
  hints: [
    "Write a function that reads exactly n bytes, however many reads that takes.",
    "Read exactly 2 bytes, make a number of them, read exactly that many, answer, and start again.",
    'In Python: int.from_bytes(head, "big"). In JavaScript: head[0] * 256 + head[1].',
  ],
  next: {
    file: "lib/framing.ts",
    code: "export async function* frames(",
    why: "reads frames with their length in front",
    chapter: "applications.ipynb",
    heading: "A length before each message",
  },
  serves: (client) => reverses(client),
  steps: [
    {
      name: "whole",
      title: "one frame",
      what: 'The frame of "hello"',
      run: async (lab) => await reverses(await lab.connect()),
      causes: {
        async silent({ details }, lab) {
          if (details.got?.length) {
            return cause(
              "counts-wrong",
              "The answer is shorter than it should be: two bytes of length, and then all bytes in reverse order.",
            );
          }
          // The experiment: does it wait for 0x0500 bytes instead of 0x0005?
          await lab.last.send(new Uint8Array(0x0500 - 5).fill(97));
          return await lab.last.next() instanceof Uint8Array
            ? wrongOrder
            : cause(
              "no-answer",
              "Your program waits for more than the frame that it has got, or does not answer it.",
            );
        },
        changed: ({ details: { got } }) =>
          got?.[0] === 5 && got[1] === 0 ? wrongOrder : cause(
            "changed",
            "An answer is a frame, too: two bytes of length, and then the bytes in reverse order.",
          ),
        ended: cause(
          "no-answer",
          "Your program closes the connection without a whole answer.",
        ),
      },
    },
    {
      name: "joined",
      title: "three frames in one read",
      what: "A piece with three frames in it",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await client.send(concat(frame("abc"), frame("de"), frame("f")));
        await client.expect(concat(frame("cba"), frame("ed"), frame("f")));
      },
      causes: { other: half },
    },
    {
      name: "body-cut",
      title: "a frame cut inside its bytes",
      what: "The same frame, cut in the middle of its bytes,",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        const cut = frame("hello");
        await client.send(concat(frame("a"), cut.subarray(0, 4)));
        await client.expect(frame("a"));
        await lab.patience.untilIdle();
        await client.send(cut.subarray(4));
        await client.expect(reversed("hello"));
      },
      causes: { other: half },
    },
    {
      name: "header-cut",
      title: "a frame cut inside its length",
      what: "The same frame, cut inside its length,",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        const cut = frame("hello");
        await client.send(concat(frame("a"), cut.subarray(0, 1)));
        await client.expect(frame("a"));
        await lab.patience.untilIdle();
        await client.send(cut.subarray(1));
        await client.expect(reversed("hello"));
      },
      causes: { other: split },
    },
    {
      name: "zero",
      title: "a frame of no bytes",
      what: "A frame of no bytes",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await reverses(client, "");
        await reverses(client, "abc");
      },
      causes: {
        other: cause(
          "zero-length",
          "A frame may have no bytes: then its answer has none, either. Reading no bytes is no end of the stream.",
        ),
      },
    },
    {
      name: "largest",
      title: "a frame of 65,535 bytes",
      what: "A frame of 65,535 bytes",
      twin: "whole",
      async run(lab) {
        await reverses(
          await lab.connect(),
          "0123456789".repeat(6554).slice(0, 65_535),
        );
      },
      causes: {
        changed: ({ details: { got } }) =>
          got?.[0] === 255 && got[1] === 255 ? half : cause(
            "largest-frame",
            "The length has two bytes without a sign: up to 65,535.",
          ),
        other: half,
      },
    },
    {
      name: "half",
      title: "an end in the middle of a frame",
      what: "Half a frame, and then the client's end,",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await client.send(frame("hello").subarray(0, 4));
        await client.end();
        const part = await client.next();
        if (part instanceof Uint8Array) {
          throw new Symptom("extra", "is answered as if it were a whole one", {
            got: part,
          });
        }
        if (part === undefined) {
          throw new Symptom("open", "is not followed by the end of the stream");
        }
        await reverses(await lab.connect("B"));
      },
      causes: {
        extra: cause(
          "half-frame-taken",
          "Half a frame is no frame. Your program answers what it has, instead of seeing that the rest never came.",
        ),
        open: cause(
          "never-closes",
          "The client has ended in the middle of a frame, so the rest never comes. Your program goes on waiting, or reads nothing again and again.",
        ),
        other: cause(
          "dies-of-half-a-frame",
          "The client has ended in the middle of a frame. That is its own affair: the next client is still to be served.",
        ),
      },
    },
  ],
};
