/**
 * Words about the work, on standard error.
 *
 * @module
 */

import { format as formatBytes } from "@std/fmt/bytes";
import { formatAddress } from "./address.ts";
import type { Totals } from "./connection.ts";
import { bold } from "./escape.ts";
import { withTimeout, writeAll } from "./io.ts";

/** Says something about the work, in a line. */
export interface Log {
  /** Takes the line, and does not wait until it is out. */
  (line: string): void;
  /** Resolves when all lines are out, or cannot get out. */
  flush(): Promise<void>;
}

/** Characters that may be queued before further lines are left out. */
const HIGH_WATER_MARK = 2 ** 20;

/** Seconds that the last lines get to be written. */
const FLUSH_TIMEOUT = 5;

/**
 * Opens a log. It never waits: a terminal that was stopped must not stop a
 * server. What is too much for it is left out.
 *
 * @param role What each line begins with: `server` or `client`.
 * @param to Where it goes; on a terminal the role is bold. @default {Deno.stderr}
 * @returns The log.
 */
export function openLog(
  role: string,
  to: Pick<typeof Deno.stderr, "write" | "isTerminal"> = Deno.stderr,
): Log {
  const prefix = to.isTerminal() ? bold(`${role}:`) : `${role}:`;
  let queued = "";
  let flushing: Promise<void> | undefined;

  async function writeQueued(): Promise<void> {
    while (queued) {
      const text = queued;
      queued = "";
      await writeAll(to, text).catch(() => {}); // nobody is there to read it
    }
    flushing = undefined;
  }

  function log(line: string): void {
    if (queued.length > HIGH_WATER_MARK) return;
    queued += `${prefix} ${line}\n`;
    flushing ??= writeQueued();
  }

  async function flush(): Promise<void> {
    if (flushing) await withTimeout(FLUSH_TIMEOUT, flushing);
  }

  return Object.assign(log, { flush });
}

/** The two ends of a client's connection. */
export function describePath(
  local: Deno.NetAddr,
  remote: Deno.NetAddr,
): string {
  return `from ${formatAddress(local)} to ${formatAddress(remote)}`;
}

/** Sums a conversation up: `30 B received in 1 read, 24 B sent`. */
export function summarize({ received, sent, reads }: Totals): string {
  const times = reads === 1 ? "read" : "reads";
  return `${formatBytes(received)} received in ${reads} ${times}, ` +
    `${formatBytes(sent)} sent`;
}
