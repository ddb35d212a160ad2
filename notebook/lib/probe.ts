/**
 * What the kernel says about ports and processes, in the files of /proc. (Linux.)
 * A cell may read them; a test, like any program, takes a shell for it.
 *
 * @module
 */

import { run } from "./child.ts";

/** The states of a TCP socket that the chapters speak of, by Linux's numbers. */
const STATES: Record<string, string> = {
  "01": "ESTABLISHED",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "0A": "LISTEN",
};

/**
 * The state of the TCP socket that has a port of 127.0.0.1, as the kernel lists it
 * in `/proc/net/tcp`.
 *
 * @param port The port.
 * @returns Its name, Linux's number for a rarer one, or "none".
 */
export function stateOf(port: number): string {
  const [found] = socketsAt(port, Deno.readTextFileSync("/proc/net/tcp"));
  return found ? STATES[found.state] ?? found.state : "none";
}

/** Whether the system keeps a connection of this port in TIME_WAIT. */
export async function inTimeWait(port: number): Promise<boolean> {
  return socketsAt(port, await readTable()).some(({ state }) => state === "06");
}

/** How many clients wait at a port of 127.0.0.1 to be accepted. */
export async function waitingAt(port: number): Promise<number> {
  const sockets = socketsAt(port, await readTable());
  return sockets.find(({ state }) => state === "0A")?.waiting ?? 0;
}

/** The TCP sockets that have a port of 127.0.0.1. */
function socketsAt(port: number, table: string) {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const row = RegExp(`: 0100007F:${hex} \\S+ (\\S\\S) \\w+:(\\w+) `, "g");
  return Array.from(table.matchAll(row), ([, state, waiting]) => {
    return { state, waiting: parseInt(waiting, 16) };
  });
}

/** The states of a process's threads: S sleeps, T stands still; none are left if it is gone. */
export async function statesOf(pid: number): Promise<string[]> {
  const { printed } = await shell(STATUS, pid);
  const states = [...printed.matchAll(/^\d+ \(.*\) (\w)/gm)].map(([, s]) => s);
  return states.filter((state) => state !== "Z" && state !== "X");
}

/** A shell that runs no other program: not every place has a cat. */
export function shell(
  script: string,
  ...args: unknown[]
): ReturnType<typeof run> {
  return run("/bin/sh", "-c", script, ...args.map(String));
}

const STATUS = `for file in /proc/$0/task/*/stat; do
  read -r line < "$file" && echo "$line"; done 2> /dev/null`;

const TABLE = `command -v cat > /dev/null && exec cat /proc/net/tcp
  while read -r line; do echo "$line"; done < /proc/net/tcp`;

async function readTable(): Promise<string> {
  return (await shell(TABLE)).printed;
}
