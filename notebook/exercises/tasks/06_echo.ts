import { cause, type Exercise } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";
import { neverCloses } from "./02_first_server.ts";

const noEcho = cause(
  "no-echo",
  "Your program takes what the client says, and sends nothing back.",
);

/** An echo server sends a line back. */
export async function echoes(client: Wire): Promise<void> {
  await client.send("hello\n");
  await client.expect("hello\n");
}

export const echo: Exercise = {
  number: 6,
  slug: "echo",
  kind: "server",
  concept: "bytes are not text",
  task:
    "Send every byte that a client sends back to it. When the client has ended, close the connection.",
  hints: [
    "Read some bytes, write the same bytes, and do that again until a read brings nothing.",
    "Do not turn the bytes into text on the way: not all bytes are text.",
    "In Python: while data := conn.recv(1024): conn.sendall(data). In Deno: write buffer.subarray(0, n), in a loop.",
  ],
  next: {
    file: "server.ts",
    code: "async function converse(",
    why: "reads until a read brings nothing",
    chapter: "sockets.ipynb",
    heading: "From bytes to text",
  },
  serves: echoes,
  steps: [
    {
      name: "line",
      title: "one line",
      what: 'The line "hello"',
      run: async (lab) => await echoes(await lab.connect()),
      causes: {
        async silent({ details }, lab) {
          if (details.got?.length) {
            return cause(
              "changed",
              "Your program sends back only some of what it got.",
            );
          }
          // The experiment: is the answer kept until the client ends?
          await lab.last.end();
          const { bytes } = await lab.last.readAll();
          return bytes.length
            ? cause(
              "answers-only-at-the-end",
              "Your program reads to the client's end before it answers. But the client waits for the answer before it ends: so both wait for ever. Answer after each read.",
            )
            : noEcho;
        },
        ended: ({ details }) =>
          details.got?.length
            ? cause(
              "changed",
              "Your program sends back only some of what it got.",
            )
            : noEcho,
      },
    },
    {
      name: "no-newline",
      title: "three bytes without a newline",
      what: 'The message "hel", without a newline,',
      twin: "line",
      async run(lab) {
        const client = await lab.connect();
        await client.send("hel");
        await client.expect("hel");
      },
      causes: {
        silent: cause(
          "waits-for-newline",
          "Your program reads whole lines, so it waits for a newline. An echo sends back what has come, whatever it is.",
        ),
        changed: cause(
          "changed",
          "Your program sends back something else than it got: a newline of its own, perhaps.",
        ),
        extra: cause(
          "changed",
          "Your program adds something to what it got: a newline of its own, perhaps.",
        ),
      },
    },
    {
      name: "twice",
      title: "a second line",
      what: "A second line on the same connection",
      twin: "line",
      async run(lab) {
        const client = await lab.connect();
        await echoes(client);
        await client.send("once more\n");
        await client.expect("once more\n");
      },
      causes: {
        other: cause(
          "stops-after-one-read",
          "Your program reads once from each connection. Read again and again, until a read brings nothing.",
        ),
      },
    },
    {
      name: "end",
      title: "the client's end",
      what: "The client's end, after a line,",
      twin: "line",
      async run(lab) {
        const client = await lab.connect();
        await echoes(client);
        await client.end();
        await client.expectEnd();
      },
      causes: {
        open: neverCloses,
      },
    },
    {
      name: "bytes",
      title: "all 256 bytes",
      what: "A message of all the 256 values that a byte can have",
      twin: "line",
      async run(lab) {
        const client = await lab.connect();
        const values = Uint8Array.from({ length: 256 }, (_, i) => i);
        await client.send(values);
        await client.expect(values);
      },
      causes: {
        other: cause(
          "changed",
          "Your program turns the bytes into text and back. But not all bytes are text: some get changed on the way, or stop your program. Send back what you read, as it is.",
        ),
      },
    },
  ],
};
