/**
 * Programs that are not there: that have ended, listen elsewhere, or never connect.
 *
 * @module
 */

import type { Program } from "./program.ts";
import { cause, Symptom, Untried } from "./symptom.ts";
import { listening } from "./system.ts";

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
async function isSpinning(program: Program): Promise<boolean> {
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
  if (served) {
    const why = code === 0 && !signal
      ? ": your program has ended, with exit code 0"
      : ""; // how it ended is told anyway
    return new Symptom("absent", `finds nobody${why}`);
  }
  const how = signal ? `by ${signal}` : `with exit code ${code}`;
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

/** A server that runs, and does not listen where it should. */
export async function elsewhere(
  { pid }: Program,
  protocol: "tcp" | "udp",
  port: number,
): Promise<Symptom> {
  const other = protocol === "tcp" ? "udp" : "tcp";
  const addresses = await listening(pid, protocol) ?? [];
  const others = await listening(pid, other) ?? [];
  const isPort = (address: string) => address.endsWith(`:${port}`);
  const seen = `Nobody listens on 127.0.0.1:${port}.`;
  const told = (id: string, words: string) =>
    new Symptom("absent", seen, { cause: cause(id, words) });
  if (others.some(isPort)) {
    const [right, wrong] = [protocol, other].map((name) => name.toUpperCase());
    return told(
      "wrong-protocol",
      `Your program has that port over ${wrong}. This exercise is over ${right}.`,
    );
  }
  const found = addresses.find(isPort);
  if (found) {
    const family = found.startsWith("[")
      ? " That is IPv6, and 127.0.0.1 is IPv4."
      : "";
    return told(
      "listens-elsewhere",
      `Your program listens on ${found}: the port is right, the address is not.${family}`,
    );
  }
  const which = "The port to use is its last argument, and is in the " +
    "environment as PORT.";
  return addresses.length
    ? told(
      "listens-elsewhere",
      `Your program listens on ${addresses.join(" and ")} instead. ${which}`,
    )
    : told(
      "never-listens",
      `Your program runs, but listens nowhere. ${
        protocol === "tcp" ? "Does it bind(), and then listen()? " : ""
      }${which}`,
    );
}

/** Seconds that a program may sleep before it listens. */
const START = 3;

/**
 * Whether a program that does not listen where it should is not about to.
 *
 * @param program The program.
 * @param protocol What it should listen with.
 * @param port Where.
 * @param slept For how many seconds it has been asleep; 0 if it works.
 */
export async function isLost(
  program: Program,
  protocol: "tcp" | "udp",
  port: number,
  slept: number,
): Promise<boolean> {
  if (slept === 0) return await isSpinning(program);
  if (slept <= 0.3) return false;
  return slept > START || await isMistaken(program, protocol, port);
}

/** Whether it has opened what it listens with, but not where it should. */
async function isMistaken(
  { pid }: Program,
  protocol: "tcp" | "udp",
  port: number,
): Promise<boolean> {
  const other = protocol === "tcp" ? "udp" : "tcp";
  const others = await listening(pid, other) ?? [];
  if (others.some((address) => address.endsWith(`:${port}`))) return true;
  const addresses = await listening(pid, protocol) ?? [];
  return protocol === "tcp" && addresses.length > 0;
}
