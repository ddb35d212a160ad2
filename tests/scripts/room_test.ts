/** The folder that `deno task prepare` makes, and a room without internet. */

import { dirname, join, win32 } from "node:path";
import { fileURLToPath } from "node:url";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { copyProject } from "../../notebook/room/copy.ts";
import { isInside } from "../../notebook/room/options.ts";
import { packagesIn } from "../../notebook/room/packages.ts";
import { startFiles } from "../../notebook/room/start.ts";
import { ownSystem, SYSTEMS } from "../../notebook/room/systems.ts";
import { fetchWheels, findPip } from "../../notebook/room/wheels.ts";
import {
  GREETING,
  linux,
  needs,
  Process,
  program,
  read,
  ROOT,
  superuser,
  unix,
} from "../harness.ts";

const PREPARE = [
  ...["run", "-q", "--no-prompt", "--allow-run", "--allow-read"],
  ...["--allow-write", "--allow-env=INIT_CWD", "notebook/room/prepare.ts"],
];

/** A temporary folder with these files in it, by their paths. */
async function folderWith(files: Record<string, string>) {
  const folder = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
  return {
    folder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The paths of all files below a folder. */
function filesIn(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(join(folder, below))].flatMap((entry) => {
    const path = below ? `${below}/${entry.name}` : entry.name;
    return entry.isDirectory ? filesIn(folder, path) : [path];
  }).sort();
}

/** How `deno task prepare` ends, and its words. */
async function prepare(...args: string[]): Promise<[number, string]> {
  await using process = new Process("deno", [...PREPARE, ...args]);
  return [await process.code(), process.err.text];
}

// --- What goes into the folder -----------------------------------------------

Deno.test("a copy of the project has all of it, and nothing that was made here", async () => {
  const files = ["server.ts", "notebook/book/book.ts", "notebook/start.ipynb"]
    .concat("vendor/jsr/mod.ts");
  const made = [
    ...[".git/HEAD", "notebook/.venv/python", "node_modules/.deno/x/x.js"],
    ...["book/index.html", "book.zip", "notebook/start.run.ipynb"],
  ];
  const all = [...files, ...made].map((path) => [path, path]);
  await using project = await folderWith(Object.fromEntries(all));
  await using to = await folderWith({});
  await copyProject(project.folder, to.folder);
  assertEquals(filesIn(to.folder), files.toSorted());
});

Deno.test("what modules and cells import from elsewhere is found, once each", async () => {
  const npm = "npm:"; // apart, or this file would ask for these packages
  await using project = await folderWith({
    "a.ts": `import { b } from "${npm}b@1.0.2/sub";\nimport "@std/fmt/bytes";`,
    "notebook/c.ts": `const d = import.meta.resolve("${npm}@s/d@3.4.5");`,
    "e.ipynb": JSON.stringify({ source: [`import "${npm}b@1.0.2";`] }),
    "vendor/x.ts": `import "${npm}x@1.0.0";`,
    "README.md": `${npm}y@1.0.0`,
  });
  assertEquals(await packagesIn(project.folder), [
    "@std/fmt/bytes",
    `${npm}@s/d@3.4.5`,
    `${npm}b@1.0.2`,
  ]);
});

Deno.test("the folder says how to begin: on each system, and with what is there", () => {
  const all = startFiles({
    systems: ["linux-x64", "mac-arm64", "windows-x64"],
    pythons: ["3.12", "3.13"],
    hasJudge: true,
  });
  const words = all.get("START-HERE.txt")!;
  assertStringIncludes(words, " linux-x64, mac-arm64, windows-x64\n");
  assertStringIncludes(words, " has to be there: 3.12, 3.13\n");
  assertStringIncludes(words, "deno task judge ");
  assertStringIncludes(all.get("start.sh")!, "Darwin-arm64) system=mac-arm64");
  assert(!/(?<!\r)\n/.test(all.get("start.cmd")!), "cmd.exe wants CR LF");
  const systems = ["linux-x64"];
  const few = startFiles({ systems, pythons: [], hasJudge: false });
  assert(!/judge|a Python/.test(few.get("START-HERE.txt")!));
  assert(!few.get("start.sh")!.includes("mac"));
});

Deno.test("a folder in the project, or with other things in it, is refused", async () => {
  assertEquals(await prepare("notebook/here"), [
    1,
    `prepare: ${fileURLToPath(new URL("notebook/here", ROOT))} is in the ` +
    "project itself; name one outside\n",
  ]);
  await using other = await folderWith({ "letter.txt": "Dear" });
  assertEquals(await prepare(other.folder), [
    1,
    `prepare: ${other.folder} holds other things; name a new folder in it\n`,
  ]);
  assertEquals(filesIn(other.folder), ["letter.txt"]);
});

Deno.test("a stick is not in the project, whichever drive it is", () => {
  const [project, stick] = ["C:\\sockets", "E:\\room"];
  assertEquals(isInside(stick, project, win32), false);
  assertEquals(isInside("C:\\room", project, win32), false);
  assertEquals(isInside("C:\\sockets\\room", project, win32), true);
  assertEquals(isInside(project, project, win32), true);
});

Deno.test("what prepare does not know, it says, and ends with 2", async () => {
  const known = Object.keys(SYSTEMS).join(", ");
  assertEquals(await prepare("--for", "beos"), [
    2,
    `prepare: "beos" is unknown; there are ${known}\n`,
  ]);
  assertEquals(await prepare("--pyton", "3.13"), [
    2,
    "prepare: --pyton is unknown\n",
  ]);
});

// --- What a teacher reads ----------------------------------------------------

const TEACHING = await Deno.readTextFile(
  new URL("notebook/TEACHING.md", ROOT),
);

Deno.test("each task that a teacher is told of is there", async () => {
  const config = await Deno.readTextFile(new URL("deno.json", ROOT));
  const { tasks } = JSON.parse(config);
  const start = startFiles({
    systems: ["mac-x64"],
    pythons: ["3"],
    hasJudge: true,
  });
  const text = TEACHING + [...start.values()].join("\n");
  const named = text.matchAll(/\b(?:deno|deno@[\d.]+) task (\w[\w:]*)/g);
  const unknown = Array.from(named, ([, name]) => name)
    .filter((name) => !(name in tasks) && (name !== "judge" || EXERCISES));
  assertEquals(unknown, []);
});

/** The names of the exercises, if there are any yet: 02_first_server.ts. */
const EXERCISES = exercises();

function exercises(): string[] | undefined {
  const folder = new URL("notebook/exercises/tasks/", ROOT);
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => {
      return name.replace(/^\d+_|\.ts$/g, "").replaceAll("_", "-");
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

Deno.test("each exercise of the lessons is there, and each page and place", async () => {
  const rows = TEACHING.matchAll(/^\| \d.*exercise.*$/gim);
  const named = Array.from(rows, ([row]) => row.match(/(?<=`)[a-z-]+(?=`)/g)!);
  assert(named.length >= 4);
  for (const slug of named.flat()) {
    assert(!EXERCISES || EXERCISES.includes(slug), slug);
  }
  for (const [, file, place] of TEACHING.matchAll(/\]\(([^)#]+)#?(\w*)\)/g)) {
    const page = await Deno.readTextFile(new URL(`notebook/${file}`, ROOT));
    assert(!place || page.includes(`id=\\"${place}\\"`), `${file}#${place}`);
  }
});

// --- What is fetched ---------------------------------------------------------

/** Whether a command ends well. */
async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    await using process = new Process(command, args);
    return await process.code() === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whether npm's packages can be had here, by getting a small one. */
async function reachesNpm(): Promise<boolean> {
  const flags = ["-q", "--no-config", "--node-modules-dir=none", "--reload"];
  return await succeeds("deno", "cache", ...flags, "npm:fflate@0.8.3");
}

const npm: [boolean, string] = [await reachesNpm(), "npm is out of reach"];
const pip: [boolean, string] = [
  await findPip().then(() => true, () => false),
  "there is no pip",
];

/** A small package, which needs another one only on Windows. */
const CLICK = { "requirements.txt": "click==8.1.8\n" };

Deno.test({
  ...needs("wheels for another system are those that it needs", pip),
  async fn() {
    await using from = await folderWith(CLICK);
    const requirements = join(from.folder, "requirements.txt");
    const names = ["windows-x64", "mac-arm64"].map(async (system) => {
      await using to = await folderWith({});
      const python = await findPip();
      await fetchWheels(python, system, "3.13", to.folder, requirements);
      return filesIn(to.folder).map((name) => name.split("-")[0]);
    });
    const [windows, mac] = await Promise.all(names);
    assertEquals(windows, ["click", "colorama"]);
    assertEquals(mac, ["click"]);
  },
});

/** What tasks of the room show. */
const SHOWN: Record<string, string> = {
  demo: `client │ ${GREETING}`,
  book: "book/index.html: ",
  ...EXERCISES && { judge: "first-server" },
};

/** What `start.sh` takes from the system; Deno is not among it. */
const TOOLS = ["sh", "uname", "dirname", "chmod"];

/** A folder of commands, and an empty home: all that a laptop has. */
async function laptop() {
  const made = await folderWith({ "home/none": "", "bin/none": "" });
  const python = "import sys; print(sys.executable)";
  const paths = TOOLS.map(async (name) => [
    name,
    await read("sh", "-c", `command -v ${name}`),
  ]);
  const python3 = ["python3", await read("python3", "-c", python)];
  for (const [name, path] of [...await Promise.all(paths), python3]) {
    await Deno.symlink(path.trim(), join(made.folder, "bin", name));
  }
  return made;
}

Deno.test({
  ...needs(
    "in a room without internet, a laptop without Deno can do everything",
    ...[linux, superuser, npm, pip],
    ...["unshare", "ip", "python3"].map(program),
  ),
  timeout: 300_000,
  async fn() {
    await using room = await folderWith({});
    await using own = await laptop();
    const flags = ["--for", ownSystem(), "--python", "none"];
    assertEquals(await prepare(room.folder, ...flags), [0, ""]);
    const pupil = async (...command: string[]) => {
      // A network of its own, which has nothing but a loopback.
      await using process = new Process("unshare", [
        ...["-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"],
        ...["env", "-i", `PATH=${own.folder}/bin`, `HOME=${own.folder}/home`],
        ...["NO_COLOR=1", "sh", join(room.folder, "start.sh"), ...command],
      ]);
      const code = await process.code();
      return { code, out: process.out.text, err: process.err.text };
    };
    const task = (name: string) => pupil("deno", "task", "-q", name);
    for (const [name, words] of Object.entries(SHOWN)) {
      const { code, out, err } = await task(name);
      assertEquals(code, 0, err);
      assertStringIncludes(out, words);
    }
    // JupyterLab is large: something small takes its place, in the same way.
    const notebook = join(room.folder, "project", "notebook");
    const requirements = join(notebook, "requirements.txt");
    await Deno.writeTextFile(requirements, CLICK["requirements.txt"]);
    const wheels = join(notebook, ".wheels");
    await Deno.mkdir(wheels); // without any
    const { code, err } = await task("notebook:setup");
    assertEquals(code, 1);
    assertMatch(err, /No matching .* click.*; START-HERE\.txt says for which/);
    const version = "import sys; print('%d.%d' % sys.version_info[:2])";
    const python = (await read("python3", "-c", version)).trim();
    const args = [python, wheels, requirements] as const;
    await fetchWheels(await findPip(), ownSystem(), ...args);
    assertEquals((await task("notebook:setup")).code, 0);
    const click = "import click; print(click.__version__)";
    const venv = join(notebook, ".venv", "bin", "python");
    assertEquals((await pupil(venv, "-c", click)).out, "8.1.8\n");
  },
});

Deno.test({
  ...needs("where the folder has no Deno for a laptop, start.sh says so", unix),
  async fn() {
    const options = { pythons: [], hasJudge: false };
    const files = startFiles({ systems: ["windows-x64"], ...options });
    await using room = await folderWith(Object.fromEntries(files));
    await using sh = new Process("sh", [join(room.folder, "start.sh"), "deno"]);
    assertEquals(await sh.code(), 1);
    assertMatch(sh.err.text, /^start: there is no Deno here for \w+ \w+\n$/);
  },
});
