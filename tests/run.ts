/**
 * Runs the tests, as `deno task test` does, and says afterwards what a long list
 * of names hides: which tests took longest, and which proved nothing here, and
 * why. Arguments go to `deno test`: files, `--filter`, and so on.
 *
 * @module
 */

/** What the tests may do, and how Deno runs them. */
const OPTIONS = [
  "--doc",
  "--parallel",
  "--preload=tests/preload.ts",
  "--allow-net",
  "--allow-run",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=uid",
];

/** Files at once, unless `DENO_JOBS` says otherwise: what two cores carry. */
const JOBS = "2";

/** How many of the longest tests are named. */
const LONGEST = 10;

/** What became of one test. */
interface Result {
  /** Its name. */
  name: string;
  /** Its file. */
  file: string;
  /** How long it took. */
  seconds: number;
  /** Whether it was left out. */
  skipped: boolean;
}

/** Runs Deno in the project's folder, in sight; resolves to its exit code. */
async function deno(...args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("..", import.meta.url),
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? JOBS },
  }).spawn();
  const pass = () => child.kill("SIGTERM");
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", pass);
  const { code } = await child.status;
  if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", pass);
  return code;
}

/** Whether tests of notebooks are among those that the arguments ask for. */
function wantsJupyter(args: string[]): boolean {
  const paths = args.filter((arg) => /^[\w./-]*\/[\w./-]*$|\.ts$/.test(arg));
  return paths.length === 0 || paths.some((path) => /notebook|page/.test(path));
}

/** What JUnit's report says of each test. */
function resultsIn(xml: string): Result[] {
  const cases = xml.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)" time="([^"]*)"[^>]*>(.*?)<\/testcase>/gs,
  );
  return Array.from(cases, ([, name, file, time, content]) => ({
    name: unescape(name),
    file: unescape(file).replace(/^\.\//, ""),
    seconds: Number(time),
    skipped: content.includes("<skipped"),
  }));
}

/** Text as it was before it went into XML. */
function unescape(text: string): string {
  const entities: Record<string, string> = {
    ...{ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" },
  };
  return text.replaceAll(/&(\w+);/g, (all, name) => entities[name] ?? all);
}

/** The tests that took longest, the longest first. */
function longest(results: Result[]): string {
  const lines = results.toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, LONGEST)
    .map(({ name, file, seconds }) => {
      return `${seconds.toFixed(1).padStart(7)} s  ${file}: ${name}`;
    });
  return ["What took longest:", ...lines].join("\n");
}

/** What was not proven, by what is missing for it. */
function unproven(results: Result[]): string {
  const skipped = results.filter((result) => result.skipped);
  if (skipped.length === 0) return "Nothing was skipped.";
  const groups = Map.groupBy(skipped, ({ name }) => {
    return / \(skipped: (.*)\)$/.exec(name)?.[1].replaceAll(",", ", ") ??
      "no reason is given";
  });
  const lines = Array.from(groups, ([reason, tests]) => [
    `  because ${reason}:`,
    ...tests.map(({ name }) => `    ${name.replace(/ \(skipped: .*/, "")}`),
  ]);
  const count = skipped.length === 1 ? "1 test" : `${skipped.length} tests`;
  return [`NOT PROVEN here, as ${count} had to be skipped,`, ...lines.flat()]
    .join("\n");
}

if (import.meta.main) {
  if (wantsJupyter(Deno.args)) {
    // Where that cannot be, it says why, and the tests that need it are skipped.
    await deno("task", "-q", "notebook:do", "setup");
  }
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const path = `--junit-path=${report}`;
    Deno.exitCode = await deno("test", ...OPTIONS, path, ...Deno.args);
    const results = resultsIn(await Deno.readTextFile(report));
    if (results.length > 0) {
      console.log(`\n${longest(results)}\n\n${unproven(results)}`);
    }
  } finally {
    await Deno.remove(report);
  }
}
