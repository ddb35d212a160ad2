/**
 * Makes the book: a folder of pages that opens from a file or from any server of
 * files, out of the notebooks and the outputs that stand in them.
 *
 * usage: deno task book [--zip]
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
import { zipSync } from "npm:fflate@0.8.3";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNotebook } from "../jupyter/format.ts";
import { type Chapter, type Entry, makeChapter } from "./chapter.ts";
import type { Claim } from "../lib/ledger.ts";
import { claimsPage } from "./claims.ts";
import { Links, pageOf } from "./links.ts";
import { script, styleSheet } from "./look.ts";
import { chapterPage, indexPage, sourcePage } from "./pages.ts";
import { searchScript } from "./search.ts";

/** The project's folder. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Options for {@linkcode makeBook}. */
export interface BookOptions {
  /** The folder with the notebooks. @default {"notebook", of this project} */
  notebooks?: string;
  /** The chapters in their order. @default {those of chapters.json} */
  entries?: Entry[];
}

/**
 * Makes the book.
 *
 * @param options Where the notebooks are.
 * @returns The text of each file, by its name.
 */
export async function makeBook(
  { notebooks = join(ROOT, "notebook"), entries: list }: BookOptions = {},
): Promise<Map<string, string>> {
  const entries = present(list ?? await readEntries(), notebooks);
  const links = new Links(ROOT, entries.map(({ name }) => name));
  const chapters = await Promise.all(entries.map(async (entry) => {
    const notebook = await readNotebook(join(notebooks, `${entry.name}.ipynb`));
    return makeChapter(entry, notebook, links);
  }));
  const claims: Claim[] = JSON.parse(
    await Deno.readTextFile(join(notebooks, "ledger.json")),
  );
  const shown = chapters.flatMap((chapter) => chapter.shown);
  const files = new Map<string, string>([
    ["index.html", indexPage(chapters).text],
    ...chapters.map((chapter, i): [string, string] => {
      const page = chapterPage(chapter, chapters[i - 1], chapters[i + 1]);
      return [`${chapter.name}.html`, page.text];
    }),
    ["claims.html", claimsPage(claims, shown, links).text],
    ["book.css", await styleSheet()],
    ["book.js", await script()],
    ["search.js", await searchScript(sectionsOf(chapters, claims))],
  ]);
  for (const file of links.files) {
    const text = await Deno.readTextFile(join(ROOT, file));
    files.set(pageOf(file), sourcePage(file, text).text);
  }
  return files;
}

/** The list of chapters. */
export async function readEntries(): Promise<Entry[]> {
  const list = new URL("../chapters.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(list));
}

/** The chapters that are there: one that is not is left out. */
function present(entries: Entry[], folder: string): Entry[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return entries.filter(({ name }) => names.includes(`${name}.ipynb`));
}

function sectionsOf(chapters: Chapter[], claims: Claim[]) {
  const chapter = "The claims";
  return [
    ...chapters.flatMap(({ sections }) => sections),
    ...claims.map(({ id, says, truth }) => {
      const title = `${id}: ${says}`;
      return { page: "claims.html", id, title, chapter, text: truth };
    }),
  ];
}

/** Packs files into one, in a folder of its own. */
export function zip(files: Map<string, string>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const entries = [...files].map(([name, text]) => [
    `book/${name}`,
    encoder.encode(text),
  ]);
  // The same book makes the same zip, whenever it is made.
  const options = { level: 9, mtime: "1980-01-01T12:00:00" } as const;
  return zipSync(Object.fromEntries(entries), options);
}

/** Writes files into a folder, in the place of all that it held. */
export async function writeBook(
  folder: string,
  files: Map<string, string>,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const { name } of [...Deno.readDirSync(folder)]) {
    await Deno.remove(join(folder, name), { recursive: true });
  }
  for (const [name, text] of files) {
    await Deno.writeTextFile(join(folder, name), text);
  }
}

if (import.meta.main) {
  const isPacked = Deno.args.includes("--zip");
  const stray = Deno.args.find((arg) => arg !== "--zip");
  if (stray !== undefined) {
    console.error(`book: ${stray} is unknown; usage: deno task book [--zip]`);
    Deno.exit(2);
  }
  const files = await makeBook();
  await writeBook(join(ROOT, "book"), files);
  console.log(`book/index.html: ${files.size} files`);
  if (isPacked) {
    const bytes = zip(files);
    await Deno.writeFile(join(ROOT, "book.zip"), bytes);
    console.log(`book.zip: ${Math.round(bytes.length / 1024)} KiB`);
  }
}
