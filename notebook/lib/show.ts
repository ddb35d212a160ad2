/**
 * What a cell shows: text, tables, pictures, a piece of a file.
 *
 * Each of these waits until Jupyter has it. Deno's kernel may say that a cell
 * is done before the cell's last output is out, and such output is then lost.
 *
 * @module
 */

import { type Child, start } from "./child.ts";
import type { Drawing } from "./drawing.ts";

/** A picture, and what one should see in it. */
export interface Picture {
  /** The picture itself, twice as fine as it is shown. */
  png: Uint8Array;
  /** What it shows, in words. */
  alt: string;
  /** How wide it is shown, in pixels. */
  width: number;
  /** The same for the book's pages. */
  drawing?: Drawing;
}

/** Milliseconds in which the kernel passes on what it was given. */
const PASSAGE = 50;

/** Gives Jupyter something to show. */
async function send(type: string, content: unknown): Promise<void> {
  await Deno.jupyter.broadcast(type, content as Record<string, unknown>);
  await new Promise((resolve) => setTimeout(resolve, PASSAGE));
}

/** Shows a value in several forms; the reader's program takes the best. */
export async function display(
  data: Record<string, string>,
  metadata: Record<string, unknown> = {},
): Promise<void> {
  await send("display_data", { data, metadata, transient: {} });
}

/**
 * Prints lines.
 *
 * @param lines Text as it is; anything else as Deno inspects it.
 */
export async function print(...lines: unknown[]): Promise<void> {
  const text = lines.map((line) => `${inspect(line)}\n`).join("");
  await send("stream", { name: "stdout", text });
}

function inspect(value: unknown): string {
  return typeof value === "string" ? value : Deno.inspect(value);
}

/**
 * Shows records as a table: a column for each of their keys.
 *
 * @param rows The records.
 */
export async function table(rows: Record<string, unknown>[]): Promise<void> {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => keys.map((key) => inspect(row[key] ?? "")));
  await display({
    "text/html": htmlOf(keys, cells),
    "text/plain": columns([keys, ...cells]),
  });
}

function htmlOf(keys: string[], cells: string[][]): string {
  const head = keys.map((key) => `<th>${toHtml(key)}</th>`).join("");
  const body = cells.map((texts) => {
    // Where there is no room for columns, each cell names its own.
    const row = texts.map((text, i) =>
      `<td data-label="${toHtml(keys[i])}">${toHtml(text)}</td>`
    );
    return `<tr>${row.join("")}</tr>\n`;
  });
  return `<table>\n<thead><tr>${head}</tr></thead>\n` +
    `<tbody>\n${body.join("")}</tbody>\n</table>`;
}

/** Text for HTML: what stands in backquotes becomes code, addresses links. */
function toHtml(text: string): string {
  return escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>');
}

/** Text that means itself in HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Rows of text with their columns under one another. */
function columns(rows: string[][]): string {
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  return rows.map((row) =>
    row.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd()
  ).join("\n");
}

/**
 * Shows a picture.
 *
 * @param picture What lib/draw.ts drew.
 * @param file A file among the recorded runs; with `RECORD=1` in the
 * environment the picture is written there, too, for others to show.
 */
export async function figure(
  { png, alt, width, drawing }: Picture,
  file?: string,
): Promise<void> {
  if (file && Deno.env.get("RECORD") === "1") {
    await Deno.writeFile(new URL(`../recorded/${file}`, import.meta.url), png);
  }
  await display(
    { "image/png": png.toBase64(), "text/plain": alt },
    { "image/png": { alt, width }, drawing: JSON.stringify(drawing) },
  );
}

/**
 * Shows a function as it stands in one of the project's files, or all of a file.
 *
 * @param path The file, from the notebook's folder.
 * @param name The function's name. @default {the whole file}
 * @throws {RangeError} If there is no such function in the file.
 */
export async function listing(path: string, name?: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const source = name ? functionIn(text, name, path) : text.trimEnd();
  await display({
    "text/markdown": `\`\`\`ts\n${source}\n\`\`\``,
    "text/plain": source,
  });
}

function functionIn(text: string, name: string, path: string): string {
  const head = RegExp(`^(export )?(async )?function\\*? ${name}\\b`, "m");
  const start = text.search(head);
  if (start < 0) throw new RangeError(`there is no ${name} in ${path}`);
  return text.slice(start, text.indexOf("\n}\n", start) + 2);
}

/**
 * Runs a command, and shows it and what it prints while it prints it.
 *
 * @param command The command, words between spaces.
 * @returns The program, which runs already.
 */
export async function terminal(command: string): Promise<Child> {
  const [program, ...args] = command.split(" ");
  const id = crypto.randomUUID();
  const screen = (printed: string) => {
    const text = `$ ${command}\n${printed}`.trimEnd();
    return {
      data: { "text/html": `<pre>${toHtml(text)}</pre>`, "text/plain": text },
      metadata: {},
      transient: { display_id: id },
    };
  };
  await send("display_data", screen(""));
  let shown = Promise.resolve();
  const child = start(program, args, {
    onOutput(printed) {
      shown = shown.then(() => send("update_display_data", screen(printed)));
    },
  });
  const ended = child.ended().then(async (code) => {
    await shown;
    return code;
  });
  return Object.assign(child, { ended: () => ended });
}
