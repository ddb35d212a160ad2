/**
 * What a program asks of the kernel: its system calls, as strace writes them
 * down.
 *
 * @module
 */

import { type Child, start } from "./child.ts";

/** A system call. */
export interface Call {
  /** When it was made, in seconds since 1970. */
  time: number;
  /** The thread that made it. */
  thread: number;
  /** Its name. */
  name: string;
  /** What it was given. */
  args: string;
  /** What it returned: a number, or -1 and the name of an error. */
  result: string;
}

/** A program that runs under strace; to stop it is to stop the program. */
export interface Traced extends Child {
  /** Resolves to its system calls when it has ended. */
  calls(): Promise<Call[]>;
}

/**
 * Starts a program under strace.
 *
 * @param which Which calls, in strace's language: `%network,close`.
 * @param program Its name.
 * @param args Its arguments.
 * @returns The program, which runs already.
 * @throws {Deno.errors.NotFound} If there is no strace.
 */
export function trace(
  which: string,
  program: string,
  ...args: string[]
): Traced {
  const file = Deno.makeTempFileSync();
  const path = program === "deno" ? Deno.execPath() : program;
  const options = ["-f", "-qq", "-ttt", "-s", "64", "-e", `trace=${which}`];
  const child = start("strace", [...options, "-o", file, path, ...args]);
  const calls = child.ended().then(async () => {
    const text = await Deno.readTextFile(file);
    await Deno.remove(file);
    return parse(text);
  });
  function stop(signal?: Deno.Signal): void {
    const { pid } = child; // strace's; the program is its only child
    const children = `/proc/${pid}/task/${pid}/children`;
    Deno.kill(Number.parseInt(Deno.readTextFileSync(children)), signal);
  }
  const dispose = child[Symbol.asyncDispose].bind(child);
  return Object.assign(child, {
    calls: () => calls,
    stop,
    async [Symbol.asyncDispose]() {
      try {
        stop("SIGKILL"); // strace ends with it; without it it would stay
      } catch { // it has ended
      }
      await dispose();
    },
  });
}

/**
 * Reads what strace wrote: `4711 1700000000.123456 close(5) = 0`. A call that
 * another thread's cuts in two is put together again.
 */
function parse(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  for (const line of text.split("\n")) {
    const [, thread, time, rest] = /^(\d+) +([\d.]+) (.*)$/.exec(line) ?? [];
    const begun = /^(\w+)\((.*?),? <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>,? ?(.*?)\) += (.*)$/.exec(rest);
    const finished = /^(\w+)\((.*)\) += (.*)$/.exec(rest);
    if (begun || finished) {
      const [, name, args, result = ""] = (begun ?? finished)!;
      const call: Call = {
        time: Number(time),
        thread: Number(thread),
        name,
        args,
        result,
      };
      calls.push(call);
      if (begun) unfinished.set(thread, call);
    } else if (resumed) {
      const call = unfinished.get(thread)!;
      const [, args, result] = resumed;
      call.args = [call.args, args].filter(Boolean).join(", ");
      call.result = result;
    }
  }
  return calls;
}

/**
 * Of a program's system calls, those on its IPv4 sockets.
 *
 * @param calls All of them.
 * @returns Those that make such a socket, or are given one.
 */
export function onSockets(calls: Call[]): Call[] {
  const sockets = new Set<string>();
  return calls.filter(({ name, args, result }) => {
    const [fd] = args.split(",");
    const makes = name === "socket" && fd === "AF_INET";
    const accepts = name.startsWith("accept") && sockets.has(fd);
    if (makes || accepts) sockets.add(result);
    const isOne = makes || sockets.has(fd);
    if (name === "close") sockets.delete(fd);
    return isOne;
  });
}

/**
 * A system call in a few words: its name, its descriptor, what it returned.
 *
 * @param call The call.
 * @returns The words: `recvfrom(22) = 24`.
 */
export function brief({ name, args, result }: Call): string {
  const fd = /^\d+/.exec(args)?.[0] ?? "";
  const telling = Number(result) > 0 || /^(recv|read)/.test(name);
  return `${name}(${fd})${telling ? ` = ${result}` : ""}`;
}
