/**
 * Programs that are not there: that have ended, listen elsewhere, or never connect.
 *
 * @module
 */

import type { Program } from "./program.ts";
import { cause, Symptom, Untried } from "./symptom.ts";

/** A client that runs, and goes nowhere. */
export function neverConnects(port: number): Symptom {
  return new Symptom("absent", "Your program runs, and does not connect.", {
    cause: cause(
      "never-connects",
      `Your program never connects to 127.0.0.1:${port}, the port that ` +
        "it is given as its last argument.",
    ),
  });
}

/** A server that somebody else has started, and that is not there. */
export function nobodyThere(): Symptom {
  return new Symptom("absent", "Nobody listens there (any longer).", {
    cause: cause("not-there", "The server is not running, or has ended."),
  });
}

/** A port that the program insists on, and that another program has. */
export function portInUse(port: number): Untried {
  return new Untried(
    `another program uses port ${port}; end that one first, or choose another port`,
  );
}

/** Binds a port of the judge's own. */
export function binding<T>(port: number, bind: () => T): T {
  try {
    return bind();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw portInUse(port);
    throw error;
  }
}

/** Whether a program has worked for so long that it cannot be its start any more. */
export async function isSpinning(program: Program): Promise<boolean> {
  return (await program.processorTime() ?? 0) > STARTING;
}

/** Seconds of the processor that a program may use before it listens or connects. */
export const STARTING = 8;

/** A server that resets each connection before a word is said. */
export function resetAtOnce(): Symptom {
  return new Symptom("reset", "is reset at once, each time");
}

/**
 * A program that has ended.
 *
 * @param program The program.
 * @param served Whether somebody could connect to it before.
 */
export async function exited(
  program: Program,
  served: boolean,
): Promise<Symptom> {
  await program.lastWords();
  const { code, signal } = program.exit!;
  const how = signal ? `by ${signal}` : `with exit code ${code}`;
  if (served) {
    return new Symptom(
      "absent",
      `finds nobody: your program has ended, ${how}`,
    );
  }
  const seen = `Your program ended ${how} before anything could be tried.`;
  const words = program.telling
    ? `Its last words: ${program.telling}`
    : "It ended without a word: does it wait for a client at all?";
  return new Symptom("absent", seen, { cause: cause("exits-at-start", words) });
}

/** A program that has started another one, and ended. */
export function wentAway(): Symptom {
  const words = "Your program starts another one, which serves in the " +
    "background, and ends itself. Let it stay: the judge has to hold it, and to end it.";
  return new Symptom("absent", "Your program does not stay.", {
    cause: cause("goes-to-background", words),
  });
}

/** A server that listens, but not where it should. */
export function elsewhere(
  protocol: string,
  port: number,
  addresses: string[],
): Symptom {
  const found = addresses.length
    ? `It listens on ${addresses.join(" and ")} instead.`
    : "It runs, but listens nowhere.";
  return new Symptom("absent", `Nobody listens on 127.0.0.1:${port}.`, {
    cause: cause(
      addresses.length ? "listens-elsewhere" : "never-listens",
      `${found} The port is its last argument, and is in the variable PORT ` +
        `(${protocol.toUpperCase()}).`,
    ),
  });
}
