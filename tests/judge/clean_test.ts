/** The judge leaves nothing behind, whatever the program does: no process, no
 * port, no stopped program; and what it says of it are plain words. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "../../lib/io.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { ask, withEnvironment } from "../../notebook/exercises/lib/system.ts";
import { linux, needs, Process, program, ROOT } from "../harness.ts";

const JUDGE = new URL("notebook/exercises/judge.ts", ROOT).pathname;
const GRANTS = ["--allow-net=127.0.0.1", "--allow-run"];

/** A judge that has ended: how, and what it said. */
interface Ended {
  code: number;
  words: string;
}

/**
 * Has a program judged, and makes sure that nothing is left of it.
 *
 * @param source The program, in Python.
 * @param args What the judge is told before the program.
 * @param interrupt Words of the program after which the judge gets a signal.
 */
async function judgeAndLookAround(
  source: string,
  args: string[] = ["echo"],
  interrupt?: { at: RegExp; signal: Deno.Signal },
): Promise<Ended> {
  const mark = crypto.randomUUID();
  await using judge = new Process("deno", [
    ...["run", "-q", "--no-prompt", ...GRANTS, JUDGE],
    ...[...args, "python3", "-c", source],
  ], { env: { MARKED: mark } });
  if (interrupt) {
    await judge.err.until(interrupt.at);
    judge.kill(interrupt.signal);
  }
  const code = await judge.code();
  assertEquals(await remaining(`MARKED=${mark}`), [], "processes");
  for (const [, port] of judge.err.text.matchAll(/port=(\d+)/g)) {
    assertEquals(await ask("ss", "-Hltn", "sport", "=", `:${port}`), "");
  }
  const words = judge.out.text + judge.err.text;
  assert(!/^\s+at .*\.ts:|Uncaught|undefined/m.test(words), words);
  return { code, words };
}

/** The processes that stay; what the judge itself asked the system may be ending. */
async function remaining(mark: string): Promise<number[]> {
  for (let looks = 0;; looks++) {
    const pids = await withEnvironment(mark);
    if (pids.length === 0 || looks === 50) return pids;
    await delay(0.02);
  }
}

/** An echo server that says its port, after some preparations of its own. */
const echo = (before: string) => `
import os, signal, socket, sys, time
${before}
with socket.create_server(("127.0.0.1", int(sys.argv[-1]))) as listener:
    print("port=" + sys.argv[-1], file=sys.stderr, flush=True)
    while True:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(1024):
                conn.sendall(data)
`;

/** Does not listen to any signal that can be caught. */
const DEAF = `
for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)`;

/** Leaves its parent, its session and its terminal, twice over. */
const DAEMON = `${DEAF}
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)`;

const python = [linux, program("python3"), program("ss")] as const;

const PASSING: Record<string, string> = {
  "ignores SIGTERM": echo(DEAF),
  "prints 100 MB to standard output": echo(
    `for _ in range(1600): os.write(1, b"x" * 65536)`,
  ),
  "prints 100 MB to standard error": echo(
    `for _ in range(1600): os.write(2, b"x" * 65535 + b"\\n")`,
  ),
  "closes its standard output": echo("os.close(1)"),
  "leaves a child that keeps the port": echo(
    `${DEAF}\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)`,
  ).replace(
    "    while True:",
    "    if not os.fork(): os.setsid(); time.sleep(600)\n    while True:",
  ),
};

for (const [what, source] of Object.entries(PASSING)) {
  Deno.test({
    ...needs(`nothing is left of a right program that ${what}`, ...python),
    async fn() {
      const { code, words } = await judgeAndLookAround(source);
      assertEquals(code, 0, words);
    },
  });
}

const FAILING: Record<string, [source: string, words: RegExp]> = {
  "becomes a daemon": [echo(DAEMON), /background/],
  "is killed": [
    echo("").replace("conn.sendall(data)", "os.kill(os.getpid(), 9)"),
    /was ended by SIGKILL/,
  ],
  "stops itself": [
    echo("").replace("conn.sendall(data)", "os.kill(os.getpid(), 19)"),
    /is not answered/,
  ],
  "never rests, and never listens": ["while True: pass", /listens nowhere/],
};

for (const [what, [source, said]] of Object.entries(FAILING)) {
  Deno.test({
    ...needs(`nothing is left of a program that ${what}`, ...python),
    async fn() {
      const { code, words } = await judgeAndLookAround(source);
      assertEquals(code, 1, words);
      assertMatch(words, said);
    },
  });
}

Deno.test({
  ...needs("a port that another program has is not judged", ...python),
  async fn() {
    const port = freePort();
    using _other = Deno.listen({ hostname: "127.0.0.1", port });
    const args = ["echo", "--port", `${port}`];
    const { code, words } = await judgeAndLookAround(echo(""), args);
    assertEquals(code, 3, words);
    assertMatch(words, RegExp(`port ${port} is in use`));
  },
});

/** At its first start somebody else has the port, for a connection of their own. */
const OCCUPIED = (seen: string) => `
if not os.path.exists("${seen}"):
    open("${seen}", "w").close()
    other = socket.create_server(("127.0.0.1", 0))
    own = ("127.0.0.1", int(sys.argv[-1]))
    client = socket.create_connection(other.getsockname(), source_address=own)
    if os.fork(): sys.exit("Address already in use")
    time.sleep(600)`;

Deno.test({
  ...needs("a port that is not free is no fault of the program", ...python),
  async fn() {
    const folder = await Deno.makeTempDir();
    const source = echo(OCCUPIED(`${folder}/seen`));
    const { code, words } = await judgeAndLookAround(source);
    assertEquals(code, 0, words);
    await Deno.remove(folder, { recursive: true });
  },
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test({
    ...needs(`nothing is left when the judge gets ${signal}`, ...python),
    async fn() {
      const source = echo(DEAF).replace("conn.sendall(data)", "pass");
      const at = { at: /port=\d+/, signal };
      const { code, words } = await judgeAndLookAround(source, ["echo"], at);
      assertEquals(code, 130, words);
      assert(!words.includes("✗"), words);
    },
  });
}
