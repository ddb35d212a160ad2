import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import type { Lab } from "../lib/lab.ts";

/** What our servers greet with. */
export const GREETING = "Message from the server.";

/** The program has printed all it should: now it ends, with 0. */
export async function endsWell(lab: Lab): Promise<void> {
  const exit = await lab.program.waitForEnd();
  if (!exit) {
    throw new Symptom(
      "running",
      "is printed, and then your program does not end",
    );
  }
  if (exit.code !== 0) {
    throw new Symptom(
      "exit",
      `is printed, and then your program ends with exit code ${exit.code}`,
    );
  }
}

export const firstClient: Exercise = {
  number: 1,
  slug: "first-client",
  kind: "client",
  concept: "connect, read, print",
  task:
    "Connect to the port, and print to standard output what the server says, exactly, without adding anything. End with exit code 0 when the server has ended.",
  hints: [
    "Three steps: connect to 127.0.0.1 at the port, read, write what was read to standard output.",
    'In Python: conn = socket.create_connection(("127.0.0.1", port)), then data = conn.recv(1024). In Deno: const conn = await Deno.connect({ port }), then n = await conn.read(buffer).',
    "A print that adds a newline, or b'…', is not exact. In Python: sys.stdout.buffer.write(data). In Deno: await Deno.stdout.write(buffer.subarray(0, n)).",
  ],
  next: {
    file: "client.ts",
    code: "async function readToEnd(",
    why: "prints what a server says, byte for byte",
    chapter: "start.ipynb",
    heading: "Minute 4: a client",
  },
  steps: [
    {
      name: "greeting",
      title: "a greeting",
      what: `The greeting "${GREETING}"`,
      async run(lab) {
        const server = await lab.accept();
        await server.send(GREETING);
        await server.end();
        await lab.program.out.expect(GREETING);
        await lab.program.out.expectEnd();
        await endsWell(lab);
      },
      causes: {
        ended: ({ details }, lab) =>
          lab.program.said.includes(GREETING)
            ? cause(
              "not-exact",
              "Your program prints it to standard error. Bytes that were received belong on standard output.",
            )
            : cause(
              "not-exact",
              details.got?.length
                ? "Your program prints only some of it."
                : "Your program ends, and has not printed what it received.",
            ),
        exit: cause(
          "exit-code",
          "Exit code 0 says that all went well. Your program ends with another: because of an error, or by sys.exit(1) or the like.",
        ),
        running: cause(
          "hangs",
          "The server has ended, and a read that brings nothing says so. Your program goes on waiting.",
        ),
        open: cause(
          "hangs",
          "The server has ended, and a read that brings nothing says so. Your program goes on waiting.",
        ),
        silent: cause(
          "hangs",
          "Your program prints nothing, and waits: perhaps for more than comes, or it keeps in a buffer what it prints.",
        ),
        extra: cause(
          "not-exact",
          "Your program adds something to what it received: a newline, perhaps, or the rest of its buffer.",
        ),
        other: cause(
          "not-exact",
          "Your program prints something else than it received: not the bytes themselves, perhaps, but how its language writes them down, as Python's print() does with b'…'.",
        ),
      },
    },
  ],
};
