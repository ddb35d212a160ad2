/**
 * Jupyter, in a folder of this project: an environment of its own with the Deno
 * kernel in it, what executes a notebook afresh, and what makes a page of it.
 *
 * Nothing of the person's own is touched: not their Jupyter, its settings and
 * kernels, nor their Python packages.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PLACEHOLDER } from "./lib/child.ts";

/** The folder of the notebooks. */
export const FOLDER: string = fileURLToPath(new URL(".", import.meta.url));

/** The environment: Python, JupyterLab and the Deno kernel. */
export const ENVIRONMENT: string = join(FOLDER, ".venv");

const WINDOWS = Deno.build.os === "windows";
const PYTHON = WINDOWS
  ? join(ENVIRONMENT, "Scripts", "python.exe")
  : join(ENVIRONMENT, "bin", "python");

/** Written last: what the environment was made from. */
const MADE_FROM = join(ENVIRONMENT, "made-from.txt");
const REQUIREMENTS = join(FOLDER, "requirements.txt");

/** Something that the person can mend; the message says how. */
export class Trouble extends Error {
  /** What kind of error it is. */
  override name = "Trouble";
}

/** A cell that failed; nothing has been written. */
export class CellError extends Error {
  /** What kind of error it is. */
  override name = "CellError";
  /** The number of the cell among all cells, from 0. */
  readonly cell: number;
  /** Where in the code, as the kernel tells it. */
  readonly traceback: string[];

  /** Says which cell failed, and how. */
  constructor(
    { cells }: Notebook,
    cell: number,
    error: { name: string; message: string; traceback?: string[] },
  ) {
    const [first] = textOf(cells[cell]?.source).split("\n");
    super(`cell ${cell + 1}, \`${first}\`: ${error.name}: ${error.message}`);
    this.cell = cell;
    this.traceback = error.traceback ?? [];
  }
}

// --- The environment ---------------------------------------------------------

/** Variables that keep Jupyter and Python inside the environment. */
const INSIDE = {
  JUPYTER_CONFIG_DIR: join(ENVIRONMENT, "etc", "jupyter"),
  JUPYTER_DATA_DIR: join(ENVIRONMENT, "share", "jupyter"),
  JUPYTER_RUNTIME_DIR: join(ENVIRONMENT, "runtime"),
  JUPYTERLAB_SETTINGS_DIR: join(ENVIRONMENT, "settings"),
  JUPYTERLAB_WORKSPACES_DIR: join(ENVIRONMENT, "workspaces"),
  IPYTHONDIR: join(ENVIRONMENT, "ipython"),
  JUPYTER_PATH: "",
  JUPYTER_CONFIG_PATH: "",
  PYTHONHOME: "",
  PYTHONPATH: "",
  PYTHONNOUSERSITE: "1",
  PIP_USER: "0",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_CACHE_DIR: "1",
  PIP_NO_INPUT: "1",
};

/** Whether the environment is there, and made from the requirements of today. */
export async function isPrepared(): Promise<boolean> {
  return await read(MADE_FROM) === await read(REQUIREMENTS);
}

/**
 * Makes the environment, unless it is there already.
 *
 * @throws {Trouble} If there is no Python, or its packages are out of reach.
 */
export async function prepare(): Promise<void> {
  if (!await isPrepared()) {
    console.error("notebook: making notebook/.venv, once; it takes a minute");
    const begin = performance.now();
    await makeEnvironment();
    await install();
    await Deno.writeTextFile(MADE_FROM, await read(REQUIREMENTS) ?? "");
    const seconds = Math.round((performance.now() - begin) / 1000);
    console.error(`notebook: made notebook/.venv in ${seconds} s`);
  }
  await writeKernel();
  await writeSettings();
}

/** How a program has ended, and all that it printed. */
export interface Ended {
  /** Whether its exit code is 0. */
  success: boolean;
  /** Its exit code. */
  code: number;
  /** What it printed, on both its outputs. */
  text: string;
}

/**
 * Makes the environment with the first Python there is; `py` is Windows' own
 * name for it. A placeholder of that name is no Python.
 *
 * @param run Runs a program for what it prints, or for nothing if there is none.
 * @throws {Trouble} If there is no Python, or it cannot make one.
 */
export async function makeEnvironment(
  run: (program: string, args: string[]) => Promise<Ended | undefined> =
    capture,
): Promise<void> {
  const args = ["-m", "venv", "--clear", ENVIRONMENT];
  let placeholder = "";
  for (const python of ["python3", "python", ...WINDOWS ? ["py"] : []]) {
    const result = await run(python, args);
    if (result?.success) return;
    if (result?.code === PLACEHOLDER) placeholder ||= python;
    else if (result) throw new Trouble(wordsOnVenv(python, result.text));
  }
  const why = placeholder && `: ${placeholder} only opens the Microsoft Store`;
  throw new Trouble(`there is no Python${why}; install Python 3.10 or later`);
}

function wordsOnVenv(python: string, text: string): string {
  if (/ensurepip|No module named venv/.test(text)) {
    return `${python} lacks its module venv; on Debian and Ubuntu install it ` +
      "with: sudo apt install python3-venv";
  }
  return `${python} made no environment: ${lastLine(text)}`;
}

async function install(): Promise<void> {
  // Where there is no internet, that shows soon: not after five attempts.
  const patience = ["--retries=1", "--timeout=15"];
  const args = ["install", "--quiet", ...patience, "-r", REQUIREMENTS];
  const { success, text } = (await capture(PYTHON, ["-m", "pip", ...args]))!;
  if (success) return;
  throw new Trouble(
    `pip could not install JupyterLab: ${lastLine(text)}; is there internet?`,
  );
}

/** Tells the environment of the very Deno that runs this. */
async function writeKernel(): Promise<void> {
  const command = ["jupyter", "-q", "--kernel", "--conn", "{connection_file}"];
  await write(join(INSIDE.JUPYTER_DATA_DIR, "kernels", "deno", "kernel.json"), {
    argv: [Deno.execPath(), ...command],
    display_name: "Deno",
    language: "typescript",
    interrupt_mode: "message", // a signal would end it
    env: { NO_COLOR: "1" },
  });
}

/**
 * Keeps JupyterLab from asking its makers for news, and from starting programs
 * of the person's, which keep notes in their home, to look for language servers.
 */
async function writeSettings(): Promise<void> {
  const folder = INSIDE.JUPYTER_CONFIG_DIR;
  const disabled = [
    "apputils-extension:announcements",
    "fileeditor-extension:language-server",
    "lsp-extension",
    "notebook-extension:language-server",
  ];
  await write(join(folder, "labconfig", "page_config.json"), {
    disabledExtensions: Object.fromEntries(
      disabled.map((name) => [`@jupyterlab/${name}`, true]),
    ),
  });
  await write(join(folder, "jupyter_server_config.d", "ours.json"), {
    ServerApp: { jpserver_extensions: { jupyter_lsp: false } },
  });
}

// --- Notebooks ---------------------------------------------------------------

/** A notebook as it stands in its file, in version 4.5 of the format. */
export interface Notebook {
  /** What it is made of, from top to bottom. */
  cells: Cell[];
  /** Its kernel and its language. */
  metadata: Record<string, unknown>;
  /** The format's version. */
  nbformat: number;
  /** The format's minor version. */
  nbformat_minor: number;
}

/** A piece of prose, or of code with what it has put out. */
export interface Cell {
  /** What kind of cell it is. */
  cell_type: "markdown" | "code" | "raw";
  /** Its name, which no other cell of the notebook has. */
  id: string;
  /** Its tags. */
  metadata: { tags?: string[] };
  /** Its text, whole or line by line. */
  source: string | string[];
  /** What it has put out, if it is code. */
  outputs?: Output[];
  /** How many cells had been executed with it, if it is code. */
  execution_count?: number | null;
}

/** Something that a cell has put out. */
export interface Output {
  /** What kind of output it is. */
  output_type: "stream" | "display_data" | "execute_result" | "error";
  /** The stream: `stdout` or `stderr`. */
  name?: string;
  /** What was written to the stream. */
  text?: string | string[];
  /** The same thing in several types of media. */
  data?: Record<string, string | string[]>;
  /** What is to be known of the data, such as an alternative text. */
  metadata?: Record<string, unknown>;
  /** The number of the cell's execution, if this is its result. */
  execution_count?: number | null;
}

/** A text of a notebook, whose file may keep it line by line. */
export function textOf(text: string | string[] = ""): string {
  return Array.isArray(text) ? text.join("") : text;
}

/** Reads a notebook's file. */
export async function readNotebook(path: string): Promise<Notebook> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** The paths of all notebooks in the folder, in the order of their names. */
export async function listNotebooks(): Promise<string[]> {
  const paths = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name.endsWith(".ipynb")) paths.push(join(FOLDER, name));
  }
  return paths.sort();
}

/** Options for {@linkcode execute}. */
export interface ExecuteOptions {
  /** The kernel to execute it with. @default {"deno"} */
  kernel?: string;
  /** A folder with further kernels, each in a folder `kernels/NAME`. */
  kernels?: string;
  /** Called when a cell begins, with its number among all cells, from 0. */
  onCell?: (cell: Cell, index: number) => void;
}

/**
 * Executes a notebook from top to bottom in a kernel of its own, whose working
 * directory is the notebook's folder. The file stays as it is.
 *
 * @param path The notebook's file.
 * @param options What to use, and whom to tell.
 * @returns The notebook with its new outputs, in its canonical form.
 * @throws {CellError} If a cell fails.
 */
export async function execute(
  path: string,
  { kernel = "deno", kernels = "", onCell }: ExecuteOptions = {},
): Promise<Notebook> {
  const before = await readNotebook(path);
  const program = join(FOLDER, "execute.py");
  await using run = start([program, path, kernel], dirname(path), kernels);
  let current = 0;
  for await (const line of linesOf(run.stdout)) {
    const { cell, error, notebook } = JSON.parse(line);
    if (notebook) return canonical(notebook);
    if (error) throw new CellError(before, current, error);
    current = cell;
    if (cell < before.cells.length) onCell?.(before.cells[cell], cell);
  }
  throw new Trouble("the Jupyter client ended before the notebook did");
}

function start(args: string[], cwd: string, kernels: string) {
  return new Deno.Command(PYTHON, {
    args,
    cwd,
    env: { ...INSIDE, JUPYTER_PATH: kernels },
    stdin: "null",
    stdout: "piped",
  }).spawn();
}

/**
 * The one form in which a notebook is kept, so that only what differs in what
 * it says differs in its file. Gone are the times of execution, all metadata
 * but tags, and the bounds between two writes to the same stream.
 *
 * @param notebook Any notebook.
 * @returns A new one, with its texts line by line.
 */
export function canonical({ cells, metadata }: Notebook): Notebook {
  let count = 0;
  return {
    cells: cells.map((cell) => {
      const { cell_type, id, metadata: { tags }, source } = cell;
      const common = {
        cell_type,
        id,
        metadata: tags?.length ? { tags } : {},
        source: lines(source),
      };
      if (cell_type !== "code") return common;
      const execution_count = cell.execution_count ? ++count : null;
      const outputs = merge(cell.outputs ?? []).map((output) => {
        return canonicalOutput(output, execution_count);
      });
      return { ...common, execution_count, outputs };
    }),
    metadata: {
      kernelspec: {
        display_name: "Deno",
        language: "typescript",
        name: "deno",
      },
      language_info: metadata.language_info ?? { name: "typescript" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Joins what was written to the same stream without anything in between. */
function merge(outputs: Output[]): Output[] {
  const merged: Output[] = [];
  for (const output of outputs) {
    const last = merged.at(-1);
    if (last && output.name && output.name === last.name) {
      last.text = textOf(last.text) + textOf(output.text);
    } else merged.push({ ...output });
  }
  return merged;
}

function canonicalOutput(output: Output, execution_count: number | null) {
  const { output_type, name, text, data = {}, metadata = {} } = output;
  if (output_type === "stream") {
    return { output_type, name, text: lines(text) };
  }
  if (output_type === "error") return output;
  const bundle = Object.entries(data).map(([type, value]) => {
    if (type.startsWith("text/")) return [type, lines(value)];
    return [type, typeof value === "string" ? value.trim() : value];
  });
  return {
    output_type,
    data: Object.fromEntries(bundle),
    metadata,
    ...(output_type === "execute_result" && { execution_count }),
  };
}

function lines(text: string | string[] | undefined): string[] {
  return textOf(text).match(/.*\n|.+$/g) ?? [];
}

/**
 * The text of a notebook's file: as Jupyter writes it, with sorted keys, so
 * that saving the notebook in JupyterLab moves nothing.
 */
export function stringify(notebook: Notebook): string {
  return `${JSON.stringify(sorted(notebook), null, 1)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, at]) => [key, sorted(at)]));
}

// --- JupyterLab --------------------------------------------------------------

/** How a program is started. */
export interface Launch {
  /** The program. */
  program: string;
  /** Its arguments. */
  args: string[];
  /** Variables of its environment, beside our own. */
  env: Record<string, string>;
  /** The folder it runs in. */
  cwd: string;
}

/**
 * What to run for JupyterLab to open a notebook, in whose folder it stays.
 *
 * @param path The notebook's file.
 * @param flags Further flags of JupyterLab.
 */
export function lab(path: string, flags: string[] = []): Launch {
  const folder = dirname(path);
  const flag = `--ServerApp.root_dir=${folder}`;
  const args = ["-m", "jupyterlab", flag, ...flags, path];
  return { program: PYTHON, args, env: INSIDE, cwd: folder };
}

// --- The page ----------------------------------------------------------------

/**
 * Makes one page of a notebook, which needs nothing beside itself.
 *
 * @param path The notebook's file.
 * @param page The page's file, which ends in `.html`.
 * @throws {Trouble} If nbconvert fails.
 */
export async function makePage(path: string, page: string): Promise<void> {
  const result = await capture(PYTHON, [
    ...["-m", "nbconvert", "--log-level=WARN", "--to=html"],
    `--TemplateExporter.extra_template_basedirs=${FOLDER}`,
    "--template=page",
    `--output-dir=${dirname(page)}`,
    `--output=${basename(page, ".html")}`,
    path,
  ]);
  if (result?.success) return;
  throw new Trouble(`nbconvert made no page: ${lastLine(result?.text ?? "")}`);
}

// --- Processes and files -----------------------------------------------------

/** Runs a program for all that it prints; there may be no such program. */
async function capture(
  program: string,
  args: string[],
): Promise<Ended | undefined> {
  try {
    const command = new Deno.Command(program, { args, env: INSIDE });
    const { success, code, stdout, stderr } = await command.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, code, text: decode(stdout) + decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Hands a stream out line by line. */
async function* linesOf(stream: ReadableStream<Uint8Array>) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

async function write(path: string, content: unknown): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify(content));
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)!;
}

// --- The command line --------------------------------------------------------

/** Opens the notebook to begin with; what follows are flags for JupyterLab. */
async function open(flags: string[]): Promise<void> {
  const first = join(FOLDER, "sockets.ipynb");
  const { program, args, env, cwd } = lab(first, flags);
  const process = new Deno.Command(program, { args, env, cwd }).spawn();
  // Ctrl-C reaches JupyterLab, too: it asks before it ends, and we wait for it.
  Deno.addSignalListener("SIGINT", () => {});
  if (!WINDOWS) Deno.addSignalListener("SIGTERM", () => process.kill());
  Deno.exitCode = (await process.status).code;
}

/** Executes notebooks, and writes each back if all of it has gone well. */
async function run(files: string[]): Promise<void> {
  for (const path of await pathsOf(files)) {
    const name = basename(path);
    const { cells } = await readNotebook(path);
    const begin = performance.now();
    const notebook = await execute(path, {
      onCell({ source }, index) {
        const [first] = textOf(source).split("\n");
        console.log(`${name} ${index + 1}/${cells.length}  ${first}`);
      },
    });
    await Deno.writeTextFile(path, stringify(notebook));
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${name} executed afresh in ${seconds} s`);
  }
}

/** Makes a page beside each notebook. */
async function html(files: string[]): Promise<void> {
  for (const path of await pathsOf(files)) {
    const page = path.replace(/\.ipynb$/, ".html");
    await makePage(path, page);
    console.log(page);
  }
}

/** The notebooks that are named, seen from where the person is, or all. */
async function pathsOf(files: string[]): Promise<string[]> {
  if (files.length === 0) return await listNotebooks();
  const here = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const paths = files.map((file) => resolve(here, file));
  const all = await listNotebooks();
  const stray = paths.find((path) => !all.includes(path));
  if (stray) throw new Trouble(`there is no notebook ${stray}`);
  return paths;
}

const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  setup: async () => {}, // it has been done before
  open,
  run,
  html,
};

if (import.meta.main) {
  const [name = "", ...args] = Deno.args;
  try {
    const command = COMMANDS[name];
    if (!command) throw new Trouble("what to do? setup, open, run or html");
    await prepare();
    await command(args);
  } catch (error) {
    if (!(error instanceof Trouble || error instanceof CellError)) throw error;
    console.error(`notebook: ${error.message}`);
    Deno.exit(1);
  }
}
