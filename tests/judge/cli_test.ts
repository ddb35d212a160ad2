import { assertEquals, assertStringIncludes } from "@std/assert";
import { Process } from "../../lib/process.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { withEnvironment } from "../../notebook/exercises/lib/system.ts";
import { ROOT } from "../harness.ts";

const JUDGE = new URL("notebook/exercises/judge.ts", ROOT).pathname;
const ECHO = new URL("notebook/exercises/solutions/06.py", ROOT).pathname;

/** Runs the judge under just these permissions. */
function judge(grants: string[], args: string[], env = {}): Process {
  return new Process("deno", [
    "run",
    "-q",
    "--no-prompt",
    ...grants,
    JUDGE,
    ...args,
  ], { env });
}

const LOCAL = ["--allow-net=127.0.0.1", "--allow-run"];

Deno.test("a right program passes, with 0", async () => {
  await using run = judge(LOCAL, ["echo", "python3", ECHO]);
  assertEquals(await run.code(), 0);
  assertStringIncludes(run.out.text, "✓ 6 echo");
});

Deno.test("a server that runs already is judged under its address alone", async () => {
  const port = freePort();
  await using server = new Process("python3", [ECHO, `${port}`]);
  const at = `127.0.0.1:${port}`;
  while (
    !await Deno.connect({ port }).then(
      (conn) => (conn.close(), true),
      () => false,
    )
  );
  await using run = judge([`--allow-net=${at}`], ["6", "--connect", at]);
  assertEquals(await run.code(), 0, run.out.text + run.err.text);
  server.kill();
});

Deno.test("a wrong command line is told so, with 2", async () => {
  for (const args of [["99"], ["6", "--nix", "x"], ["6", "--port", "x", "y"]]) {
    await using run = judge(LOCAL, args);
    assertEquals(await run.code(), 2);
    assertEquals(run.err.text.split("\n").length, 2, run.err.text);
  }
});

Deno.test("a program that is not there is told so", async () => {
  await using run = judge(LOCAL, ["6", "./nowhere"]);
  assertEquals(await run.code(), 1);
  assertStringIncludes(run.out.text, "There is no program ./nowhere");
});

Deno.test("each step is a line of JSON", async () => {
  await using run = judge(LOCAL, ["6", "--json", "python3", ECHO]);
  assertEquals(await run.code(), 0);
  const verdicts = run.out.text.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(verdicts.map(({ status }) => status), Array(6).fill("pass"));
  assertEquals(verdicts[0].exercise, "echo");
});

Deno.test("interrupted, it ends with 130, and leaves no program behind", async () => {
  const mark = `MARKED=${crypto.randomUUID()}`;
  const deaf = "import signal, time\n" +
    "for name in (signal.SIGTERM, signal.SIGINT): signal.signal(name, signal.SIG_IGN)\n" +
    "print('ready', file=__import__('sys').stderr, flush=True)\ntime.sleep(60)";
  const [name, value] = mark.split("=");
  await using run = judge(LOCAL, ["6", "python3", "-c", deaf], {
    [name]: value,
  });
  await run.err.until(/yours> ready/);
  run.kill("SIGINT");
  assertEquals(await run.code(), 130);
  assertEquals(await withEnvironment(mark), []);
});
