/**
 * A server as a program: it prints what peers say, until a signal stops it.
 *
 * @module
 */

import { yellow } from "@std/fmt/colors";
import { formatAddress, isLoopback } from "./address.ts";
import { bold, prefixLines } from "./escape.ts";
import { type Log, summarize } from "./log.ts";
import { Output } from "./output.ts";
import type { Running } from "./program.ts";
import type { Reports } from "./reports.ts";
import type { Server } from "./serve.ts";

/** Seconds in which text is gathered for one write: too short to be seen. */
const GATHERING = 0.01;

/** What else there is to a server that runs. */
export interface Extras {
  /** What there is to say about an address it is bound to, if anything. */
  noteOn?(addr: Deno.NetAddr): string | undefined;
  /** Where what peers say is printed. @default {standard output} */
  output?: Output;
}

/**
 * Runs a server until it is done, or a signal stops it.
 *
 * @param serve Starts it; it may print what it makes of what peers say.
 * @param options Its options, from the command line.
 * @param running Where its words go.
 * @param extras What else there is to it.
 */
export async function runServer<
  O extends { hostname: string; verbose: boolean },
>(
  serve: (options: O & Reports, output: Output) => Server,
  options: O,
  running: Running,
  { noteOn, output = openOutput(running.log) }: Extras = {},
): Promise<void> {
  const windows = Deno.build.os === "windows";
  const signals: Deno.Signal[] = ["SIGINT", windows ? "SIGBREAK" : "SIGTERM"];
  const stop = Promise.withResolvers<void>();
  for (const signal of signals) Deno.addSignalListener(signal, stop.resolve);
  const reports = reportsOf(options, running, output);
  const server = serve({ ...options, ...reports }, output);
  const note = noteOn?.(server.addr);
  if (note) running.log(note);
  await Promise.race([server.finished, stop.promise]);
  // A second signal is not for us: it ends the process at once.
  for (const signal of signals) Deno.removeSignalListener(signal, stop.resolve);
  const slow = setTimeout(() => {
    running.log(
      "stopping: open conversations have 5 s to end; Ctrl-C ends them now",
    );
  }, 100);
  await server.shutdown();
  clearTimeout(slow);
  await output.flush();
}

function openOutput(log: Log): Output {
  return new Output(log, { gathering: GATHERING });
}

/** A server's reports for people: text on standard output, words on the other. */
function reportsOf(
  { hostname, verbose }: { hostname: string; verbose: boolean },
  { log, explain }: Running,
  output: Output,
): Reports {
  const onTerminal = Deno.stdout.isTerminal();
  return {
    onListen(addr) {
      // The system does not repeat the zone, without which nobody gets here.
      const zoned = hostname.includes("%") ? { ...addr, hostname } : addr;
      log(`listening on ${formatAddress(zoned)}`);
    },
    onText(text, peer) {
      const from = `${formatAddress(peer)}>`;
      const prefix = `${onTerminal ? bold(from) : from} `;
      return output.write(prefixLines(text, prefix));
    },
    onError(error, at) {
      // A UDP server needs both: its own address, and the peer's to answer.
      const hosts = [{ hostname }, { hostname: at.hostname }].map(
        formatAddress,
      );
      const grant = isLoopback(hostname) ? [...new Set(hosts)].join() : "";
      log(
        yellow(
          explain(error, { ...at, grant }) ?? wordsOn(error),
        ),
      );
    },
    ...(verbose && {
      onOpen: (peer) => log(`${formatAddress(peer)} connected`),
      onDone: (peer, totals) =>
        log(`${formatAddress(peer)} over: ${summarize(totals)}`),
    }),
  };
}

/** A fault of the code is of use only with the place where it happened. */
function wordsOn(error: Error): string {
  const isBug = error instanceof TypeError || error instanceof ReferenceError;
  return isBug ? error.stack ?? error.message : error.message;
}
