/**
 * Looks at processes and sockets, by the tools that every Linux has. Where a tool
 * is missing the answer is undefined, and the judge falls back to waiting.
 *
 * @module
 */

import { delay } from "../../../lib/io.ts";

/** What a tool prints, or undefined if it is not there or fails. */
export async function ask(
  tool: string,
  ...args: string[]
): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(tool, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The rows of a table, each split into its columns. */
function rows(table: string): string[][] {
  return table.split("\n").filter(Boolean).map((row) =>
    row.trim().split(/\s+/)
  );
}

/** What the threads of a session do: `S` sleeps, `R` runs, `T` is held. */
export async function threadStates(
  session: number,
): Promise<string[] | undefined> {
  const table = await ask("ps", "-L", "-o", "stat=", "-s", `${session}`);
  return table === undefined
    ? undefined
    : rows(table).map(([state]) => state[0]);
}

/** What the processes of a session use, in sum. */
export async function usage(
  session: number,
): Promise<{ pids: number[]; seconds: number; bytes: number } | undefined> {
  const table = await ask(
    "ps",
    "-o",
    "pid=,cputimes=,rss=",
    "-s",
    `${session}`,
  );
  if (table === undefined) return undefined;
  const all = rows(table).map((row) => row.map(Number));
  const ticks = await processorTicks(all.map(([pid]) => pid));
  const sum = (column: number) => all.reduce((n, row) => n + row[column], 0);
  return {
    pids: all.map(([pid]) => pid),
    seconds: ticks === undefined ? sum(1) : ticks / TICKS,
    bytes: sum(2) * 1024,
  };
}

/** The parts of a second in which Linux counts. */
const TICKS = 100;

/** What processes have used of the processor: finer than the seconds of `ps`. */
async function processorTicks(pids: number[]): Promise<number | undefined> {
  const stats = await ask("cat", ...pids.map((pid) => `/proc/${pid}/stat`));
  return stats && rows(stats).reduce((sum, row) => {
        // The name of a process stands in brackets, and may have spaces in it.
        const [user, system] = row.slice(
          row.findLastIndex((word) => word.endsWith(")")),
        )
          .slice(12, 14);
        return sum + Number(user) + Number(system);
      }, 0) || undefined;
}

/** The addresses on which processes of a session listen: `127.0.0.1:20000`. */
export async function listening(
  session: number,
  protocol: "tcp" | "udp" = "tcp",
): Promise<string[] | undefined> {
  const used = await usage(session);
  const table = await ask("ss", protocol === "tcp" ? "-Hltnp" : "-Hlunp");
  if (!used || table === undefined) return undefined;
  return rows(table)
    .filter((row) =>
      used.pids.some((pid) => row.join().includes(`pid=${pid},`))
    )
    .map((row) => row[3]);
}

/** Whether somebody has bound a port for datagrams. */
export async function isBound(port: number): Promise<boolean | undefined> {
  const table = await ask("ss", "-Hlun", "sport", "=", `:${port}`);
  return table === undefined ? undefined : rows(table).length > 0;
}

/** The process that listens at a port. */
export async function listenerAt(port: number): Promise<number | undefined> {
  const table = await ask("ss", "-Hltnp", "sport", "=", `:${port}`);
  const [, pid] = /pid=(\d+)/.exec(table ?? "") ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** How many bytes wait, unread, at sockets whose other end is at this port. */
async function unread(port: number): Promise<number | undefined> {
  const table = await ask("ss", "-Htn", "dport", "=", `:${port}`);
  if (table === undefined) return undefined;
  return rows(table).reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** Waits until all that was sent from a port has been read. */
export async function untilRead(port: number): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    const bytes = await unread(port);
    if (bytes === undefined) return await delay(0.1);
    if (bytes === 0) return;
    await delay(0.005);
  }
}

/** The states of the connections whose local end is at this port. */
export async function statesAt(port: number): Promise<string[] | undefined> {
  const table = await ask("ss", "-Htan", "sport", "=", `:${port}`);
  return table === undefined ? undefined : rows(table).map(([state]) => state);
}

/** The number of files and sockets that a process has open. */
export async function openFiles(pid: number): Promise<number | undefined> {
  const table = await ask("ls", `/proc/${pid}/fd`);
  return table === undefined ? undefined : rows(table).length;
}

/** The processes in whose environment this stands, wherever they have gone. */
export async function withEnvironment(text: string): Promise<number[]> {
  const table = await ask("ps", "axeww", "-o", "pid=,command=") ?? "";
  return table.split("\n").filter((row) => row.includes(text)).map(parseFloat)
    .filter((pid) => pid !== Deno.pid);
}
