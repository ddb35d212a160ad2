import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXERCISES } from "../../notebook/exercises/lib/catalogue.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { plan } from "../../notebook/exercises/lib/watch.ts";
import { withEnvironment } from "../../notebook/exercises/lib/system.ts";
import { audited, linux, needs, Process, program, ROOT } from "../harness.ts";
import { Classroom, MUTE, RIGHT } from "./classroom.ts";

const JUDGE = new URL("notebook/exercises/judge.ts", ROOT).pathname;

/** The lines of JSON that the judge printed. */
function verdictsIn(text: string): Record<string, unknown>[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("the task needs no package, and no internet, and runs in any folder of the project", async () => {
  await using room = await Classroom.open();
  await using run = new Process(
    "deno",
    ["task", "-q", "judge", "6", "python3", "my.py"],
    {
      cwd: room.folder,
      // A task that runs in a task is told where the outer one was started.
      env: { JSR_URL: "http://127.0.0.1:1/", INIT_CWD: room.folder },
    },
  );
  assertEquals(await run.code(), 0, run.err.text);
  assertEquals(run.err.text, "");
  assertMatch(run.out.text, /^✓ 6 echo: 6 of 6, \d+\.\d s\n/);
});

Deno.test("nothing is asked for but what the task is granted", async () => {
  await using room = await Classroom.open();
  const asked = await audited(async ({ env }) => {
    await using run = room.judge(["6", "python3", "my.py"], env);
    assertEquals(await run.code(), 0, run.err.text);
  });
  const kinds = asked.map((line) =>
    line.replace(room.project, "…").replace(/:\d+$/, "")
  );
  assertEquals(
    [...new Set(kinds)].filter((kind) => !/^run /.test(kind)),
    [
      "env INIT_CWD",
      "net 127.0.0.1",
      "read …/notebook/exercises/.progress.json",
      "read …/server.ts",
      "write …/notebook/exercises/.progress.json",
    ],
  );
});

Deno.test("the list shows what is passed, what is next, and what is open", async () => {
  await using room = await Classroom.open();
  const before = await room.ask();
  assertEquals(before.code, 0);
  assertStringIncludes(before.out, "  ▸  1  first-client ");
  assertEquals(before.out.match(/^ {2}·/gm)?.length, EXERCISES.length - 1);
  await room.ask("6", "python3", "my.py");
  assertMatch((await room.ask()).out, /^ {2}✓ {2}6 {2}echo /m);
});

Deno.test("a number and a slug show the same task", async () => {
  await using room = await Classroom.open();
  const { code, out } = await room.ask("6");
  assertEquals(code, 0);
  assertStringIncludes(out, "deno task judge 6 python3 my.py");
  assertEquals((await room.ask("echo")).out, out);
});

Deno.test("passing says what to read: our line, and where its story is told", async () => {
  await using room = await Classroom.open();
  const { out } = await room.ask("6", "python3", "my.py");
  assertMatch(out, /Ours is server\.ts:\d+: it reads until/);
  assertMatch(out, /notebook\/\w+\.ipynb, "/);
  assertStringIncludes(out, "Next: deno task judge 7");
});

Deno.test("the port is last, or where {port} stands, and in the environment", async () => {
  await using room = await Classroom.open({
    "first.py": RIGHT.replace(
      "argv[1]",
      "argv[1].split('=')[len(sys.argv) - 2]",
    ),
    "env.py": RIGHT.replace("sys, argv[1]", "").replace(
      "sys.argv[1]",
      "__import__('os').environ['PORT']",
    ),
  });
  for (const words of ["first.py --at={port} more", "env.py"]) {
    const { code, out } = await room.ask("6", "python3", ...words.split(" "));
    assertEquals(code, 0, out);
  }
});

Deno.test("a program is built first; one that does not build is not judged", async () => {
  await using room = await Classroom.open();
  const built = await room.ask(
    "6",
    "--build",
    "cp my.py built.py; echo done",
    "python3",
    "built.py",
  );
  assertEquals([built.code, built.err], [0, "build> done\n"]);
  const args = ["--build", "echo 'my.c: \x1b[31merror'; false", "./my"];
  const failed = await room.ask("6", ...args);
  assertEquals(failed.code, 1);
  assertStringIncludes(failed.out, "It does not build");
  assertEquals(failed.err, "build> my.c: \\x1b[31merror\n");
  const [verdict] = verdictsIn((await room.ask("6", "--json", ...args)).out);
  assertEquals(verdict.id, "does-not-build");
});

Deno.test("a program with a port of its own is judged there, unless somebody has it", async () => {
  const port = freePort();
  await using room = await Classroom.open({
    "fixed.py": RIGHT.replace("int(sys.argv[1])", `${port}`),
  });
  const command = ["6", "--port", `${port}`, "python3", "fixed.py"];
  assertEquals((await room.ask(...command)).code, 0);
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  const { code, out, err } = await room.ask(...command);
  assertEquals([code, out], [3, ""]);
  assertEquals(
    err,
    `judge: port ${port} is in use: by an earlier run of your program? End ` +
      `that, or judge it as it runs: --connect 127.0.0.1:${port}\n`,
  );
});

Deno.test("a server that runs already is judged under its address alone", async () => {
  await using room = await Classroom.open();
  const port = freePort();
  await using server = new Process("python3", ["my.py", `${port}`], {
    cwd: room.folder,
  });
  const reached = () =>
    Deno.connect({ port }).then((conn) => (conn.close(), true), () => false);
  while (!await reached());
  const at = `127.0.0.1:${port}`;
  const asked = await audited(async (options) => {
    await using run = new Process("deno", [
      ...["run", "-q", "--no-prompt", `--allow-net=${at}`],
      ...[JUDGE, "6", "--connect", at],
    ], options);
    assertEquals(await run.code(), 0, run.out.text + run.err.text);
    assertEquals(run.err.text, "");
  });
  assertEquals(asked, ["env INIT_CWD", `net ${at}`]);
  server.kill();
});

Deno.test("an address that the task may not reach is refused with the cure", async () => {
  await using room = await Classroom.open();
  const at = "192.0.2.1:4000";
  for (const args of [["6", "--connect", at], ["board", "4000"]]) {
    const host = args[0] === "board" ? "0.0.0.0:4000" : at;
    const { code, out, err } = await room.ask(...args);
    assertEquals([code, out], [3, ""]);
    assertStringIncludes(err, ` --allow-net=127.0.0.1,${host} `);
    assertMatch(err, /^judge: [^\n]+\n$/);
  }
});

Deno.test("a wrong command line is told so in a line, with 2", async () => {
  await using room = await Classroom.open();
  const wrong: [string[], string][] = [
    [["99"], "there is no exercise 99; they are 1 to 25"],
    [["6", "--nix", "x"], "unknown flag --nix"],
    [["1", "--connect", "127.0.0.1:1"], "exercise 1 judges a client"],
    [["--again"], "nothing was judged so far"],
    [["board", "x"], "board takes a port"],
  ];
  for (const [args, words] of wrong) {
    const { code, out, err } = await room.ask(...args);
    assertEquals([code, out], [2, ""], err);
    assertMatch(err, /^judge: [^\n]+\n$/);
    assertStringIncludes(err, words);
  }
});

Deno.test("hints come one at a time, and solutions to those who have earned them", async () => {
  await using room = await Classroom.open();
  for (const shown of [1, 2, 3, 3]) {
    const { out } = await room.ask("6", "--hint");
    assertEquals(out.match(/^ {2}\d\. /gm)?.length, shown);
  }
  const refused = await room.ask("6", "--solution");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.out, "after 3 more tries");
  await room.ask("6", "nowhere"); // what never ran was no try
  for (let tries = 0; tries < 3; tries++) {
    assertEquals((await room.ask("6", "--solution")).code, 1);
    await room.ask("6", "python3", "mute.py");
  }
  const { code, out } = await room.ask("6", "--solution");
  assertEquals(code, 0);
  for (const name of ["06.py", "06.ts"]) {
    assertStringIncludes(out, `--- ${name}\n`);
  }
  await room.ask("2", "--hint");
  assertEquals((await room.ask("2", "--solution")).code, 1);
});

Deno.test("a solution is earned by passing, too", async () => {
  await using room = await Classroom.open();
  await room.ask("6", "python3", "my.py");
  assertEquals((await room.ask("6", "--solution")).code, 0);
});

Deno.test("progress that somebody has spoilt is no reason to stop", async () => {
  await using room = await Classroom.open();
  const file = `${room.project}/notebook/exercises/.progress.json`;
  for (const text of ["", "7", "null", '{"exercises":{"echo":7}}']) {
    await Deno.writeTextFile(file, text);
    const { code, out } = await room.ask("6", "--hint");
    assertEquals([code, out.match(/^ {2}\d\. /gm)?.length], [0, 1], text);
  }
});

Deno.test("each step is a line of JSON", async () => {
  await using room = await Classroom.open();
  const passed = await room.ask("6", "--json", "python3", "my.py");
  assertEquals([passed.code, passed.err], [0, ""]);
  const verdicts = verdictsIn(passed.out);
  assertEquals(verdicts.map(({ status }) => status), Array(6).fill("pass"));
  assertEquals(
    Object.keys(verdicts[1]),
    ["version", "exercise", "step", "status", "twin", "wire", "ms"],
  );
  const failed = await room.ask("6", "--json", "python3", "mute.py");
  assertEquals(failed.code, 1);
  const [verdict] = verdictsIn(failed.out);
  assertEquals(
    [verdict.version, verdict.exercise, verdict.step, verdict.status],
    [1, "echo", "line", "fail"],
  );
  assertEquals(verdict.id, "no-echo");
  assertMatch(`${verdict.message}`, /^The line "hello" is not answered/);
  const [, sent] = verdict.wire as unknown[][];
  assertEquals(sent.slice(1), [">", "68 65 6c 6c 6f 0a"]);
});

Deno.test("--all goes on after a failure, and judges no step whose twin failed", async () => {
  await using room = await Classroom.open();
  const { out } = await room.ask("6", "--all", "--json", "python3", "mute.py");
  assertEquals(
    verdictsIn(out).map(({ status }) => status),
    ["fail", "skip", "skip", "skip", "skip", "skip"],
  );
});

Deno.test("--ladder shows what was said in the steps that passed", async () => {
  await using room = await Classroom.open();
  const { out } = await room.ask("6", "--ladder", "python3", "my.py");
  assertEquals(out.match(/^ {4}judge +yours$/gm)?.length, 6);
  assertStringIncludes(out, "✓ one line\n");
});

Deno.test("--again judges the last command once more, wherever that was", async () => {
  await using room = await Classroom.open();
  await using watching = room.judge(["6", "--watch", "python3", "mute.py"]);
  await watching.out.until(/✗/);
  watching.kill("SIGINT");
  await watching.code();
  await room.put({ "mute.py": RIGHT });
  await using run = room.judge(["--again", "--json"], { INIT_CWD: "/" });
  assertEquals(await run.code(), 0, run.out.text);
  assertEquals(verdictsIn(run.out.text).length, 6);
});

Deno.test("--watch judges again when an editor has saved", async () => {
  await using room = await Classroom.open();
  await using run = room.judge(["6", "--watch", "python3", "mute.py"]);
  await run.err.until(/at each save of mute\.py/);
  await run.out.until(/✗ 6 echo: one line/);
  // As many editors do it: a new file takes the place of the old one.
  for (const [text, verdict] of [[RIGHT, /✓ 6 echo/], [MUTE, /✗/]] as const) {
    const seen = run.out.text.match(RegExp(verdict, "g"))?.length ?? 0;
    await room.put({ "mute.py~": text });
    await Deno.rename(`${room.folder}/mute.py~`, `${room.folder}/mute.py`);
    await run.out.until(verdict, seen + 1);
  }
  run.kill("SIGINT");
  assertEquals(await run.code(), 130);
});

Deno.test("--watch builds, and judges, when what it is built from is saved", async () => {
  await using room = await Classroom.open();
  const build = "cp mute.py built.py";
  await using run = room.judge(
    ["6", "--watch", "--build", build, "python3", "built.py"],
  );
  await run.err.until(/at each save of mute\.py/);
  await run.out.until(/✗ 6 echo: one line/);
  await room.put({ "mute.py": RIGHT });
  await run.out.until(/✓ 6 echo/);
  run.kill("SIGINT");
  await run.code();
});

Deno.test("what is built is not watched, or each build would be a save", () => {
  const folder = "/home/ann";
  assertEquals(
    plan({ command: ["./my"], build: 'gcc -o "my" my.c', folder }).files,
    ["gcc", "-o", "my.c"].map((word) => `${folder}/${word}`),
  );
  assertEquals(
    plan({ command: ["./my", "-v"], build: "make", folder }).otherwise,
    { folder, except: ["my", "-v"].map((word) => `${folder}/${word}`) },
  );
});

Deno.test("--watch without a file says that there is none", async () => {
  await using room = await Classroom.open();
  const { code, err } = await room.ask("6", "--watch", "python3", "-c", "1");
  assertEquals(code, 2);
  assertMatch(err, /^judge: no word of the command is a file[^\n]*\n$/);
});

Deno.test(
  needs(
    "colour is for terminals, and not where it is not wanted",
    linux,
    program("script"),
  ),
  async () => {
    await using room = await Classroom.open();
    const args = ["6", "python3", "mute.py"];
    assertEquals((await room.ask(...args)).out.includes("\x1b"), false);
    const line = room.command(...args).join(" ");
    for (const [prefix, coloured] of [["env -u NO_COLOR", true], ["", false]]) {
      await using run = new Process(
        "script",
        ["-qec", `${prefix} ${line}`, "/dev/null"],
        { cwd: room.project, env: { INIT_CWD: room.folder } },
      );
      await run.code();
      assertStringIncludes(run.out.text, "✗");
      assertEquals(run.out.text.includes("\x1b["), coloured);
    }
  },
);

Deno.test("interrupted, it ends with 130, and leaves no program behind", async () => {
  const name = `deaf-${crypto.randomUUID()}.py`;
  await using room = await Classroom.open({
    [name]: "import signal, sys, time\n" +
      "for name in (signal.SIGTERM, signal.SIGINT):\n" +
      "    signal.signal(name, signal.SIG_IGN)\n" +
      "print('ready', file=sys.stderr, flush=True)\ntime.sleep(60)\n",
  });
  await using run = room.judge(["6", "python3", name]);
  await run.err.until(/yours> ready/);
  const started = `${name} 2`; // its name, and the port: the judge has none
  assertEquals((await withEnvironment(started)).length, 1);
  run.kill("SIGINT");
  assertEquals(await run.code(), 130);
  assertEquals(await withEnvironment(started), []);
});

Deno.test("what a program says on standard error is passed on, and harms no screen", async () => {
  await using room = await Classroom.open({
    "red.py": "import sys\nsys.exit('\\x1b[31mno\\x07')\n",
  });
  const { code, err } = await room.ask("6", "python3", "red.py");
  assertEquals([code, err], [1, "yours> \\x1b[31mno\\x07\n"]);
});

Deno.test("whoever reads no further is no reason for words", async () => {
  await using room = await Classroom.open();
  const line = room.command("6", "--ladder", "python3", "my.py").join(" ");
  await using run = new Process("sh", ["-c", `${line} | head -1`], {
    cwd: room.project,
    env: { INIT_CWD: room.folder },
  });
  assertEquals(await run.code(), 0);
  assertEquals([run.out.text, run.err.text], ["✓ one line\n", ""]);
});
