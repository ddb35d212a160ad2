/**
 * Jupyter, in a folder of this project: makes an environment of its own with the
 * Deno kernel in it, opens the notebooks there, and executes them afresh.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { prepare, Trouble, WINDOWS } from "./jupyter/environment.ts";
import { CellError, execute } from "./jupyter/execute.ts";
import {
  firstChapter,
  listNotebooks,
  readNotebook,
  runOf,
  stringify,
  textOf,
} from "./jupyter/format.ts";
import { lab } from "./jupyter/lab.ts";

export {
  type Ended,
  ENVIRONMENT,
  isPrepared,
  makeEnvironment,
  prepare,
  Trouble,
} from "./jupyter/environment.ts";
export { CellError, execute, type ExecuteOptions } from "./jupyter/execute.ts";
export {
  canonical,
  type Cell,
  FOLDER,
  listNotebooks,
  type Notebook,
  type Output,
  readNotebook,
  stringify,
  textOf,
} from "./jupyter/format.ts";
export { lab, type Launch } from "./jupyter/lab.ts";

/** Opens the chapter to begin with; what follows are flags for JupyterLab. */
async function open(flags: string[]): Promise<void> {
  const { program, args, env, cwd } = lab(await firstChapter(), flags);
  const process = new Deno.Command(program, { args, env, cwd }).spawn();
  // Ctrl-C reaches JupyterLab, too: it asks before it ends, and we wait for it.
  Deno.addSignalListener("SIGINT", () => {});
  if (!WINDOWS) Deno.addSignalListener("SIGTERM", () => process.kill());
  Deno.exitCode = (await process.status).code;
}

/** The flag by which a run becomes what stands in the notebook itself. */
const WRITE = "--write";

/**
 * Executes notebooks, and keeps each run if all of it has gone well: beside the
 * notebook, or in it.
 */
async function run(args: string[]): Promise<void> {
  const files = args.filter((arg) => arg !== WRITE);
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
    const to = args.includes(WRITE) ? path : runOf(path);
    await Deno.writeTextFile(to, stringify(notebook));
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const where = `notebook/${basename(to)}`;
    console.log(`${name} executed in ${seconds} s; the run is in ${where}`);
  }
}

/** The notebooks that are named, seen from where the person is, or all. */
async function pathsOf(files: string[]): Promise<string[]> {
  const flag = files.find((file) => file.startsWith("-"));
  if (flag) throw new Trouble(`${flag} is unknown; there is ${WRITE}`);
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
};

if (import.meta.main) {
  const [name = "", ...args] = Deno.args;
  try {
    const command = COMMANDS[name];
    if (!command) throw new Trouble("what to do? setup, open or run");
    await prepare();
    await command(args);
  } catch (error) {
    if (!(error instanceof Trouble || error instanceof CellError)) throw error;
    console.error(`notebook: ${error.message}`);
    Deno.exit(1);
  }
}
