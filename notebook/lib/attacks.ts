/**
 * Twelve ways to bring a small server down, each done for real: the server is a
 * process of its own, and what is decided is decided by what is on the wire and
 * in that process, never by a clock.
 *
 * "Nothing comes" is believed when every thread of the server sleeps: whatever
 * it was going to do with what it has been sent, it has done.
 *
 * @module
 */

import { encode, withTimeout } from "../../lib/io.ts";
import { inTimeWait } from "./probe.ts";
import { isMet, RECORDED } from "./record.ts";
import {
  type Client,
  connectByNode,
  listSteps,
  Victim,
  type VictimOptions,
} from "./victim.ts";

/** What became of a server that was attacked. */
export interface Outcome {
  /** The attack's name. */
  attack: string;
  /** The step that was attacked, such as `01`. */
  step: string;
  /** Whether the attack failed. */
  survived: boolean;
  /** What was done and seen, a line each; the last is the verdict. */
  log: string[];
  /** Megabytes that the server grew by, where that was measured. */
  growth?: number;
}

/** One attack. */
interface Attack extends VictimOptions {
  /** Does it; returns what went wrong for the server, if anything did. */
  run(victim: Victim): Promise<string | undefined>;
}

// --- What is done ------------------------------------------------------------

/** A second client, while a first one stays and says nothing. */
async function waits(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await victim.quiet();
  victim.log(`A connects, ${greeted(a)}, and stays`);
  await using b = await victim.connect();
  await victim.quiet();
  victim.log(`B connects, ${greeted(b)}`);
  if (b.received > 0) return;
  await a.leave();
  await victim.quiet();
  victim.log(`A leaves; B ${greeted(b)}`);
  return b.received > 0 ? "B had to wait for A" : "B is never served";
}

/** One message in two writes: the second when the first has been read. */
async function pieces(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await a.say("Good");
  await victim.quiet();
  victim.log('A says "Good", which is read');
  await a.say("bye!");
  await a.leave();
  victim.log('A says "bye!", and ends');
  return shows(victim, "Goodbye!", /^Good.*/m);
}

/** A character of two bytes, cut between them. */
async function split(victim: Victim): Promise<string | undefined> {
  const [head, tail] = [encode("Grün").slice(0, 3), encode("Grün").slice(3)];
  await using a = await victim.connect();
  await a.say(head);
  await victim.quiet();
  victim.log("A says 47 72 c3, which is read");
  await a.say(tail);
  await a.leave();
  victim.log("A says bc 6e, and ends");
  return shows(victim, "Grün", /^Gr.*/m);
}

/** A greeting that is larger than what the kernel takes at once. */
async function shortWrite(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect({ deaf: true });
  await a.say("Hello?");
  await a.leave();
  await victim.quiet();
  victim.log("A says hello, and does not read until the server sleeps");
  a.listen();
  await a.over;
  const [came, all] = [a.received, victim.greeting].map((n) =>
    n.toLocaleString("en")
  );
  victim.log(`A reads to the end: ${came} of ${all} bytes`);
  if (came !== all) return "a part of the greeting is lost";
}

/** A client that crashes while the server waits for it. */
async function reset(victim: Victim): Promise<string | undefined> {
  const crash = await connectByNode(victim.port);
  await victim.quiet();
  victim.log("A connects; the server greets it, and waits");
  await crash();
  victim.log("A resets the connection");
  await victim.quiet();
  return undefined;
}

/** The same, before the server has accepted it: it is held meanwhile. */
async function early(victim: Victim): Promise<string | undefined> {
  victim.child.stop("SIGSTOP");
  const crash = await connectByNode(victim.port);
  victim.log("The server is held. A connects (the kernel does that alone)");
  await crash();
  victim.log("A resets the connection. The server goes on");
  victim.child.stop("SIGCONT");
  await victim.quiet();
  return undefined;
}

/** A client that neither says anything nor leaves. */
async function silent(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await victim.quiet();
  victim.log(`A connects, ${greeted(a)}, and says nothing`);
  await withTimeout(5 * SILENCE, a.over);
  await victim.quiet();
  if (a.ended) return void victim.log("the server ends the connection");
  victim.log("nothing happens, five times as long as the server was told");
  return "A could stay for ever";
}

/** A message without an end. */
async function tooMuch(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await victim.quiet();
  const before = await victim.memory();
  const piece = encode("x".repeat(2 ** 16));
  let sent = 0;
  while (!a.ended && sent < FLOOD && await a.say(piece)) sent += piece.length;
  await victim.quiet();
  const growth = victim.growth = await victim.memory() - before;
  const cut = sent < FLOOD;
  victim.log(
    `A says "xxxx..." without an end; ` +
      (cut ? "the server cuts it off" : "after 64 MiB it stops by itself"),
    `the server's memory: ${growth < 1 ? "no" : `${growth}`} MB more`,
  );
  if (!cut) return "one client may fill the memory";
}

/** More clients than the server may have descriptors, all at once. */
async function crowd(victim: Victim): Promise<string | undefined> {
  await victim.settled();
  const calls = Array.from({ length: 100 }, () => victim.connect());
  const answers = await Promise.allSettled(calls); // it may die meanwhile
  const sleeps = await victim.quiet();
  victim.log("100 clients connect; the server may have 64 descriptors");
  const failures = () => [...victim.child.printed.matchAll(/many open files/g)];
  victim.log(
    failures().length > 0 ? '"Too many open files"' : "it says nothing of them",
  );
  for (const answer of answers) {
    if (answer.status !== "fulfilled") continue;
    await answer.value[Symbol.asyncDispose]();
  }
  victim.log("all leave");
  // It may sleep because nobody reads as fast as it complains.
  if ((!sleeps || failures().length > 100) && !await victim.isGone()) {
    return "it tries again and again, without a pause";
  }
  victim.patience = 5; // it may be backing off
}

/** Bytes that a terminal obeys, and a line that the server never wrote. */
async function controls(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await a.say("\x1b[2J\x9b31mred\nport 6666");
  await a.leave();
  victim.log("A says ESC [2J, CSI 31m, red, a new line, and port 6666");
  await victim.quiet();
  const screen = victim.child.printed;
  if (!screen.includes("red")) return "nothing is shown of it";
  const harm = [
    screen.includes("\x1b[2J") && "the terminal is cleared",
    screen.includes("\x9b31m") && "the text turns red",
    /^port 6666/m.test(screen) && "a line is forged",
  ].filter(Boolean);
  victim.log(
    harm.length > 0
      ? harm.join("; ")
      : `the screen shows ${/^.*red.*$/m.exec(screen)![0]}`,
  );
  if (harm.length > 0) return "A writes on the screen what it likes";
}

/** SIGTERM, while somebody is in the middle of a message. */
async function terminate(victim: Victim): Promise<string | undefined> {
  await using a = await victim.connect();
  await a.say("last ");
  await victim.quiet();
  victim.child.stop("SIGTERM");
  victim.log('A says "last "; the server gets SIGTERM');
  await victim.quiet();
  if (await victim.isGone()) {
    const code = await victim.child.ended();
    return `it ends at once with code ${code}, in mid-conversation`;
  }
  const refuses = await victim.refuses();
  victim.log(refuses ? "B is refused" : "B is still accepted");
  await a.say("words");
  await a.leave();
  await victim.quiet();
  const wrong = await shows(victim, "last words", /^last.*/m);
  const code = await withTimeout(10, victim.child.ended());
  if (code === undefined) return "it does not end";
  victim.log(`the server ends with code ${code}`);
  victim.isOver = true;
  return wrong ?? (!refuses || code !== 0 ? "it ends badly" : undefined);
}

/** A new start on a port whose last connection is in TIME_WAIT. */
async function timeWait(victim: Victim): Promise<string | undefined> {
  const { port } = victim;
  {
    await using a = await victim.connect();
    await victim.quiet();
    victim.child.stop("SIGKILL"); // so that the server's side closes first
    await a.over;
  }
  const proof = await inTimeWait(port);
  if (!proof) throw new Error("no TIME_WAIT here: it could not be tried");
  victim.log("A is greeted; the server is killed; its port is in TIME_WAIT");
  victim.log("the server is started again, on the same port");
  await victim.restart(port);
  return undefined;
}

/** Seconds of silence that the server is told to bear in the attack `silent`. */
const SILENCE = 0.2;

/** Bytes after which the attack `tooMuch` stops by itself. */
const FLOOD = 2 ** 26;

/** The attacks, in the order of the chapter. */
const ATTACKS: Record<AttackName, Attack> = {
  "one at a time": { run: waits },
  "message in pieces": { run: pieces },
  "split character": { run: split },
  "short write": { args: [500_000], run: shortWrite },
  "reset": { run: reset },
  "reset before accept": { run: early },
  "silence": { args: [1, SILENCE], run: silent },
  "too much": { run: tooMuch },
  "crowd": { descriptors: 64, run: crowd },
  "control characters": { run: controls },
  "SIGTERM": { run: terminate },
  "TIME_WAIT": { run: timeWait },
};

/** The name of an attack. */
export type AttackName =
  | "one at a time"
  | "message in pieces"
  | "split character"
  | "short write"
  | "reset"
  | "reset before accept"
  | "silence"
  | "too much"
  | "crowd"
  | "control characters"
  | "SIGTERM"
  | "TIME_WAIT";

/** The names of all attacks, in the order of the chapter. */
export const NAMES = Object.keys(ATTACKS) as AttackName[];

// --- How it is done ----------------------------------------------------------

/**
 * Starts a step as a process of its own, attacks it, and ends it.
 *
 * @param name The attack.
 * @param step The step: `01` is `growing/01.ts`; a path or an address is taken,
 * too.
 * @returns What became of it; where it cannot be tried, what was recorded.
 */
export async function attack(name: AttackName, step: string): Promise<Outcome> {
  if (isMet("linux")) return await attackNow(name, step);
  const file = new URL("growing.json", RECORDED);
  const { day, on, found } = JSON.parse(await Deno.readTextFile(file));
  const recorded = (found as Outcome[]).find((outcome) =>
    outcome.attack === name && outcome.step === step
  );
  if (!recorded) throw new Error(`no run of ${name} on ${step} was recorded`);
  const note = `(A run recorded on ${day}, ${on}:)`;
  return { ...recorded, log: [note, ...recorded.log] };
}

/**
 * Attacks every step in every way.
 *
 * @returns What became of each: attack by attack, and in it step by step.
 */
export async function matrix(): Promise<Outcome[]> {
  const steps = await listSteps();
  const pairs = NAMES.flatMap((name) => steps.map((s) => [name, s] as const));
  const outcomes: Outcome[] = [];
  let next = 0;
  await Promise.all([1, 2].map(async () => { // two at a time
    while (next < pairs.length) {
      const i = next++;
      outcomes[i] = await attackNow(...pairs[i]);
    }
  }));
  return outcomes;
}

async function attackNow(name: AttackName, step: string): Promise<Outcome> {
  const { run, ...options }: Attack = ATTACKS[name];
  await using victim = await Victim.start(step, options);
  const wrong = await run(victim) ?? await victim.trouble();
  const verdict = wrong ? `✗ ${wrong}` : "✓ it is there, and serves the next";
  victim.log(victim.isOver && !wrong ? "✓ it ended well" : verdict);
  const { lines: log, growth } = victim;
  const outcome = { attack: name, step, survived: !wrong, log };
  return growth === undefined ? outcome : { ...outcome, growth };
}

/** What is wrong if the screen does not show these words. */
async function shows(
  victim: Victim,
  words: string,
  instead: RegExp,
): Promise<string | undefined> {
  await victim.quiet();
  const screen = victim.child.printed;
  const shown = instead.exec(screen)?.[0] ?? "nothing";
  victim.log(`the screen shows ${shown}`);
  if (!screen.includes(words)) return `it should show ${words}`;
}

function greeted({ received }: Client): string {
  return received > 0 ? "is greeted" : "gets nothing";
}
