/**
 * The programs that the judge is tried on: how each is built, run, and judged.
 *
 * @module
 */

import { assert } from "@std/assert";
import { find } from "../../notebook/exercises/lib/catalogue.ts";
import type { Verdict } from "../../notebook/exercises/lib/exercise.ts";
import { run } from "../../notebook/exercises/lib/run.ts";
import type { Submission } from "../../notebook/exercises/lib/submission.ts";
import { Process, ROOT, times } from "../harness.ts";

/** A program, and an exercise that it is judged by. */
export interface Candidate {
  /** The exercise. */
  slug: string;
  /** Its file in the project. */
  path: string;
  /** What runs it, once it is built; the port is added last. */
  command: string[];
}

/** A language: how its programs are run. */
interface Language {
  /** What has to be installed. */
  tool: string;
  /** The command that runs a program: its file's path, or what was built of it. */
  run(path: string, built: string): string[];
  /** The commands that build all programs of it into a folder. */
  build?(paths: string[], folder: string): string[][];
}

const DENO = ["deno", "run", "-q", "--no-config", "--unstable-net"];

/** The languages, by the endings of their files. */
export const LANGUAGES: Record<string, Language> = {
  py: {
    tool: "python3",
    // Where a variable of the environment unbuffers Python, nothing is held back.
    run: (path) => ["env", "-u", "PYTHONUNBUFFERED", "python3", path],
  },
  ts: { tool: "deno", run: (path) => [...DENO, "--allow-net", path] },
  mjs: { tool: "node", run: (path) => ["node", path] },
  pl: { tool: "perl", run: (path) => ["perl", path] },
  c: {
    tool: "gcc",
    run: (_, built) => [built],
    build: (paths, folder) =>
      paths.map((path) => ["gcc", "-O1", "-o", builtOf(path, folder), path]),
  },
  go: {
    tool: "go",
    run: (_, built) => [built],
    build: (paths, folder) =>
      paths.map((path) => ["go", "build", "-o", builtOf(path, folder), path]),
  },
  java: {
    tool: "javac",
    run: (path, built) => {
      const folder = built.slice(0, built.lastIndexOf("/"));
      // For a program that runs a second, translating it well takes too long.
      return ["java", "-XX:TieredStopAtLevel=1", "-cp", folder, nameOf(path)];
    },
    build: (paths, folder) => [["javac", "-d", folder, ...paths]],
  },
};

/** Programs that are right for further exercises than that of their folder. */
const ALSO: Record<string, string[]> = {
  "to-the-end": ["first-client"],
  "two-at-once": ["echo", "half-close"],
  "first-server": ["again", "last-words"],
  lines: ["characters"],
};

/** Our own scripts, the exercises that they solve, and what they are told. */
const OURS: [path: string, slugs: string[], args: string[]][] = [
  ["server.ts", ["first-server", "again", "last-words"], []],
  ["client.ts", ["first-client", "to-the-end"], []],
  ["notebook/applications/chat.ts", ["chat", "slow-reader"], []],
  ["udp/client.ts", ["ask-again"], [
    ...["--message", "What time is it?"],
    ...["--timeout", "0.1", "--tries", "5"],
  ]],
];

/** The ending of a file's name: its language. */
export function endingOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("."));
}

/** Where a program is built: two exercises may have files of the same name. */
function builtOf(path: string, folder: string): string {
  return `${folder}/${path.split("/").slice(-2).join("-").replace(".", "-")}`;
}

function absolute(path: string): string {
  return new URL(path, ROOT).pathname;
}

/** The files in a folder of the project, by name. */
function filesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => name)
    .sort();
}

function candidate(slug: string, path: string, built = ""): Candidate {
  const { run } = LANGUAGES[endingOf(path)];
  const command = run(absolute(path), builtOf(absolute(path), built));
  return { slug, path, command };
}

/** The programs below a folder that has one folder for each exercise. */
function below(root: string): { slug: string; path: string }[] {
  return filesIn(root).flatMap((slug) =>
    filesIn(`${root}/${slug}`).map((name) => ({
      slug,
      path: `${root}/${slug}/${name}`,
    }))
  );
}

/** Our solutions, two for each exercise. */
export function solutions(): Candidate[] {
  const folder = "notebook/exercises/solutions";
  return filesIn(folder).map((name) => {
    const { slug } = find(`${parseInt(name)}`)!;
    return candidate(slug, `${folder}/${name}`);
  });
}

/** The programs with a defect each, which their names begin with. */
export function wrongs(): Candidate[] {
  return below("tests/judge/wrong").map(({ slug, path }) =>
    candidate(slug, path)
  );
}

/** The right programs in a language, for each exercise that they solve. */
export function rights(ending: string, built = ""): Candidate[] {
  return below("tests/judge/right")
    .filter(({ path }) => endingOf(path) === ending)
    .flatMap(({ slug, path }) =>
      [slug, ...ALSO[slug] ?? []].map((slug) => candidate(slug, path, built))
    );
}

/** Our own scripts, for each exercise that they solve. */
export function ours(): Candidate[] {
  return OURS.flatMap(([path, slugs, args]) => {
    const script = new URL(path, ROOT).href;
    const grant = "--allow-net=127.0.0.1";
    const start = ["deno", "run", "-q", "--unstable-net", grant, script];
    const command = [...start, ...args, "--port"];
    return slugs.map((slug) => ({ slug, path, command }));
  });
}

/** Builds the right programs in a language into a folder, if it takes that. */
export async function build(ending: string, folder: string): Promise<void> {
  const paths = new Set(rights(ending).map(({ path }) => absolute(path)));
  const commands = LANGUAGES[ending].build?.([...paths], folder) ?? [];
  await times(commands.length, async (i) => {
    const [tool, ...args] = commands[i];
    await using building = new Process(tool, args);
    assert(await building.code() === 0, building.err.text);
  }, 2);
}

/** What came of judging a program; `with` overrides how it is started. */
export async function judged(
  { slug, command }: Candidate,
  submission: Submission = { command },
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for await (const verdict of run(find(slug)!, submission)) {
    verdicts.push(verdict);
  }
  return verdicts;
}

/** The accusations among verdicts, in words. */
export function accusations(
  { slug, path }: Candidate,
  verdicts: Verdict[],
): string[] {
  return verdicts.filter(({ status }) => status === "fail")
    .map(({ step, id, message }) =>
      `${path} by ${slug}/${step}: ${id}: ${message}`
    );
}

/** Keeps all cores busy, with two programs each that never rest, until disposed. */
export function busy(): AsyncDisposable {
  const loops = Array.from(
    { length: 2 * navigator.hardwareConcurrency },
    () => new Process("sh", ["-c", "while kill -0 $PPID; do :; done"]),
  );
  const stack = new AsyncDisposableStack();
  for (const loop of loops) stack.use(loop);
  return stack;
}
