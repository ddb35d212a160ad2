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
  const asking = "while :; do date +%s.%N; ss -tinHO dport = :1234; done";
  await using shell = host.start("sh", "-c", asking);
  await shell.until(/cwnd/); // the first: from here on nothing is missed
  await work();
  shell.stop("SIGKILL");
  await shell.ended();
  const asked = shell.printed.split(/^(?=\d+\.\d+$)/m);
  const found = asked.flatMap((text) => {
    const [s, cwnd, again = 0] = [
      /^\S+/,
      /(?<=cwnd:)\d+/,
      /(?<=retrans:\d+\/)\d+/,
    ]
      .map((pattern) => pattern.exec(text)?.[0]).map((n) => n && Number(n));
    return s && cwnd ? [{ s, cwnd, again: again || 0 }] : [];
  });
  const begin = found[0]?.s ?? 0;
  return found.map(({ s, ...rest }) => ({ s: round(s - begin), ...rest }));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
