/**
 * What the kernel knows of a connection that it would not tell a program.
 *
 * @module
 */

import type { Host } from "./namespaces.ts";

/** A moment in the life of a connection that sends as fast as it can. */
export interface Sample {
  /** Seconds since it began. */
  s: number;
  /** The congestion window, in segments. */
  cwnd: number;
  /** Segments sent again so far. */
  again: number;
}

/**
 * Asks `ss` again and again about the one connection from a host to port 1234.
 * A program of its own does it, so that nothing we do here can delay it.
 *
 * @param host The host that sends.
 * @param work What to do meanwhile.
 * @returns What `ss` said, for as many moments as it could.
 */
export async function sample(
  host: Host,
  work: () => Promise<unknown>,
): Promise<Sample[]> {
  const asking = "while read time _ < /proc/uptime; do " +
    "echo $time; ss -tinHO dport = :1234; done";
  const urgent = ["-n", "-20", "sh", "-c", asking]; // on a busy machine, too
  await using shell = host.start("nice", ...urgent);
  await shell.until(/cwnd/); // the first: from here on nothing is missed
  await work();
  shell.stop("SIGKILL");
  await shell.ended();
  const asked = shell.printed.split(/^(?=\d+\.\d+$)/m).map((text) => ({
    s: numberIn(text, /^\S+/),
    cwnd: numberIn(text, /(?<=cwnd:)\d+/),
    again: numberIn(text, /(?<=retrans:\d+\/)\d+/), // only if there are any
  }));
  const found = asked.filter(({ cwnd }) => cwnd > 0);
  const since = (s: number) => Math.round((s - found[0].s) * 100) / 100;
  return found.map(({ s, ...rest }) => ({ s: since(s), ...rest }));
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[0] ?? 0);
}
