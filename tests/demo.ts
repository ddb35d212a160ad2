/**
 * The demonstration: the real server and the real client greet each other, each
 * in its own process and under its exact permissions, over TCP and over UDP.
 *
 * @module
 */

import { bold, dim, setColorEnabled } from "@std/fmt/colors";
import { launcher } from "../lib/program.ts";

/** A conversation, and the commands that hold it. */
export interface Act {
  /** What there is to see. */
  title: string;
  /** What follows `deno run` in the server's terminal. */
  server: string;
  /** What follows `deno run` in the client's. */
  client: string;
}

const ACTS: Act[] = [
  {
    title: "TCP: first a connection, then bytes in order",
    server: "--allow-net=127.0.0.1:1234 server.ts --once",
    client: "--allow-net=127.0.0.1:1234 client.ts",
  },
  {
    title: "UDP: one datagram there, one datagram back",
    server: "--allow-net=127.0.0.1 udp/server.ts --once",
    client: "--allow-net=127.0.0.1:0,127.0.0.1:1234 udp/client.ts",
  },
];

/**
 * Plays one act, both terminals at once: each line is shown as soon as it is
 * printed, with the terminal's name before it.
 *
 * @param act What to play.
 * @param print Shows a line.
 * @returns Whether both scripts succeeded.
 */
export async function play(
  { title, server, client }: Act,
  print: (line: string) => void = console.log,
): Promise<boolean> {
  print(`${bold(title)}\n`);
  const first = open("server", server, print);
  // It ends before it listens if it can't: then there's nobody to connect to.
  const listens = await Promise.race([first.listens, first.succeeds]);
  const second = listens ? open("client", client, print) : undefined;
  const asked = await second?.succeeds ?? false;
  if (listens && !asked) stop(first.child);
  const served = await first.succeeds;
  print("");
  return served && asked;
}

/** Starts a script in a terminal of its own, which shows the command first. */
function open(name: string, line: string, print: (line: string) => void) {
  const show = (text: string) => print(`${bold(name)} ${dim("│")} ${text}`);
  show(bold(`$ ${launcher()} run ${line}`));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", ...line.split(" ")],
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<true>();
  const shown = [child.stdout, child.stderr].map((stream) => {
    return follow(stream, (text) => {
      show(text);
      if (text.startsWith("server: listening on ")) listening.resolve(true);
    });
  });
  const succeeds = Promise.all(shown).then(async () => {
    return (await child.status).success;
  });
  return { child, listens: listening.promise, succeeds };
}

/** Ends a server that would wait for a client, unless it has ended by itself. */
function stop(server: Deno.ChildProcess): void {
  try {
    server.kill();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Shows what a stream brings, as it comes: also a line without an end. */
export async function follow(
  stream: ReadableStream<Uint8Array>,
  show: (line: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    for (const line of text.trimEnd().split("\n")) show(line);
  }
}

if (import.meta.main) {
  setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
  for (const act of ACTS) {
    if (await play(act)) continue;
    console.error(
      "demo: that did not work, and the lines above say why; if port 1234 is " +
        "in use, stop the program that has it",
    );
    Deno.exit(1);
  }
}
