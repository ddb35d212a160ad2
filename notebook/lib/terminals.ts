/**
 * Small programs, run as a reader would run them: each in a terminal of its own,
 * one beside the other.
 *
 * @module
 */

import { Process } from "../../lib/process.ts";
import { encode } from "../../lib/io.ts";
import { capture, once, type Packet } from "./capture.ts";
import { ladder, type Step } from "./draw.ts";
import { observe } from "./record.ts";
import { display, escapeHtml, figure } from "./show.ts";

/** A program of the chapter, or a command with what somebody types into it. */
export type Session = string | { command: string; types: string };

/** The port that stands in the programs. */
const PORT = /\b1234\b/g;

/** Options for {@linkcode terminals}. */
export interface TerminalsOptions {
  /**
   * Whether the first program goes on, and has to be stopped by Ctrl-C when it
   * has printed a line for each of the others. @default {false}
   */
  stop?: boolean;
  /** The recorded run to show where a command is missing. @default {none} */
  record?: string;
}

/**
 * Runs programs that talk to one another: the first one until it waits, then
 * the others, one after the other, each to its end.
 *
 * The programs say 1234, and so does what is shown. Here they use another port,
 * which is free: at 1234 a server of the reader's own may be running.
 *
 * @param sessions Files, from the notebook's folder, or commands.
 * @param options How they end, and what to show where they cannot run.
 */
export async function terminals(
  sessions: Session[],
  { stop = false, record }: TerminalsOptions = {},
): Promise<void> {
  const commands = sessions.filter((session) => typeof session !== "string")
    .map(({ command }) => command.split(" ")[0]);
  const run = () => play(sessions, stop, freePort());
  await display(
    screens(record ? await observe(record, commands, run) : await run()),
  );
}

/**
 * Runs a server and its client in the same way, and draws what went over the
 * wire meanwhile. That takes tcpdump, and root; elsewhere a recorded run is drawn.
 *
 * @param name The name of the recorded run.
 * @param sessions The server, which has to be stopped, and its client.
 * @param alt What the picture shows, in words.
 */
export async function overhear(
  name: string,
  sessions: [server: Session, client: Session],
  alt: string,
): Promise<void> {
  const packets = await observe(name, ["root", "tcpdump"], async () => {
    const port = freePort();
    return once(
      await capture(`tcp port ${port}`, () => {
        return play(sessions, true, port);
      }),
    );
  });
  const server = packets[0].to;
  const names: [string, string] = ["client", "server"];
  await figure(
    await ladder(packets.map((packet) => rung(packet, server)), alt, { names }),
  );
}

/** A packet as a rung: what the programs said, or else TCP's own flags. */
function rung({ from, flags, length, text }: Packet, server: string): Step {
  const label = length > 0
    ? `${text} (${length} bytes)`
    : flags.replaceAll(" ", ", ");
  return {
    from: from === server ? "right" : "left",
    label,
    strong: length > 0,
  };
}

/** Runs the sessions; returns what stands in each terminal at the end. */
async function play(
  sessions: Session[],
  stop: boolean,
  port: number,
): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const running: Process[] = [];
  for (const session of sessions) {
    const process = stack.use(await open(session, port));
    running.push(process);
    const serves = running.length === 1 && sessions.length > 1;
    if (serves) await process.out.until(/waiting\n/);
    else await process.code();
  }
  const [server] = running;
  if (stop) {
    await server.out.until(/\n/, sessions.length);
    server.kill("SIGINT");
  }
  await server.code();
  return sessions.map((session, i) => {
    const end = stop && i === 0 ? "^C\n" : "";
    const { text } = running[i].out;
    return `$ ${commandOf(session)}\n` +
      text.replaceAll(`${port}`, "1234").replaceAll(STDIN, fileOf(session)) +
      end;
  });
}

/** How Deno calls a program that it was given on standard input. */
const STDIN = /file:\/\/\S*\$deno\$stdin\.\w+/g;

async function open(session: Session, port: number): Promise<Process> {
  if (typeof session !== "string") {
    const [program, ...args] = session.command.replace(PORT, String(port))
      .split(
        " ",
      );
    return new Process(program, args, {
      stdin: encode(session.types),
      stdout: "merge",
    });
  }
  const text = await Deno.readTextFile(session);
  return new Process("deno", [
    ...["run", "-q", "--no-prompt", "--ext=ts"],
    ...[`--allow-net=127.0.0.1:${port}`, "-"],
  ], { stdin: encode(text.replace(PORT, String(port))), stdout: "merge" });
}

function commandOf(session: Session): string {
  if (typeof session !== "string") return session.command;
  return `deno run --allow-net=127.0.0.1:1234 ${fileOf(session)}`;
}

function fileOf(session: Session): string {
  return typeof session === "string" ? session : session.command;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The terminals beside one another, as far as there is room. */
function screens(texts: string[]): Record<string, string> {
  const html = texts.map((text, i) =>
    `<div style="flex: 1 1 20em"><b>Terminal ${i + 1}</b>` +
    `<pre>${escapeHtml(text.trimEnd())}</pre></div>`
  );
  const plain = texts.map((text, i) => `Terminal ${i + 1}\n${text}`);
  return {
    "text/html": '<div style="display: flex; flex-wrap: wrap; gap: 0 1em">' +
      `${html.join("")}</div>`,
    "text/plain": plain.join("\n").trimEnd(),
  };
}
