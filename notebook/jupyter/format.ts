/**
 * Notebooks as they stand in their files, and the one form in which they are kept.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the notebooks. */
export const FOLDER: string = fileURLToPath(new URL("..", import.meta.url));

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
  /** Its tags, and whether its outputs are folded until the reader opens them. */
  metadata: {
    tags?: string[];
    jupyter?: { outputs_hidden?: boolean; source_hidden?: boolean };
  };
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
  /** The name of an error. */
  ename?: string;
  /** The message of an error. */
  evalue?: string;
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
    if (/^[^.]+\.ipynb$/.test(name)) paths.push(join(FOLDER, name));
  }
  return paths.sort();
}

/**
 * Where a run of a notebook is kept that is not to change the notebook itself:
 * beside it, so that all that the cells import is found. No notebook of ours has
 * such a name, and git passes over it.
 */
export function runOf(path: string): string {
  return path.replace(/\.ipynb$/, ".run.ipynb");
}

/** The path of the notebook to begin with. */
export async function firstChapter(): Promise<string> {
  const list = await Deno.readTextFile(join(FOLDER, "chapters.json"));
  const [{ name }] = JSON.parse(list);
  return join(FOLDER, `${name}.ipynb`);
}

/**
 * The one form in which a notebook is kept, so that only what differs in what
 * it says differs in its file. Gone are the times of execution, all metadata but
 * tags and what is folded, and the bounds between two writes to the same stream.
 *
 * @param notebook Any notebook.
 * @returns A new one, with its texts line by line.
 */
export function canonical({ cells, metadata }: Notebook): Notebook {
  let count = 0;
  return {
    cells: cells.map((cell) => {
      const { cell_type, id, metadata, source } = cell;
      const common = {
        cell_type,
        id,
        metadata: canonicalMetadata(metadata),
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

function canonicalMetadata({ tags, jupyter = {} }: Cell["metadata"]) {
  const hidden = {
    ...(jupyter.outputs_hidden && { outputs_hidden: true }),
    ...(jupyter.source_hidden && { source_hidden: true }),
  };
  return {
    ...(tags?.length && { tags }),
    ...(Object.keys(hidden).length > 0 && { jupyter: hidden }),
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
