/** The judge against itself: a line that cuts, joins and delays all that passes
 * between it and a program changes no verdict. */

import { assertEquals } from "@std/assert";
import { find } from "../../notebook/exercises/lib/catalogue.ts";
import type { Verdict } from "../../notebook/exercises/lib/exercise.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { linux, needs, PATIENT, portOf, Process, times } from "../harness.ts";
import { endEverything } from "../../notebook/exercises/lib/program.ts";
import {
  accusations,
  type Candidate,
  judged,
  ours,
  solutions,
  wrongs,
} from "./programs.ts";
import { badLine, type Line, type Proxy, tcpProxy, udpProxy } from "./proxy.ts";

/** Exercises over UDP. */
const UDP = ["datagrams", "ask-again", "bad-line"];

async function proxy(
  { slug }: Candidate,
  to: number,
  line: Line,
  patient: boolean,
): Promise<Proxy> {
  if (UDP.includes(slug)) return udpProxy(to, line);
  return await tcpProxy(to, line, patient);
}

/** Judges a server that runs already, behind a line. */
async function serverVerdicts(
  candidate: Candidate,
  line: Line,
): Promise<Verdict[]> {
  const port = freePort();
  const [program, ...args] = [...candidate.command, `${port}`];
  await using server = new Process(program, args);
  await portOf(server); // the judge takes it for one that runs already
  await using between = await proxy(candidate, port, line, true);
  const connect = { hostname: "127.0.0.1", port: between.port };
  return await judged(candidate, { connect });
}

/** Judges a client that is told the port of a line instead of the judge's. */
async function clientVerdicts(
  candidate: Candidate,
  line: Line,
): Promise<Verdict[]> {
  const port = freePort();
  await using between = await proxy(candidate, port, line, false);
  // The judge's port has to stand somewhere, where it does no harm.
  const command = ["env", "JUDGE={port}", ...candidate.command];
  command.push(`${between.port}`);
  return await judged(candidate, { command, port });
}

async function verdictsBehind(
  candidate: Candidate,
  line: Line,
): Promise<Verdict[]> {
  return find(candidate.slug)!.kind === "server"
    ? await serverVerdicts(candidate, line)
    : await clientVerdicts(candidate, line);
}

/** Programs that are judged at once: most of the time they wait. */
const AT_ONCE = 6;

/** Judges them all behind lines of their own; what is found of each. */
async function judgedBehindLines(
  candidates: Candidate[],
  line: (seed: number) => Line,
  find: (candidate: Candidate, verdicts: Verdict[]) => string[],
): Promise<string[]> {
  const found: string[] = [];
  await times(candidates.length, async (i) => {
    const verdicts = await verdictsBehind(candidates[i], line(1 + i));
    found.push(...find(candidates[i], verdicts));
  }, AT_ONCE);
  await endEverything();
  return found;
}

/** Every second one: those of an exercise are much alike. */
function half(candidates: Candidate[]): Candidate[] {
  return candidates.filter((_, i) => i % 4 === 0 || i % 4 === 3);
}

Deno.test({
  ...needs("a bad line makes no right program wrong", linux),
  ...PATIENT,
  fn: async () => {
    const candidates = [...half(solutions()), ...ours()];
    assertEquals(await judgedBehindLines(candidates, badLine, accusations), []);
  },
});

const ENDS = "it ends, or waits, with its first client: there is no next";
const ACCEPTS = "the line accepts in its place";
const LATER = "what one step does to it shows in the next, as it goes on";

/**
 * Wrong programs whose defect looks like another one behind a line, and why. Of
 * those that never listen where they should there is nothing to be seen at all.
 */
const ALIKE: Record<string, string> = {
  "ask-again/believes-anybody": "no stranger is heard through the line",
  "ask-again/floods": "it gives up before the line has brought the answer",
  "bad-line/does-not-wait": "it has ended before the line has brought all",
  "chat/dies-of-a-leaver": LATER,
  "datagrams/only-one-sender": LATER,
  "echo/never-closes": ENDS,
  "first-server/never-closes": ENDS,
  "lengths/dies-of-half-a-frame": ENDS,
  "lengths/header-split": ENDS,
  "silence/cuts-the-busy": "the line is late, too",
  "silence/exits-at-timeout": ACCEPTS,
};

/** What a wrong program is accused of, if that is not its defect. */
function misnamed({ path }: Candidate, verdicts: Verdict[]): string[] {
  const { id, step, message } = verdicts.at(-1)!;
  const isNamed = path.split("/").at(-1)!.startsWith(id ?? "");
  const isAlike = Object.keys(ALIKE).some((name) => path.includes(`/${name}`));
  return isNamed || isAlike ? [] : [`${path} by ${step}: ${id}: ${message}`];
}

Deno.test({
  ...needs("a bad line turns no defect into another", linux),
  ...PATIENT,
  fn: async () => {
    // Without cuts: a twin that is cut as well is no twin.
    const line = (seed: number) => ({ ...badLine(seed), cuts: [] });
    const candidates = half(wrongs()).filter(({ path }) =>
      !/start|elsewhere/.test(path)
    );
    assertEquals(await judgedBehindLines(candidates, line, misnamed), []);
  },
});
