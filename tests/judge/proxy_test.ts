/** The judge against itself: a line that cuts, joins and delays all that passes
 * between it and a program changes no verdict. */

import { assertEquals } from "@std/assert";
import { find } from "../../notebook/exercises/lib/catalogue.ts";
import type { Verdict } from "../../notebook/exercises/lib/exercise.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { needs, portOf, Process, times, unix } from "../harness.ts";
import { endEverything } from "../../notebook/exercises/lib/program.ts";
import {
  accusations,
  type Candidate,
  judged,
  ours,
  solutions,
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
  if (UDP.includes(candidate.slug)) await portOf(server);
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

for (const seed of [1, 2]) {
  Deno.test({
    ...needs(`a bad line (${seed}) makes no right program wrong`, unix),
    async fn() {
      const candidates = [...solutions(), ...ours()];
      const found: string[] = [];
      const skipped: string[] = [];
      await times(candidates.length, async (i) => {
        const line = badLine(seed + i);
        const begun = performance.now();
        const verdicts = await verdictsBehind(candidates[i], line);
        console.log(
          candidates[i].path,
          candidates[i].slug,
          performance.now() - begun,
        );
        found.push(...accusations(candidates[i], verdicts));
        skipped.push(
          ...verdicts.filter((v) => v.status === "skip").map((v) =>
            candidates[i].path + " " + v.step + " " + v.message
          ),
        );
      }, 4);
      await endEverything();
      console.log(skipped.join("\n"));
      assertEquals(found, []);
    },
  });
}
