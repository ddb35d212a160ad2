import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Wire } from "../lib/wire.ts";
import { GREETING } from "./01_first_client.ts";

/** A server greets. */
export async function greets(client: Wire): Promise<void> {
  await client.expect(GREETING);
}

/** What a server has to do that keeps a connection whose client has ended. */
export const neverCloses = cause(
  "never-closes",
  "The client has ended: a read that brings nothing says so. Your program has to close the connection then.",
);

const early = cause(
  "closes-early",
  "Your program closes the connection although the client has not ended. Read until a read brings nothing, and close then.",
);

export const notGreeted = {
  silent: cause(
    "no-greeting",
    "Your program says nothing, or waits for the client to speak first. Send the greeting as soon as accept() returns.",
  ),
  ended: cause(
    "no-greeting",
    "Your program closes the connection before it has greeted.",
  ),
  changed: cause(
    "not-exact",
    "The greeting is another one, or has something added to it.",
  ),
  extra: cause(
    "not-exact",
    "Your program adds something to the greeting: a newline, perhaps.",
  ),
};

export const firstServer: Exercise = {
  number: 2,
  slug: "first-server",
  kind: "server",
  concept: "bind, listen, accept",
  task:
    `Listen on 127.0.0.1 at the port, and greet each client with "${GREETING}" at once. Close the connection when the client has closed it.`,
  hints: [
    'Four calls in this order: make a socket, bind it to the address, listen, accept. In Python, socket.create_server(("127.0.0.1", port)) does the first three; in Deno, Deno.listen({ hostname, port }).',
    'accept() returns another socket, the one that talks with this client. Send the greeting on that, as bytes: conn.sendall(b"…").',
    "A read that brings nothing says that the client has ended; until then, read and throw away. Then close, and accept() the next client, in a loop.",
  ],
  next: {
    file: "server.ts",
    code: "async function greet(",
    why: "greets, and then listens to the end",
    chapter: "start.ipynb",
    heading: "Minute 3: what the seven lines say",
  },
  serves: greets,
  steps: [
    {
      name: "greeting",
      title: "the greeting",
      what: "A client that connects",
      run: async (lab) => await greets(await lab.connect()),
      causes: notGreeted,
    },
    {
      name: "stays",
      title: "a client that stays",
      what: "A client that stays, after the greeting,",
      twin: "greeting",
      async run(lab) {
        const client = await lab.connect();
        await greets(client);
        await lab.patience.untilIdle();
        const part = await client.nextWithin(0.02);
        if (part) {
          throw new Symptom(
            "ended",
            part === "RST" ? "is reset" : "sees the connection end",
          );
        }
      },
      causes: { other: early },
    },
    {
      name: "end",
      title: "a client that ends",
      what: "A client that ends, after the greeting,",
      twin: "greeting",
      async run(lab) {
        const client = await lab.connect();
        await greets(client);
        await client.end();
        await client.expectEnd();
      },
      causes: {
        open: neverCloses,
        extra: cause("not-exact", "Your program says more than the greeting."),
        reset: early,
      },
    },
  ],
};
