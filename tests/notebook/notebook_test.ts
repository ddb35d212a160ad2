/**
 * The notebooks: their cells in good order, executed by a real Jupyter client,
 * and everything that they claim accounted for.
 */

import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  fail,
} from "@std/assert";
import {
  canonical,
  type Cell,
  CellError,
  execute,
  isPrepared,
  listNotebooks,
  type Notebook,
  type Output,
  readNotebook,
  stringify,
  textOf,
  Trouble,
} from "../../notebook/jupyter.ts";
import {
  assertReadmeSays,
  copyProject,
  linux,
  needs,
  PATIENT,
  Process,
  program,
  read,
  ROOT,
  superuser,
  unix,
  untilEnded,
} from "../harness.ts";
import type { Claim } from "../../notebook/lib/ledger.ts";
import { decode } from "../png.ts";

const FOLDER = new URL("notebook/", ROOT);

/** All notebooks, by the names of their files. */
const NOTEBOOKS = (await listNotebooks()).map((path) => basename(path));

/** A condition: Jupyter is there. */
const jupyter: [boolean, string] = [
  await isPrepared(),
  "no Jupyter yet; deno task notebook:setup",
];

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

function isCode({ cell_type }: Cell): boolean {
  return cell_type === "code";
}

/** The claims that a cell shows. */
function claimsOf({ metadata }: Cell): string[] {
  return metadata.tags?.filter((tag) => /^C\d+$/.test(tag)) ?? [];
}

// --- Cells in good order -----------------------------------------------------

/** Runs Deno for a check; fails with what it says. */
async function check(...args: string[]): Promise<void> {
  await using deno = new Process(Deno.execPath(), args);
  if (await deno.code() !== 0) fail(deno.err.text + deno.out.text);
}

/** All code of a notebook as one module; each cell under its own name. */
function moduleOf({ cells }: Notebook): string {
  const parts = cells.filter(isCode).map(({ id, source }) => {
    return `// The cell ${id}\n${textOf(source)}\n`;
  });
  return `${parts.join("\n")}\nexport {};\n`;
}

for (const name of NOTEBOOKS) {
  Deno.test(`${name}: the cells are formatted, without errors of types or lint`, async () => {
    // With --check Deno takes any notebook for unformatted, even its own work.
    const text = await Deno.readFile(pathOf(name));
    const options = ["fmt", "--ext", "ipynb", "-"];
    await using deno = new Process(Deno.execPath(), options, { stdin: text });
    assertEquals(await deno.code(), 0, deno.err.text);
    assertEquals(deno.out.text, new TextDecoder().decode(text));
    // Deno's other checks do not read notebooks, but they read a module beside one.
    const file = pathOf(`.${name.replace(".ipynb", "")}.check.ts`);
    await Deno.writeTextFile(file, moduleOf(await readNotebook(pathOf(name))));
    try {
      await check("check", file);
      await check("lint", file);
    } finally {
      await Deno.remove(file);
    }
  });

  Deno.test(`${name}: cells are short, and told about before they come`, async () => {
    const { cells } = await readNotebook(pathOf(name));
    let prose = 0; // cells of code since the last prose
    for (const cell of cells) {
      const text = textOf(cell.source);
      if (isCode(cell)) {
        const lines = text.split("\n").length;
        assert(lines <= 20, `${cell.id} has ${lines} lines`);
        assert(++prose <= 2, `nothing is said before ${cell.id}`);
        const shows = claimsOf(cell);
        const asserts = /\bassert\w*\(/.test(text);
        assert(asserts || shows.length === 0, `${cell.id} asserts no ${shows}`);
      } else {
        const words = wordsIn(text);
        assert(words <= 120, `${cell.id} has ${words} words`);
        prose = 0;
      }
    }
  });
}

/** The number of words that one reads: no code, no addresses of links. */
function wordsIn(markdown: string): number {
  const prose = markdown.replaceAll(/```.*?```/gs, "")
    .replaceAll(/\]\([^)]*\)/g, "]");
  return prose.match(/[\p{L}\p{N}][\p{L}\p{N}'’.,_-]*/gu)?.length ?? 0;
}

// --- Execution ---------------------------------------------------------------

/** The settings that a notebook is executed in. */
const SETTINGS = {
  /** Here and now, with all that this machine has. */
  fresh: (name: string) => execute(pathOf(name)),
  /** Without any experiment: what was found is read from the recorded runs. */
  async recorded(name: string) {
    await using kernel = await makeKernel({ env: { RECORD: "0" } });
    return await kernel.execute(pathOf(name));
  },
  /** As a user who has no rights, and no program but Deno. */
  async ordinary(name: string) {
    const { folder } = await home();
    const argv = ["sh", "-c", startAs(NOBODY, folder), "{connection_file}"];
    await using kernel = await makeKernel({ argv });
    return await kernel.execute(join(folder, "project", "notebook", name));
  },
};

type Setting = keyof typeof SETTINGS;

/** Which of them go side by side: half of each run is waiting. */
const GROUPS: Setting[][] = [["fresh", "recorded"], ["ordinary"]];

/** What came of a notebook in a setting: it, or an error. */
type Outcome = { value: Notebook } | { error: unknown };

const runs = new Map<string, Promise<Map<Setting, Outcome>>>();

/** Executes a notebook in some settings; resolves when all of them are over. */
async function runAll(
  name: string,
  settings: Setting[],
): Promise<Map<Setting, Outcome>> {
  const outcomes = settings.map(
    async (setting): Promise<[Setting, Outcome]> => {
      const outcome = await SETTINGS[setting](name).then(
        (value) => ({ value }),
        (error) => ({ error }),
      );
      return [setting, outcome];
    },
  );
  return new Map(await Promise.all(outcomes));
}

/** A notebook after a run of it: one for all tests. */
async function executed(name: string, setting: Setting): Promise<Notebook> {
  const group = GROUPS.find((settings) => settings.includes(setting))!;
  const key = `${name}: ${group}`;
  const running = runs.get(key) ?? runAll(name, group);
  runs.set(key, running);
  const outcome = (await running).get(setting)!;
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** What differs from run to run, and what stands for it in a comparison. */
const VOLATILE: Record<string, RegExp> = {
  PORT: /(?<=127\.0\.0\.1:|--port )\d{4,5}\b/g,
  INODE: /(?<=(socket|pipe):\[|inode )\d+/g,
  DESCRIPTOR: /(?<=\bfd )\d+/g,
  // What else is missing beside RECORD=1 depends on the machine.
  "": /(?<=^\(It takes RECORD=1, as it keeps the machine busy) and .*(?=: )/gm,
};

/** The same for cells with the tag `measured`: all their numbers. */
const MEASURED: Record<string, RegExp> = {
  BYTES: /\b[0-9a-f]{2}( [0-9a-f]{2})+\b/g,
  NUMBER: /\b\d+(\.\d+)?\b/g,
  " ": /\s+/g, // columns are as wide as their numbers
};

/** Whether all that a cell shows follows from files of the project alone. */
function isExact({ metadata }: Cell): boolean {
  return metadata.tags?.includes("exact") ?? false;
}

function comparable(text: string, cell: Cell): string {
  if (isExact(cell)) return text;
  const measured = cell.metadata.tags?.includes("measured");
  const patterns = { ...VOLATILE, ...(measured ? MEASURED : {}) };
  return Object.entries(patterns).reduce(
    (rest, [name, pattern]) => rest.replaceAll(pattern, name),
    text,
  );
}

/** What a cell has put out, without what is volatile. */
function outputsOf(cell: Cell): Promise<unknown[]> {
  const outputs = (cell.outputs ?? []).map(async (output) => {
    const { output_type, name, text, data = {} } = output;
    const contents = Object.entries(data).map(async ([type, content]) => {
      const all = textOf(content);
      const isText = type.startsWith("text/");
      return [type, isText ? comparable(all, cell) : await picture(all, cell)];
    });
    return {
      output_type,
      name,
      text: comparable(textOf(text), cell),
      data: await Promise.all(contents),
    };
  });
  return Promise.all(outputs);
}

/** What is compared of a picture: every byte, or that something is drawn. */
async function picture(base64: string, cell: Cell): Promise<string> {
  const png = Uint8Array.fromBase64(base64);
  if (isExact(cell)) {
    const digest = await crypto.subtle.digest("SHA-256", png);
    return new Uint8Array(digest).toHex();
  }
  const { width, height, colours } = await decode(png);
  const isDrawn = colours >= 8 && width > 200 && height > 100;
  return isDrawn ? "drawn" : `${colours} colours, ${width} x ${height}`;
}

/** Fails unless these cells of a notebook show what they show in its file. */
async function assertShown(
  name: string,
  notebook: Notebook,
  which = (_: Cell) => true,
): Promise<void> {
  const { cells } = await readNotebook(pathOf(name));
  const ids = (all: Cell[]) => all.map(({ id }) => id);
  assertEquals(ids(notebook.cells), ids(cells));
  for (const [i, cell] of cells.entries()) {
    if (!which(cell)) continue;
    const [now, before] = [notebook.cells[i], cell].map(outputsOf);
    assertEquals(await now, await before, `in ${cell.id}`);
  }
}

function errorsOf({ cells }: Notebook): Output[] {
  return cells.flatMap(({ outputs = [] }) => outputs).filter((output) => {
    return output.output_type === "error" || output.name === "stderr";
  });
}

for (const name of NOTEBOOKS) {
  Deno.test({
    ...needs(`${name}: Jupyter executes it, and nothing goes wrong`, jupyter),
    ...PATIENT,
    async fn() {
      assertEquals(errorsOf(await executed(name, "fresh")), []);
    },
  });

  Deno.test({
    ...needs(
      `${name}: what comes out is what stands in the file`,
      jupyter,
      superuser,
      ...["tcpdump", "strace", "python3", "node", "nc", "curl", "chromium"].map(
        program,
      ),
      ...["ip", "tc", "ss", "nft", "dnsmasq", "setpriv", "unshare"].map(
        program,
      ),
    ),
    ...PATIENT,
    async fn() {
      await assertShown(name, await executed(name, "fresh"));
    },
  });

  Deno.test(`${name}: the file is as it is written by notebook:run`, async () => {
    const text = await Deno.readTextFile(pathOf(name));
    assertEquals(text, stringify(canonical(JSON.parse(text))));
    const counts = JSON.parse(text).cells.filter(isCode).map(
      ({ execution_count }: Cell) => execution_count,
    );
    assertEquals(counts, counts.map((_: number, i: number) => i + 1));
  });

  Deno.test(`${name}: each picture has words for those who cannot see it`, async () => {
    const { cells } = await readNotebook(pathOf(name));
    const pictures = cells.flatMap(({ outputs = [] }) => outputs)
      .filter(({ data }) => data?.["image/png"]);
    assert(pictures.length > 0);
    for (const { data, metadata } of pictures) {
      const { alt } = metadata!["image/png"] as { alt: string };
      assertEquals(textOf(data!["text/plain"]), alt);
      assertMatch(alt, /^[A-Z].{40,}\.$/);
    }
  });

  Deno.test({
    name: `${name}: each picture brings its drawing for the pages`,
    async fn() {
      const { cells } = await readNotebook(pathOf(name));
      const pictures = cells.flatMap(({ outputs = [] }) => outputs)
        .filter(({ data }) => data?.["image/png"]);
      assert(pictures.length > 0);
      for (const { metadata } of pictures) {
        if (name === "applications.ipynb" && !metadata!.drawing) continue; // a photo
        const { kind, steps, svg } = JSON.parse(`${metadata!.drawing}`);
        if (kind === "ladder") assert(steps.length > 0);
        else assertMatch(svg, /<svg[^]*<\/svg>/);
      }
    },
  });

  Deno.test({
    ...needs(
      `${name}: recorded runs take the place of all experiments, and it says so`,
      jupyter,
    ),
    ...PATIENT,
    async fn() {
      const notebook = await executed(name, "recorded");
      assertEquals(errorsOf(notebook), []);
      const printed = notebook.cells.flatMap(({ outputs = [] }) => outputs)
        .map(({ text }) => textOf(text)).join("");
      const notes = printed.matchAll(/^\(It takes \S.*?: (a run .*)\)$/gm);
      const expected = experimentsIn(notebook).map(async (experiment) => {
        const file = new URL(`recorded/${experiment}.json`, FOLDER);
        const { day, on } = JSON.parse(await Deno.readTextFile(file));
        return `a run recorded on ${day}, ${on}.`;
      });
      assertEquals(
        Array.from(notes, ([, note]) => note),
        await Promise.all(expected),
      );
    },
  });

  Deno.test({
    ...needs(
      `${name}: what follows from files alone is exactly what stands in it`,
      jupyter,
    ),
    ...PATIENT,
    async fn() {
      await assertShown(name, await executed(name, "recorded"), isExact);
    },
  });

  Deno.test({
    ...needs(
      `${name}: it runs for an ordinary user without any other program`,
      jupyter,
      unix,
      superuser,
    ),
    ...PATIENT,
    async fn() {
      assertEquals(errorsOf(await executed(name, "ordinary")), []);
    },
  });
}

/** The names of all experiments in a notebook, from top to bottom. */
function experimentsIn(notebook: Notebook): string[] {
  const found = moduleOf(notebook).matchAll(
    /\b(?:observe\(|overhear\(|record: )\s*"([^"]+)"/g,
  );
  return Array.from(found, ([, name]) => name);
}

/** How a kernel is made. */
interface KernelOptions {
  /** What starts it. @default {Deno} */
  argv?: string[];
  /** Variables of its environment. */
  env?: Record<string, string>;
}

/** A kernel of our own, which executes notebooks until it is disposed. */
async function makeKernel({ argv, env }: KernelOptions) {
  const folder = await Deno.makeTempDir();
  const connect = ["-q", "--kernel", "--conn", "{connection_file}"];
  const spec = {
    argv: argv ?? [Deno.execPath(), "jupyter", ...connect],
    display_name: "Deno",
    language: "typescript",
    env: { NO_COLOR: "1", ...env },
  };
  await Deno.mkdir(join(folder, "kernels", "other"), { recursive: true });
  const file = join(folder, "kernels", "other", "kernel.json");
  await Deno.writeTextFile(file, JSON.stringify(spec));
  return {
    execute: (path: string) =>
      execute(path, { kernel: "other", kernels: folder }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The number of a user who owns nothing. */
const NOBODY = 65_534;

let made: ReturnType<typeof makeHome> | undefined;

/** A home for an ordinary user: one for all tests. */
function home(): ReturnType<typeof makeHome> {
  return made ??= makeHome(NOBODY);
}

Deno.test.afterAll(async () => {
  if (made) await Deno.remove((await made).folder, { recursive: true });
});

/** A folder with the project in it, with Deno and what it has fetched from npm. */
async function makeHome(user: number): Promise<{ folder: string }> {
  const folder = await Deno.makeTempDir();
  for (const name of ["project", "bin"]) await Deno.mkdir(join(folder, name));
  await copyProject(join(folder, "project"));
  await copyPackages(folder);
  await Deno.copyFile(Deno.execPath(), join(folder, "bin", "deno"));
  await Deno.chmod(join(folder, "bin", "deno"), 0o755);
  await read("chown", "-R", `${user}:${user}`, folder);
  return { folder };
}

/** What a shell does to start a kernel as a user, in whose home Deno is. */
function startAs(user: number, home: string): string {
  // Jupyter's file for the kernel is Jupyter's own: the kernel gets a copy.
  return `install -o ${user} -m 600 "$0" ${home}/connection.json &&
    exec setpriv --reuid=${user} --regid=${user} --clear-groups \\
    env PATH=${home}/bin HOME=${home} TMPDIR=${home} \\
    ${home}/bin/deno jupyter -q --kernel --conn ${home}/connection.json`;
}

/** Copies to a home what Deno has fetched from npm. */
async function copyPackages(home: string): Promise<void> {
  const { denoDir } = JSON.parse(await read(Deno.execPath(), "info", "--json"));
  const cache = join(home, ".cache", "deno");
  await Deno.mkdir(cache, { recursive: true });
  await read("cp", "-R", join(denoDir, "npm"), cache);
}

Deno.test({
  ...needs("a cell that fails is named, with its error", jupyter),
  async fn() {
    const cell = (id: string, source: string): Cell => {
      return { cell_type: "code", id, metadata: {}, source, outputs: [] };
    };
    const notebook = canonical({
      cells: [
        cell("good", "const x = 1;"),
        cell("bad", "// here\nnull.x"),
        cell("never", "await Deno.remove('unreached')"),
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    });
    const file = await Deno.makeTempFile({ suffix: ".ipynb" });
    await Deno.writeTextFile(file, stringify(notebook));
    const error = await assertRejects(() => execute(file), CellError);
    assertMatch(error.message, /^cell 2, `\/\/ here`: TypeError: /);
    assertEquals(await Deno.readTextFile(file), stringify(notebook));
    await Deno.remove(file);
  },
});

Deno.test({
  ...needs("what a cell prints in pieces stands in the file as one", jupyter),
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".ipynb" });
    const source = ["a", "b"].map((text) =>
      `await Deno.jupyter.broadcast("stream", { name: "stdout", text: "${text}" });`
    );
    const pause = "await new Promise((r) => setTimeout(r, 20));";
    const cells: Cell[] = [{
      cell_type: "code",
      id: "one",
      metadata: {},
      source: [...source, pause].join("\n"),
    }];
    const before = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await Deno.writeTextFile(file, JSON.stringify(before));
    const after = await execute(file);
    assertEquals(after.cells[0].outputs, [
      { output_type: "stream", name: "stdout", text: ["ab"] },
    ]);
    assertEquals(stringify(canonical(after)), stringify(after));
    await Deno.remove(file);
  },
});

Deno.test({
  ...needs(
    "a kernel ends with its client, even one that is killed",
    jupyter,
    linux,
  ),
  async fn() {
    const folder = await Deno.makeTempDir();
    const pid = join(folder, "pid");
    const source = `await Deno.writeTextFile("${pid}", String(Deno.pid));
      Deno.kill(Deno.ppid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 1e8));`;
    const cell: Cell = { cell_type: "code", id: "one", metadata: {}, source };
    const file = join(folder, "one.ipynb");
    const notebook = { cells: [cell], metadata: {}, nbformat: 4 };
    await Deno.writeTextFile(
      file,
      JSON.stringify({ ...notebook, nbformat_minor: 5 }),
    );
    await assertRejects(() => execute(file), Trouble, "client ended before");
    await untilEnded(Number(await Deno.readTextFile(pid)));
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("each experiment has its recorded run, and each recorded run its experiment", async () => {
  const used = new Set<string>();
  for (const name of NOTEBOOKS) {
    for (const found of experimentsIn(await readNotebook(pathOf(name)))) {
      assert(!used.has(found), `two experiments are called ${found}`);
      used.add(found);
    }
  }
  const recorded = [...Deno.readDirSync(new URL("recorded/", FOLDER))]
    .map(({ name }) => name).filter((name) => name.endsWith(".json"));
  assertEquals(
    recorded.map((name) => name.replace(".json", "")).sort(),
    [...used].sort(),
  );
});

// --- The claims --------------------------------------------------------------

const LEDGER: Claim[] = JSON.parse(
  await Deno.readTextFile(new URL("ledger.json", FOLDER)),
);

Deno.test("the ledger has every claim once, in order, with a verdict", async () => {
  await assertReadmeSays(
    `claim by claim: ${LEDGER.length} of them, each shown true`,
  );
  for (const [i, { id, says, verdict, truth }] of LEDGER.entries()) {
    assertEquals(id, `C${String(i + 1).padStart(2, "0")}`);
    assert(says && truth, id);
    assertMatch(verdict, /^(holds|care|wrong)$/);
  }
});

Deno.test("each claim is shown by a cell or settled by a source, and each cell's claim is in the ledger", async () => {
  const { cells } = await readNotebook(pathOf("sockets.ipynb"));
  const shown = new Set(cells.flatMap(claimsOf));
  for (const { id, cite = [] } of LEDGER) {
    assert(shown.has(id) || cite.length > 0, `${id} is neither`);
  }
  const known = new Set(LEDGER.map(({ id }) => id));
  for (const id of shown) assert(known.has(id), `nobody claims ${id}`);
});
