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
} from "../notebook/jupyter.ts";
import {
  copyProject,
  needs,
  Process,
  program,
  read,
  ROOT,
  superuser,
  unix,
} from "./harness.ts";

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

const executed = new Map<string, Promise<Notebook>>();

/** A notebook after a fresh run of it: one run for all tests. */
function fresh(name: string): Promise<Notebook> {
  const running = executed.get(name) ?? execute(pathOf(name));
  executed.set(name, running);
  return running;
}

/** What differs from run to run, and what stands for it in a comparison. */
const VOLATILE: Record<string, RegExp> = {
  PORT: /(?<=127\.0\.0\.1:|--port )\d{4,5}\b/g,
  INODE: /(?<=(socket|pipe):\[|inode )\d+/g,
  DESCRIPTOR: /(?<=\bfd )\d+/g,
};

/** The same for cells with the tag `measured`: all their numbers. */
const MEASURED: Record<string, RegExp> = {
  BYTES: /\b[0-9a-f]{2}( [0-9a-f]{2})+\b/g,
  NUMBER: /\b\d+(\.\d+)?\b/g,
  " ": /\s+/g, // columns are as wide as their numbers
};

function comparable(text: string, { metadata }: Cell): string {
  const measured = metadata.tags?.includes("measured");
  const patterns = { ...VOLATILE, ...(measured ? MEASURED : {}) };
  return Object.entries(patterns).reduce(
    (rest, [name, pattern]) => rest.replaceAll(pattern, name),
    text,
  );
}

/** That a recorded run is shown of what is not done for each reader anew. */
const RECORDED = /^\(It takes RECORD=1, .*: a run recorded .*\)\n$/;

/** What a cell has put out, without what is volatile; pictures by their words. */
function outputsOf(cell: Cell): unknown[] {
  const outputs = (cell.outputs ?? []).filter(({ text }) =>
    !RECORDED.test(textOf(text))
  );
  return outputs.map(({ output_type, name, text, data = {} }) => ({
    output_type,
    name,
    text: comparable(textOf(text), cell),
    data: Object.entries(data).map(([type, content]) => {
      const isText = type.startsWith("text/");
      return [type, isText ? comparable(textOf(content), cell) : "something"];
    }),
  }));
}

function errorsOf({ cells }: Notebook): Output[] {
  return cells.flatMap(({ outputs = [] }) => outputs).filter((output) => {
    return output.output_type === "error" || output.name === "stderr";
  });
}

for (const name of NOTEBOOKS) {
  Deno.test({
    ...needs(`${name}: Jupyter executes it, and nothing goes wrong`, jupyter),
    async fn() {
      assertEquals(errorsOf(await fresh(name)), []);
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
    ),
    async fn() {
      const committed = await readNotebook(pathOf(name));
      const { cells } = await fresh(name);
      assertEquals(
        cells.map(({ id }) => id),
        committed.cells.map(({ id }) => id),
      );
      for (const [i, cell] of committed.cells.entries()) {
        assertEquals(outputsOf(cells[i]), outputsOf(cell), `in ${cell.id}`);
      }
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
    ...needs(
      `${name}: recorded runs take the place of all experiments`,
      jupyter,
    ),
    async fn() {
      await using kernel = await makeKernel({ RECORD: "0" });
      assertEquals(errorsOf(await kernel.execute(pathOf(name))), []);
    },
  });

  Deno.test({
    ...needs(
      `${name}: it runs for an ordinary user without any other program`,
      jupyter,
      unix,
      superuser,
    ),
    async fn() {
      await using kernel = await makeKernel({}, 65_534);
      assertEquals(errorsOf(await kernel.execute(pathOf(name))), []);
    },
  });
}

/**
 * A kernel with other variables in its environment; with a user's number it runs
 * as that user, in a copy of the project, and finds no program but Deno.
 */
async function makeKernel(env: Record<string, string>, user?: number) {
  const folder = await Deno.makeTempDir();
  let argv = [Deno.execPath()];
  let copy = "";
  if (user !== undefined) {
    copy = join(folder, "project");
    await Deno.mkdir(copy);
    await copyProject(copy);
    await copyPackages(folder);
    const bin = join(folder, "bin");
    await Deno.mkdir(bin);
    await Deno.copyFile(Deno.execPath(), join(bin, "deno"));
    await Deno.chmod(join(bin, "deno"), 0o755);
    await read("chown", "-R", `${user}:${user}`, folder);
    // Jupyter's file for the kernel is Jupyter's own: the kernel gets a copy.
    const script = `install -o ${user} -m 600 "$0" ${folder}/connection.json &&
      shift && exec setpriv --reuid=${user} --regid=${user} --clear-groups \\
      env PATH=${bin} HOME=${folder} TMPDIR=${folder} \\
      ${bin}/deno jupyter -q --kernel --conn ${folder}/connection.json`;
    argv = ["sh", "-c", script];
  }
  const spec = {
    argv: user === undefined
      ? [...argv, "jupyter", "-q", "--kernel", "--conn", "{connection_file}"]
      : [...argv, "{connection_file}", "-"],
    display_name: "Deno",
    language: "typescript",
    env: { NO_COLOR: "1", ...env },
  };
  await Deno.mkdir(join(folder, "kernels", "other"), { recursive: true });
  const file = join(folder, "kernels", "other", "kernel.json");
  await Deno.writeTextFile(file, JSON.stringify(spec));
  return {
    execute(path: string) {
      const own = copy && join(copy, "notebook", basename(path));
      return execute(own || path, { kernel: "other", kernels: folder });
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
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

Deno.test("each experiment has its recorded run, and each recorded run its experiment", async () => {
  const used = new Set<string>();
  for (const name of NOTEBOOKS) {
    const code = moduleOf(await readNotebook(pathOf(name)));
    for (const [, found] of code.matchAll(/\bobserve\(\s*"([^"]+)"/g)) {
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

/** A claim of the article. */
interface Claim {
  id: string;
  says: string;
  verdict: string;
  truth: string;
  cite?: string[];
}

const LEDGER: Claim[] = JSON.parse(
  await Deno.readTextFile(new URL("ledger.json", FOLDER)),
);

Deno.test("the ledger has every claim once, in order, with a verdict", () => {
  assert(LEDGER.length >= 71);
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
