/**
 * How fast it is: our scripts beside programs that hold the same conversation
 * in other languages, all measured in one run, in turns, several times. What a
 * neighbour on the machine disturbs least comes first: the processor time that a
 * conversation costs. And as each program prints what it is told, each is also
 * measured without that: what remains is the price of the sockets.
 *
 * The peers and the load generator are built first, with gcc and go; what is
 * missing is left out, and the table says so.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { ProgressBar } from "@std/cli/unstable-progress-bar";
import { memoryOf, Process, read } from "../harness.ts";

// --- What is measured --------------------------------------------------------

/** A program that serves: ours, or somebody else's. */
interface Peer {
  /** What it is called in the tables. */
  name: string;
  /** How it is started; to that comes what a measurement adds. */
  command: string[];
  /** How it is given a greeting of so many bytes, if it can be. */
  greeting?(bytes: number): string[];
  /** How it is started to print nothing. */
  silent: string[];
  /** What lets a client send it as much as it likes, if that takes a flag. */
  unlimited?: string[];
  /** How it reads 64 KiB at a time, if it can. */
  wide?: string[];
  /** Whether it holds one conversation at a time. */
  single?: boolean;
}

/** One kind of figure. */
export interface Measure {
  /** What it is: `cpu`, `rate`, `silent cpu`, `p50`, `memory` and so on. */
  what: string;
  /** The protocol. */
  protocol: "tcp" | "udp";
  /** How many clients there are at once. */
  clients: number;
  /** What it is counted in. */
  unit: string;
}

/** A figure of one peer: one value a round, and what they amount to. */
export interface Result extends Measure {
  /** Whose it is. */
  peer: string;
  /** One value for each round. */
  rounds: number[];
  /** The one in the middle. */
  median: number;
}

/** What a run has found: the content of `results.json`. */
export interface Report {
  /** The day of it. */
  day: string;
  /** What it ran on. */
  machine: Record<string, string | number>;
  /** How thorough it was. */
  rounds: number;
  /** Seconds that each rate was measured for. */
  seconds: number;
  /** All figures. */
  results: Result[];
}

/** Our name in the tables. */
export const OURS = "Deno (ours)";

const HERE = new URL(".", import.meta.url);
const MIB = 2 ** 20;

/** The thorough run, and the quick one, which shows that all of it works. */
export const FULL = {
  rounds: 10,
  warmUp: 1,
  seconds: 0.4,
  tcpClients: [1, 64, 1000],
  udpClients: [1, 16],
  held: [10_000],
  stream: 32 * MIB,
  starts: 1,
};
export const QUICK: typeof FULL = {
  rounds: 1,
  warmUp: 0.2,
  seconds: 0.2,
  tcpClients: [1, 64],
  udpClients: [16],
  held: [500],
  stream: 16 * MIB,
  starts: 1,
};

// --- The peers ---------------------------------------------------------------

const DENO = [Deno.execPath(), "run", "-q", "--no-prompt"];

/** How many clients there are at once where a single figure has to do. */
const MANY = 64, SOME = 16; // over TCP, over UDP

/** What lets our server read as much at a time as Node does. */
const WIDE = ["--max-bytes=0", "--buffer=65536"];

/** What a run works with. */
interface Bench {
  /** Where the built programs are, and what the servers print to. */
  folder: string;
  /** How thorough it is. */
  plan: typeof FULL;
}

/** Builds what has to be built; the peers that can run here. */
async function prepare(folder: string): Promise<Record<string, Peer[]>> {
  const built = (name: string) => `${folder}/${name}`;
  const source = (name: string) => new URL(name, HERE).pathname;
  const c = ["gcc", "-O2", "-Wall", "-Wextra", "-o"];
  const go = ["go", "build", "-o"];
  const programs = { load: c, tcp_epoll: c, udp_blocking: c, tcp: go, udp: go };
  for (const [name, [compiler, ...options]] of Object.entries(programs)) {
    const output = compiler === "go" ? `${name}_go` : name;
    const file = source(`${name}.${compiler === "go" ? "go" : "c"}`);
    await read(compiler, ...options, built(output), file);
  }
  const plain = (name: string, ...command: string[]): Peer => {
    const greeting = (bytes: number) => [...command, "0", `${bytes}`];
    const silent = [...command, "0", "silent"];
    return { name, command: [...command, "0"], silent, greeting };
  };
  const deno = [...DENO, "--allow-net=127.0.0.1"];
  const special = [...deno, source("ours.ts")];
  const bare = [...deno, source("tcp_deno.ts")];
  return {
    tcp: [
      plain("C, epoll", built("tcp_epoll")),
      {
        name: OURS,
        command: [...DENO, "--allow-net=127.0.0.1:0", "server.ts", "--port=0"],
        silent: [...special, "--silent"],
        unlimited: ["--max-bytes=0"],
        wide: [...deno, "server.ts", "--port=0", ...WIDE],
        greeting: (bytes) => [...special, `--bytes=${bytes}`],
      },
      { ...plain("Deno, bare", ...bare), wide: [...bare, "0", "0", "65536"] },
      plain("Go", built("tcp_go")),
      {
        ...plain("Node", "node", source("tcp_node.mjs")),
        wide: ["node", source("tcp_node.mjs"), "0"], // it knows no other way
      },
      plain("Python, asyncio", "python3", source("tcp_asyncio.py")),
      {
        ...plain("Python, the article's", "python3", source("tcp_blocking.py")),
        single: true,
      },
    ],
    udp: [
      plain("C, blocking", built("udp_blocking")),
      {
        name: OURS,
        command: [...deno, "udp/server.ts", "--port=0"],
        silent: [...special, "--udp", "--silent"],
      },
      plain("Deno, bare", ...deno, source("udp_deno.ts")),
      plain("Go", built("udp_go")),
      plain("Node", "node", source("udp_node.mjs")),
      plain("Python, blocking", "python3", source("udp_blocking.py")),
    ],
  };
}

// --- Measuring ---------------------------------------------------------------

/** A server that runs, with its port and the file that it prints to. */
type Running = Process & { port: number; file: string };

/** Starts a server that prints to a file, as a service would. */
async function startPeer(
  command: string[],
  folder: string,
): Promise<Running> {
  const file = await Deno.makeTempFile({ dir: folder });
  // The shell is gone when the server runs: the process is the server's own.
  const redirected = ["-c", 'exec "$@" >"$0"', file, ...command];
  const server = new Process("sh", redirected);
  const [, port] = await server.err.until(/listening .*?(\d+)\n/);
  return Object.assign(server, { port: Number(port), file });
}

/** Ends a server in order; everything it was told is in its file by then. */
async function stop(server: Running): Promise<void> {
  server.kill("SIGTERM");
  const code = await server.code();
  if (code !== 0) throw new Error(`a server ended with ${code}`);
  await Deno.remove(server.file);
}

/** Lets the load generator do something; throws if one byte was wrong. */
async function load(
  folder: string,
  ...args: (string | number)[]
): Promise<Record<string, number>> {
  return JSON.parse(await read(`${folder}/load`, ...args.map(String)));
}

/** A figure, as it is found: what it is, and how much. */
type Figure = [Measure, number];

/** The microseconds that a process has kept processors busy, so far. */
async function processorTime({ pid }: Process): Promise<number> {
  const stat = await read("cat", `/proc/${pid}/stat`);
  const [user, system] = stat.replace(/.*\) /s, "").split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 10_000; // a tick is 10 ms
}

/** The rates, the costs and the latencies of a server, for each number of clients. */
async function* rates(
  peer: Peer,
  protocol: Measure["protocol"],
  { folder, plan }: Bench,
): AsyncGenerator<Figure> {
  const server = await startPeer(peer.command, folder);
  const all = protocol === "tcp" ? plan.tcpClients : plan.udpClients;
  for (const clients of peer.single ? all.filter((n) => n <= MANY) : all) {
    const ask = (seconds: number) =>
      load(folder, protocol, server.port, clients, seconds);
    await ask(plan.warmUp); // so that compilers have done their work
    const before = await processorTime(server);
    const found = await ask(plan.seconds);
    const spent = await processorTime(server) - before;
    const { conversations, seconds, finished, p50, p99 } = found;
    const one = { protocol, clients };
    const each = spent / (conversations + finished);
    yield [{ what: "cpu", unit: "µs", ...one }, each];
    yield [{ what: "rate", unit: "/s", ...one }, conversations / seconds];
    yield [{ what: "p50", unit: "µs", ...one }, p50];
    yield [{ what: "p99", unit: "µs", ...one }, p99];
  }
  await stop(server);
}

/** The costs and the rates of a server that prints nothing. */
async function* silentRates(
  peer: Peer,
  protocol: Measure["protocol"],
  { folder, plan }: Bench,
): AsyncGenerator<Figure> {
  const quiet = { ...peer, command: peer.silent };
  const alone = { ...plan, tcpClients: [MANY], udpClients: [SOME] };
  const figures = rates(quiet, protocol, { folder, plan: alone });
  for await (const [{ what, ...measure }, value] of figures) {
    const kept = what === "cpu" || what === "rate";
    if (kept) yield [{ what: `silent ${what}`, ...measure }, value];
  }
}

/** What a connection takes of a server's memory while it is held. */
async function* memory(
  peer: Peer,
  { folder, plan }: Bench,
): AsyncGenerator<Figure> {
  for (const clients of plan.held) {
    const server = await startPeer(peer.command, folder);
    await load(folder, "tcp", server.port, MANY, plan.warmUp);
    const before = await memoryOf(server, "VmRSS");
    const args = ["hold", String(server.port), String(clients)];
    const stdin = new Uint8Array();
    await using crowd = new Process(`${folder}/load`, args, {
      stdin,
      keepOpen: true,
    });
    await crowd.out.until(/"held": ?(\d+)/);
    const after = await memoryOf(server, "VmRSS");
    const measure = { what: "memory", protocol: "tcp", unit: "KB" } as const;
    yield [{ ...measure, clients }, (after - before) / clients];
    crowd.kill("SIGTERM");
    await crowd.code();
    await stop(server);
  }
}

/** The bytes a second of one large stream, to the client and from it. */
async function* streams(
  peer: Peer,
  { folder, plan }: Bench,
): AsyncGenerator<Figure> {
  const measure = { protocol: "tcp", clients: 1, unit: "MiB/s" } as const;
  const bytes = plan.stream;
  if (peer.greeting) {
    const server = await startPeer(peer.greeting(bytes), folder);
    const { seconds } = await load(folder, "down", server.port, bytes);
    yield [{ what: "down", ...measure }, bytes / MIB / seconds];
    await stop(server);
  }
  if (!peer.single) {
    const command = [...peer.command, ...peer.unlimited ?? []];
    const server = await startPeer(command, folder);
    const { seconds } = await load(folder, "up", server.port, bytes);
    yield [{ what: "up", ...measure }, bytes / MIB / seconds];
    await stop(server);
  }
  if (peer.wide) {
    const server = await startPeer(peer.wide, folder);
    const { seconds } = await load(folder, "up", server.port, bytes);
    yield [{ what: "wide up", ...measure }, bytes / MIB / seconds];
    await stop(server);
  }
}

/** How long each script takes until it does something, beside an empty one. */
async function* starts(
  { folder, plan }: Bench,
): AsyncGenerator<[string, Figure]> {
  const empty = `${folder}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const grant = "--allow-net=127.0.0.1";
  const [tcp, udp] = [
    await startPeer([...DENO, grant, "server.ts", "--port=0"], folder),
    await startPeer([...DENO, grant, "udp/server.ts", "--port=0"], folder),
  ];
  const whole: Record<string, string[]> = {
    "an empty script": [empty],
    "client.ts": [grant, "client.ts", `--port=${tcp.port}`],
    "udp/client.ts": [grant, "udp/client.ts", `--port=${udp.port}`],
  };
  for (let i = 0; i < plan.starts; i++) {
    for (const [name, args] of Object.entries(whole)) {
      const begin = performance.now();
      await read(DENO[0], ...DENO.slice(1), ...args);
      yield [name, [START, performance.now() - begin]];
    }
    for (const name of ["server.ts", "udp/server.ts"]) {
      const begin = performance.now();
      const server = await startPeer(
        [...DENO, grant, name, "--port=0"],
        folder,
      );
      yield [name, [START, performance.now() - begin]];
      await stop(server);
    }
  }
  await Promise.all([stop(tcp), stop(udp)]);
}

const START: Measure = {
  what: "start",
  protocol: "tcp",
  clients: 1,
  unit: "ms",
};

// --- A run -------------------------------------------------------------------

/** Measures everything, in turns, and tells how far it has come. */
export async function bench(
  plan: typeof FULL,
  onStep: (done: number, steps: number, name: string) => void = () => {},
): Promise<Report> {
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  const { tcp, udp } = await prepare(folder);
  const setting: Bench = { folder, plan };
  const results = new Map<string, Result>();
  function note(peer: string, [measure, value]: Figure): void {
    const key = JSON.stringify([peer, measure]);
    const result = results.get(key) ??
      { ...measure, peer, rounds: [], median: 0 };
    result.rounds.push(Number(value.toPrecision(4)));
    result.median = median(result.rounds);
    results.set(key, result);
  }
  type Turn = [name: string, measure: () => AsyncGenerator<Figure>];
  const turns: Turn[] = [
    ...tcp.map((peer): Turn => [peer.name, () => rates(peer, "tcp", setting)]),
    ...udp.map((peer): Turn => [peer.name, () => rates(peer, "udp", setting)]),
    ...tcp.map((
      peer,
    ): Turn => [peer.name, () => silentRates(peer, "tcp", setting)]),
    ...udp.map((
      peer,
    ): Turn => [peer.name, () => silentRates(peer, "udp", setting)]),
    ...tcp.filter((peer) => !peer.single).map((peer) =>
      [peer.name, () => memory(peer, setting)] as Turn
    ),
    ...tcp.map((peer): Turn => [peer.name, () => streams(peer, setting)]),
  ];
  const steps = plan.rounds * (turns.length + 1);
  for (let done = 0, round = 0; round < plan.rounds; round++) {
    for (const [name, measure] of turns) {
      onStep(done++, steps, name);
      for await (const figure of measure()) note(name, figure);
    }
    onStep(done++, steps, "starts");
    for await (const [name, figure] of starts(setting)) note(name, figure);
  }
  const machine = await describe();
  await Deno.remove(folder, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  const { rounds, seconds } = plan;
  return { day, machine, rounds, seconds, results: [...results.values()] };
}

/**
 * How much more one peer has of something than another one: the median of the
 * ratios in each round. The two were measured a few seconds apart, so that most
 * of what else the machine did falls out.
 */
export function ratio(
  { results }: Report,
  { protocol, what, clients }: Omit<Measure, "unit">,
  peer: string,
  other: string,
): number {
  const [above, below] = [peer, other].map((name) =>
    results.find((result) =>
      result.peer === name && result.protocol === protocol &&
      result.what === what && result.clients === clients
    )!.rounds
  );
  return median(above.map((value, round) => value / below[round]));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return (sorted[low] + sorted[high]) / 2;
}

/** What all this ran on. */
async function describe(): Promise<Report["machine"]> {
  const version = async (...command: [string, ...string[]]) => {
    return /\d+\.\d+(\.\d+)?/.exec(await read(...command))![0];
  };
  const cpu = await read("cat", "/proc/cpuinfo");
  const memory = await read("cat", "/proc/meminfo");
  const kilobytes = Number(/MemTotal: +(\d+)/.exec(memory)![1]);
  return {
    processor: /model name\s*: (.*)/.exec(cpu)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    "memory (GiB)": Math.round(kilobytes / MIB),
    Linux: await version("uname", "-r"),
    Deno: Deno.version.deno,
    gcc: await version("gcc", "-dumpfullversion"),
    Go: await version("go", "version"),
    Node: await version("node", "--version"),
    Python: await version("python3", "--version"),
  };
}

// --- The tables --------------------------------------------------------------

/** A report as text: a row for each measure, a column for each peer. */
export function tables({ results }: Report): string {
  const groups = Map.groupBy(results, ({ what, protocol }) => {
    return `${protocol} ${what}`;
  });
  return [...groups].map(([title, group]) => {
    const peers = [...new Set(group.map(({ peer }) => peer))];
    const counts = [...new Set(group.map(({ clients }) => clients))];
    const rows = counts.map((count) => [
      `${count}`,
      ...peers.map((name) => {
        const found = group.find((r) => r.peer === name && r.clients === count);
        return found ? spread(found) : "";
      }),
    ]);
    const head = [`${title}, ${group[0].unit}`, ...peers];
    return align([head, ...rows]);
  }).join("\n\n");
}

/** The median, and how far the rounds lie from it at most. */
function spread({ rounds, median }: Result): string {
  const most = Math.max(...rounds.map((value) => Math.abs(value - median)));
  const percent = Math.round(100 * most / median);
  const digits = median < 100 ? 1 : 0;
  return `${median.toFixed(digits)}${rounds.length > 1 ? ` ±${percent}%` : ""}`;
}

function align(rows: string[][]): string {
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  return rows.map((row) =>
    row.map((cell, i) => i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))
      .join("  ").trimEnd()
  ).join("\n");
}

// --- The command line --------------------------------------------------------

if (import.meta.main) {
  const { quick } = parseArgs(Deno.args, { boolean: ["quick"] });
  let name = "";
  const bar = Deno.stderr.isTerminal() && new ProgressBar({
    max: 1,
    clear: true,
    formatter: ({ progressBar, styledTime, value, max }) =>
      `${styledTime} [${progressBar}] ${value}/${max} ${name}`,
  });
  const report = await bench(quick ? QUICK : FULL, (done, steps, what) => {
    if (!bar) return;
    [bar.value, bar.max, name] = [done, steps, what];
  });
  if (bar) await bar.stop();
  console.log(tables(report));
  if (!quick) {
    const file = new URL("results.json", HERE);
    await Deno.writeTextFile(file, `${JSON.stringify(report, null, 1)}\n`);
  }
}
