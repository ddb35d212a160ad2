/**
 * Executes notebooks in a kernel of their own.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { INSIDE, PYTHON, Trouble } from "./environment.ts";
import {
  canonical,
  type Cell,
  FOLDER,
  type Notebook,
  readNotebook,
  textOf,
} from "./format.ts";

/** A cell that failed; nothing has been written. */
export class CellError extends Error {
  /** What kind of error it is. */
  override name = "CellError";
  /** The number of the cell among all cells, from 0. */
  readonly cell: number;
  /** Where in the code, as the kernel reports it. */
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
 * @param options What to use, and what to call.
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

/** Hands a stream out line by line. */
async function* linesOf(stream: ReadableStream<Uint8Array>) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
