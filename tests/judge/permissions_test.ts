/** The judge runs under the narrowest permissions that it documents, and says in
 * plain words which one is missing. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import {
  audited,
  linux,
  needs,
  portOf,
  Process,
  program,
  ROOT,
} from "../harness.ts";

const JUDGE = new URL("notebook/exercises/judge.ts", ROOT).pathname;
const ECHO = new URL("notebook/exercises/solutions/06.py", ROOT).pathname;
const EXERCISES = new URL("notebook/exercises", ROOT).pathname;

const python = [linux, program("python3"), program("ss")] as const;

/** The grants of `deno task judge`, with their paths made whole. */
const TASK = [
  "--allow-net=127.0.0.1",
  "--allow-run",
  "--allow-env=INIT_CWD",
  `--allow-read=${ROOT.pathname}`,
  `--allow-write=${EXERCISES}/.progress.json`,
];

function judge(
  grants: string[],
  args: string[],
  env: Record<string, string> = {},
): Process {
  const run = ["run", "-q", "--no-prompt", ...grants, JUDGE, ...args];
  return new Process("deno", run, { env });
}

Deno.test({
  ...needs("these are the task's grants", ...python),
  async fn() {
    const config = await Deno.readTextFile(new URL("deno.json", ROOT));
    const command = JSON.parse(config).tasks["judge:do"];
    const grants = TASK.map((grant) =>
      grant.replace(RegExp(`${ROOT.pathname}$`), ".").replace(ROOT.pathname, "")
    );
    assertEquals(command.match(/--allow-\S+/g), grants);
  },
});

Deno.test({
  ...needs("judging asks for nothing else than the task grants", ...python),
  async fn() {
    const asked = await audited(async ({ env }) => {
      await using run = judge(TASK, ["echo", "python3", ECHO], env);
      assertEquals(await run.code(), 0, run.out.text + run.err.text);
    });
    const others = asked.filter((line) =>
      !/^net "?127\.0\.0\.1:2\d{4}/.test(line) &&
      !/^run /.test(line) &&
      !/^env "?INIT_CWD/.test(line) &&
      !/^(read|write) .*\/notebook\/exercises\/\.progress\.json/.test(line)
    );
    // What to read next: the line that solves it is looked for.
    assertEquals(others, [`read ${ROOT.pathname}server.ts`]);
  },
});

Deno.test({
  ...needs("programs can be named, instead of granting all", ...python),
  async fn() {
    const tools = ["python3", "ps", "ss", "cat", "prlimit", "ls", "env"];
    const grants = ["--allow-net=127.0.0.1", `--allow-run=${tools}`];
    await using run = judge(grants, ["reset", "python3", ECHO]);
    // This server of one client at a time dies of a reset, as it has to be said.
    assertEquals(await run.code(), 1, run.out.text + run.err.text);
    assertMatch(run.out.text, /dies|crash/);
  },
});

/** What it says where something is missing: one line, and exit code 3. */
async function refusal(grants: string[], args: string[]): Promise<string> {
  await using run = judge(grants, args);
  assertEquals(await run.code(), 3, run.out.text + run.err.text);
  const lines = run.err.text.trim().split("\n");
  assertEquals(lines.length, 1, run.err.text);
  return lines[0];
}

Deno.test({
  ...needs("without a grant it says which one is missing", ...python),
  async fn() {
    const args = ["echo", "python3", ECHO];
    assertMatch(await refusal(["--allow-net=127.0.0.1"], args), /--allow-run/);
    assertMatch(await refusal(["--allow-run"], args), /--allow-net/);
    const elsewhere = ["--allow-net=127.0.0.2", "--allow-run"];
    assertMatch(await refusal(elsewhere, args), /--allow-net/);
    const others = ["--allow-net=127.0.0.1", "--allow-run=ps"];
    assertMatch(await refusal(others, args), /--allow-run/);
  },
});

Deno.test({
  ...needs("--connect takes its address, and nothing else", ...python),
  async fn() {
    const port = freePort();
    await using server = new Process("python3", [ECHO, `${port}`]);
    assertEquals(await portOf(server), port);
    const at = `127.0.0.1:${port}`;
    const asked = await audited(async ({ env }) => {
      await using run = judge(
        [`--allow-net=${at}`],
        ["6", "--connect", at],
        env,
      );
      assertEquals(await run.code(), 0, run.out.text + run.err.text);
    });
    assert(asked.some((line) => line.startsWith("net")));
    const others = asked.filter((line) =>
      !line.startsWith("net") && !/INIT_CWD|\.progress\.json/.test(line)
    );
    assertEquals(others, []);
    const nearby = `127.0.0.1:${port + 1}`;
    const grants = [`--allow-net=${nearby}`];
    assertMatch(await refusal(grants, ["6", "--connect", at]), /--allow-net/);
  },
});
