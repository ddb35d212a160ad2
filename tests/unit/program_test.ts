/**
 * A program from its command line to its exit code, in process: `Deno.exit()`,
 * the arguments and the signals are the test's.
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import {
  boolean,
  host,
  integer,
  required,
  type Values,
} from "../../lib/flags.ts";
import type { Output } from "../../lib/output.ts";
import { main, type Program, quote, type Running } from "../../lib/program.ts";
import type { Reports } from "../../lib/reports.ts";
import type { Server } from "../../lib/serve.ts";
import { runServer } from "../../lib/service.ts";
import { FakeTime, replace } from "../harness.ts";
import { turn } from "./fakes.ts";

// --- Words for a shell -------------------------------------------------------

Deno.test("quote() leaves alone what every shell takes as it is", () => {
  for (const word of ["a", "--port=80", "127.0.0.1:80,b", "a/b_c.ts", "@+%"]) {
    assertEquals(quote(word, "linux"), word);
  }
  for (const word of ["a", "--port=80", "127.0.0.1:80,b", "C:\\a\\b_c.ts"]) {
    assertEquals(quote(word, "windows"), word);
  }
});

Deno.test("quote() quotes the rest for a shell of Unix", () => {
  const table = [
    ["", "''"],
    ["[::1]:80", "'[::1]:80'"],
    ["a b", "'a b'"],
    ["it's", "'it'\\''s'"],
    ["$HOME", "'$HOME'"],
    ["~", "'~'"],
    ["a\nb", "'a\\x0ab'"],
    ["\x1b[2J", "'\\x1b[2J'"],
    ["a\\b", "'a\\b'"],
  ];
  for (const [word, quoted] of table) {
    assertEquals(quote(word, "linux"), quoted);
    assertEquals(quote(word, "darwin"), quoted);
  }
});

Deno.test("quote() quotes the rest for Windows", () => {
  const table = [
    ["", '""'],
    ["[::1]:80", '"[::1]:80"'],
    ["it's", '"it\'s"'],
    ['say "hi"', '"say ""hi"""'],
    ["C:\\my files\\", '"C:\\my files\\\\"'],
    ["C:\\my files\\in", '"C:\\my files\\in"'],
    ['a\\"b\\\\" c', '"a\\\\""b\\\\\\\\"" c"'],
    ["100%", '"100%"'],
    ["\x1b[2J", '"\\x1b[2J"'],
  ];
  for (const [word, quoted] of table) {
    assertEquals(quote(word, "windows"), quoted);
  }
});

// --- From the command line to the exit code ----------------------------------

const FLAGS = {
  hostname: host("127.0.0.1", "where"),
  port: integer(1234, [0, 65_535], "which"),
  verbose: boolean("say more"),
};

type Options = Values<typeof FLAGS>;

/** Thrown in place of an exit, which would end the tests. */
class Exit extends Error {}

/** What came of a program: its exit code, and what it wrote. */
interface End {
  code: number | undefined;
  out: string;
  err: string;
  requested: string[];
  atExit: { out: string; err: string };
}

/** Puts a value in the place of what Deno only lets us read. */
function define<K extends keyof typeof Deno>(
  name: K,
  value: typeof Deno[K],
): Disposable {
  const own = Object.getOwnPropertyDescriptor(Deno, name)!;
  Object.defineProperty(Deno, name, { value, configurable: true });
  return {
    [Symbol.dispose]: () => void Object.defineProperty(Deno, name, own),
  };
}

/** Runs a program with arguments. */
async function run(
  args: string[],
  overrides: Partial<Program<typeof FLAGS>> = {},
  {
    terminal = false,
    signals = new Map<string, () => unknown>(),
    answer = Promise.resolve(),
    slow = false,
  } = {},
): Promise<End> {
  const end: End = {
    code: undefined,
    out: "",
    err: "",
    requested: [],
    atExit: { out: "", err: "" },
  };
  const decoder = new TextDecoder();
  function stream(name: "out" | "err") {
    return {
      isTerminal: () => terminal,
      async write(bytes: Uint8Array) {
        if (slow) await turn();
        end[name] += decoder.decode(bytes);
        return bytes.length;
      },
    } as unknown as typeof Deno.stdout & typeof Deno.stderr;
  }
  using stack = new DisposableStack();
  stack.use(define("args", args));
  stack.use(define("stdout", stream("out")));
  stack.use(define("stderr", stream("err")));
  stack.use(define("noColor", false));
  stack.use(replace(Deno, "exit", (code): never => {
    end.atExit = { out: end.out, err: end.err };
    end.code ??= code; // the first one ends a program
    throw new Exit();
  }));
  stack.use(replace(Deno, "addSignalListener", (signal, heard) => {
    signals.set(signal, heard);
  }));
  stack.use(replace(
    Deno.permissions,
    "request",
    ((descriptor) => {
      const { name, host } = descriptor as Deno.NetPermissionDescriptor;
      end.requested.push(`${name} ${host}`);
      return answer.then(() => ({} as Deno.PermissionStatus));
    }) as typeof Deno.permissions.request,
  ));
  stack.defer(() => setColorEnabled(false));
  const program: Program<typeof FLAGS> = {
    role: "server",
    file: "a.ts",
    about: "It does something.",
    flags: FLAGS,
    example: ["--port", "80", "--hostname", "::1"],
    grant: ({ hostname, port }) => `${hostname}:${port},b`,
    run: () => Promise.resolve(),
    ...overrides,
  };
  try {
    await main(program);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return end;
}

Deno.test("a program that is done ends with 0", async () => {
  let given: Options | undefined;
  const { code, out, err, requested } = await run(["--port", "80"], {
    run(options, { log }) {
      given = options;
      log("a word");
      return Promise.resolve();
    },
  });
  assertEquals([code, out, err], [0, "", "server: a word\n"]);
  assertEquals(given, {
    hostname: "127.0.0.1",
    port: 80,
    verbose: false,
    help: false,
  } as Options);
  assertEquals(requested, ["net 127.0.0.1:80", "net b"]);
});

Deno.test("without a grant there is nothing to ask for", async () => {
  assertEquals((await run([], { grant: () => "" })).requested, []);
});

Deno.test("the work waits for the question at the terminal", async () => {
  let began = false;
  const answer = Promise.withResolvers<void>();
  const running = run([], {
    run: () => Promise.resolve(void (began = true)),
  }, { answer: answer.promise });
  await turn();
  assertEquals(began, false);
  answer.resolve();
  await running;
  assertEquals(began, true);
});

Deno.test("the end waits for the last words", async () => {
  const { atExit } = await run([], {
    run: (_, { log }) => Promise.resolve(log("a word")),
  }, { slow: true });
  assertEquals(atExit.err, "server: a word\n");
});

Deno.test("a wrong command line ends with 2, and nothing is run or asked for", async () => {
  const { code, out, err, requested } = await run(["--prot"], {
    run: () => Promise.reject(new Error("it was run")),
  });
  assertEquals([code, out, requested], [2, "", []]);
  assertEquals(err, "server: unknown flag --prot; --help lists them\n");
});

Deno.test("work that failed ends with 1, and says what to do", async () => {
  const { code, out, err } = await run(["--port", "80", "--verbose"], {
    run: () => Promise.reject(new Deno.errors.AddrInUse("why")),
  });
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /^server: port 80 is in use; stop the program that has it/);
});

Deno.test("where the sandbox refuses, the command to type is complete", async () => {
  const refused = () => Promise.reject(new Deno.errors.NotCapable("net"));
  const args = ["--hostname", "::1", "--port=80"];
  const { err } = await run(args, { run: refused });
  assertEquals(
    err,
    "server: Deno's sandbox does not allow [::1]:80; run it as: " +
      "deno run --allow-net=::1:80,b a.ts --hostname ::1 --port=80\n",
  );
  const also = ({ port }: Options) => [`--allow-read=a ${port}`];
  const wide = await run([], { run: refused, grant: () => "", also });
  assertMatch(
    wide.err,
    /run it as: deno run --allow-net '--allow-read=a 1234' a\.ts\n$/,
  );
});

Deno.test("a bug ends a program with its stack trace, not with our words", async () => {
  const bug = () => Promise.reject(new TypeError("a bug"));
  await assertRejects(() => run([], { run: bug }), TypeError, "a bug");
  await assertRejects(() => {
    const flags = {
      ...FLAGS,
      verbose: {
        ...FLAGS.verbose,
        read() {
          throw new TypeError("a bug");
        },
      },
    };
    return run(["--verbose"], { flags });
  }, TypeError);
});

Deno.test("an interrupted client says so, and ends with 130", async () => {
  const signals = new Map<string, () => unknown>();
  const end = await run([], {
    role: "client",
    run: async () => void await signals.get("SIGINT")!(),
  }, { signals });
  assertEquals([end.code, end.err], [130, "client: interrupted\n"]);
  assertEquals([...signals.keys()], ["SIGINT"]);
});

Deno.test("a server is left to listen to signals by itself", async () => {
  const signals = new Map<string, () => unknown>();
  await run([], {}, { signals });
  assertEquals(signals.size, 0);
});

Deno.test("--help is complete, and asks for nothing", async () => {
  const { code, out, err, requested } = await run(["-h"], {
    run: () => Promise.reject(new Error("it was run")),
  });
  assertEquals([code, err, requested], [0, "", []]);
  assertEquals(
    out,
    `It does something.

Usage:
  deno run --allow-net=127.0.0.1:1234,b a.ts [flags]

Flags:
  --hostname HOST           where [127.0.0.1]
  --port N                  which [1234]
  --verbose                 say more
  -h, --help                show this help

Example:
  deno run --allow-net=::1:80,b a.ts --port 80 --hostname ::1
`,
  );
});

Deno.test("on a terminal there is colour, and none into a pipe", async () => {
  assertEquals(
    (await run(["--x"], {}, { terminal: true })).err,
    "\x1b[1mserver:\x1b[22m \x1b[31munknown flag --x; --help lists them\x1b[39m\n",
  );
});

Deno.test("the help of a program that needs a flag shows it, and no default", async () => {
  const flags = { ...FLAGS, maxSize: required("BYTES", "how much") };
  const { out } = await run(["--help"], {
    flags,
    example: ["--max-size", "5 MB"],
  });
  assertMatch(out, /\n {2}deno run \S+ a\.ts --max-size BYTES \[flags\]\n/);
  assertMatch(out, /\n {2}--max-size BYTES {10}how much\n/);
  assertMatch(out, /\n {2}deno run \S+ a\.ts --max-size '5 MB'\n$/);
});

// --- A server until its end --------------------------------------------------

/** What a server that runs has said and printed, and what it was given. */
function serving(
  options: { hostname?: string; verbose?: boolean } = {},
  noteOn?: (addr: Deno.NetAddr) => string | undefined,
  isTerminal = false,
) {
  const lines: string[] = [];
  const printed: string[] = [];
  const signals = new Map<string, () => void>();
  const finished = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const calls: string[] = [];
  const addr = { transport: "tcp", hostname: "127.0.0.1", port: 80 } as const;
  let reports: Reports = {};
  const log = Object.assign(
    (line: string) => void lines.push(line),
    { flush: () => Promise.resolve() },
  );
  const behind = Promise.resolve();
  const output = {
    write(text: string) {
      printed.push(text);
      return behind;
    },
    flush: () => Promise.resolve(),
  } as unknown as Output;
  const server: Server = {
    addr,
    finished: finished.promise,
    shutdown() {
      calls.push(`shutdown, ${signals.size} signals`);
      return stopped.promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const stack = new DisposableStack();
  stack.use(replace(Deno, "addSignalListener", (signal, heard) => {
    signals.set(signal, heard);
  }));
  stack.use(replace(Deno, "removeSignalListener", (signal, heard) => {
    if (signals.get(signal) === heard) signals.delete(signal);
  }));
  stack.use(replace(Deno.stdout, "isTerminal", () => isTerminal));
  const running: Running = {
    log,
    explain: (error, { grant }) => {
      if (error instanceof TypeError) return undefined;
      return `${(error as Error).message} (${grant})`;
    },
  };
  const done = runServer(
    (given) => {
      reports = given;
      return server;
    },
    { hostname: "127.0.0.1", verbose: false, ...options },
    running,
    { noteOn, output },
  );
  return {
    ...{ lines, printed, signals, finished, stopped, calls, reports, done },
    output,
    addr,
    behind,
    [Symbol.dispose]: () => stack.dispose(),
  };
}

const SIGNALS = [
  "SIGINT",
  Deno.build.os === "windows" ? "SIGBREAK" : "SIGTERM",
];

Deno.test("a server that has finished is shut down, and no signal is listened to", async () => {
  using time = new FakeTime();
  using server = serving();
  assertEquals([...server.signals.keys()], SIGNALS);
  server.finished.resolve();
  server.stopped.resolve();
  await server.done;
  assertEquals(server.calls, ["shutdown, 0 signals"]);
  assertEquals([server.lines, time.delays], [[], []]);
});

for (const signal of SIGNALS) {
  Deno.test(`${signal} shuts a server down, which is said where it takes time`, async () => {
    using time = new FakeTime();
    using server = serving();
    await time.pass(1000);
    assertEquals(server.calls, []);
    server.signals.get(signal)!();
    await time.pass(0);
    assertEquals(server.calls, ["shutdown, 0 signals"]);
    await time.pass(99);
    assertEquals(server.lines, []);
    await time.pass(1);
    assertEquals(server.lines, [
      "stopping: open conversations have 5 s to end; Ctrl-C ends them now",
    ]);
    server.stopped.resolve();
    await server.done;
  });
}

Deno.test("a server is not over before all is printed", async () => {
  using server = serving();
  const flushed = Promise.withResolvers<void>();
  let over = false;
  server.output.flush = () => flushed.promise;
  server.done.then(() => over = true);
  server.finished.resolve();
  server.stopped.resolve();
  await turn();
  assertEquals(over, false);
  flushed.resolve();
  await server.done;
});

Deno.test("what there is to note on an address is said", async () => {
  for (const note of ["a note", undefined]) {
    using server = serving({}, (addr) => note && `${note} on ${addr.port}`);
    assertEquals(server.lines, note ? ["a note on 80"] : []);
    server.finished.resolve();
    server.stopped.resolve();
    await server.done;
  }
});

/** A server that has ended, whose reports can still be called. */
async function ended(...args: Parameters<typeof serving>) {
  using server = serving(...args);
  server.finished.resolve();
  server.stopped.resolve();
  await server.done;
  return server;
}

const PEER = { transport: "tcp", hostname: "::1", port: 5 } as const;

Deno.test("a server says where it listens, with the zone that it was given", async () => {
  const plain = await ended();
  plain.reports.onListen!(plain.addr);
  assertEquals(plain.lines, ["listening on 127.0.0.1:80"]);
  const zoned = await ended({ hostname: "fe80::1%eth0" });
  zoned.reports.onListen!({ ...zoned.addr, hostname: "fe80::1" });
  assertEquals(zoned.lines, ["listening on [fe80::1%eth0]:80"]);
});

Deno.test("what a client says is printed behind its address, bold on a terminal", async () => {
  const pipe = await ended();
  assertEquals(pipe.reports.onText!("a\nb\x1b", PEER), pipe.behind);
  assertEquals(pipe.printed, ["[::1]:5> a\n[::1]:5> b\\x1b\n"]);
  const terminal = await ended({}, undefined, true);
  terminal.reports.onText!("a", PEER);
  assertEquals(terminal.printed, ["\x1b[1m[::1]:5>\x1b[22m a\n"]);
});

Deno.test("an error is explained, and names what else would have to be allowed", async () => {
  const error = new Error("it failed");
  const table: [hostname: string, grant: string][] = [
    ["127.0.0.1", "127.0.0.1,[::1]"],
    ["::1", "[::1]"],
    ["192.0.2.1", ""],
  ];
  for (const [hostname, grant] of table) {
    const server = await ended({ hostname });
    server.reports.onError!(error, PEER);
    server.reports.onError!(new TypeError("a bug"), PEER);
    const [words, bug] = server.lines;
    assertEquals(words, `it failed (${grant})`);
    assertMatch(bug, /^TypeError: a bug\n +at .*program_test\.ts/); // with its place
  }
});

Deno.test("each connection is reported only when that was asked for", async () => {
  const { reports } = await ended();
  assertEquals([reports.onOpen, reports.onDone], [undefined, undefined]);
  const server = await ended({ verbose: true });
  server.reports.onOpen!(PEER);
  server.reports.onDone!(PEER, { received: 1, sent: 2, reads: 3 });
  assertEquals(server.lines, [
    "[::1]:5 connected",
    "[::1]:5 over: 1 B received in 3 reads, 2 B sent",
  ]);
});
