/**
 * A chapter: a notebook, turned into what its page shows and what is found in it.
 *
 * @module
 */

import type { Drawing } from "../lib/drawing.ts";
import {
  type Cell,
  type Notebook,
  type Output,
  textOf,
} from "../jupyter/format.ts";
import { showDrawing, showSmall } from "./drawing.ts";
import { type Html, markup, type Part } from "./html.ts";
import type { Links } from "./links.ts";
import { type Heading, highlight, Prose } from "./markdown.ts";
import { sanitize } from "./sanitize.ts";

/** A chapter as the list of chapters has it. */
export interface Entry {
  /** The name of its notebook and of its page, without what they end in. */
  name: string;
  /** What it is called. */
  title: string;
  /** What it is about, in a line. */
  line: string;
  /** The cell whose picture stands for it. */
  picture: string;
}

/** A part of a page that can be found. */
export interface Section {
  /** The page. */
  page: string;
  /** The place on the page. */
  id: string;
  /** The heading. */
  title: string;
  /** The chapter's title. */
  chapter: string;
  /** All that is said there. */
  text: string;
  /** The code that stands there. */
  code?: string;
}

/** A claim that a cell shows. */
export interface Shown {
  /** The claim. */
  claim: string;
  /** Where the cell is. */
  href: string;
  /** What it is called. */
  name: string;
}

/** A chapter, ready for its page. */
export interface Chapter extends Entry {
  /** All that it shows. */
  body: Html;
  /** Its headings. */
  headings: Heading[];
  /** Its parts, for the search. */
  sections: Section[];
  /** How long it takes to read, in minutes. */
  minutes: number;
  /** The claims that its cells show. */
  shown: Shown[];
  /** Its picture, small. */
  small: Html;
}

/** Words that somebody reads in a minute, and lines of code. */
const WORDS = 220, LINES = 40;

/**
 * Turns a notebook into a chapter.
 *
 * @param entry What the list of chapters says.
 * @param notebook The notebook, with its outputs.
 * @param links Where links lead to.
 */
export function makeChapter(
  entry: Entry,
  { cells }: Notebook,
  links: Links,
): Chapter {
  const prose = new Prose();
  const parts: Html[] = [];
  const sections: Section[] = [];
  let [words, lines, number] = [0, 0, 0];
  for (const cell of cells) {
    const source = textOf(cell.source);
    if (cell.cell_type === "code") {
      number++;
      lines += source.split("\n").length;
      parts.push(showCode(cell, number, links));
      const last = sections.at(-1);
      if (last) last.code = `${last.code ?? ""}${source}\n`;
    } else if (cell.cell_type === "markdown") {
      const known = prose.headings.length;
      const text = sanitize(prose.render(source), links);
      words += source.split(/\s+/).length;
      parts.push(markup`<div class="prose">${text}</div>`);
      addSections(sections, entry, prose.headings.slice(known), source);
    }
  }
  return {
    ...entry,
    body: markup`${parts}`,
    headings: prose.headings,
    sections,
    minutes: Math.max(1, Math.round(words / WORDS + lines / LINES)),
    shown: claimsShown(cells, entry.name),
    small: smallPicture(cells, entry.picture),
  };
}

/** Prose begins a section at each of its headings, or goes on with the last. */
function addSections(
  sections: Section[],
  { name, title: chapter }: Entry,
  headings: Heading[],
  source: string,
): void {
  const page = `${name}.html`;
  for (const { id, text: title } of headings) {
    sections.push({ page, id, title, chapter, text: "" });
  }
  const last = sections.at(-1);
  if (last) last.text += ` ${plain(source)}`;
}

/** Prose without markup. */
function plain(markdown: string): string {
  return markdown.replaceAll(/^#+ .*$/gm, "").replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\]\([^)]*\)/g, "").replaceAll(/[`*_[\]|]|-{3,}/g, "")
    .replaceAll(/\s+/g, " ").trim();
}

function claimsOf({ metadata }: Cell): string[] {
  return metadata.tags?.filter((tag) => /^C\d+$/.test(tag)) ?? [];
}

function claimsShown(cells: Cell[], page: string): Shown[] {
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  return code.flatMap((cell, i) =>
    claimsOf(cell).map((claim) => {
      const href = `${page}.html#cell-id=${cell.id}`;
      return { claim, href, name: `${page}, cell ${i + 1}` };
    })
  );
}

// --- Cells -------------------------------------------------------------------

/** Code with its number, the claims that it shows, and what it has put out. */
function showCode(cell: Cell, number: number, links: Links): Html {
  const place = `cell-id=${cell.id}`; // as in JupyterLab
  const code = highlight(textOf(cell.source), "ts");
  const source = markup`<pre class="source"><code>${code}</code></pre>`;
  const outputs = cell.outputs ?? [];
  const shown = outputs.map((output) => showOutput(output, links));
  const claims = claimsOf(cell).map((claim) => {
    return markup` <a href="claims.html#${claim}" aria-label="claim ${claim}">${claim}</a>`;
  });
  return markup`
<div class="cell" id="${place}">
<p class="margin"><a href="#${place}" aria-label="cell ${number}">${number}</a>${claims}</p>
${folded(cell, source, shown)}
</div>`;
}

/** A cell's code and outputs, with whatever would give an answer away folded. */
function folded(cell: Cell, source: Html, shown: Html[]): Part {
  const { tags = [], jupyter = {} } = cell.metadata;
  const isAnswer = tags.includes("guess") || jupyter.outputs_hidden;
  if (jupyter.source_hidden) {
    if (shown.length === 0) return fold("code", "The check", source);
    const all = [source, ...shown];
    return fold("answer", "See the experiment, and what comes out", all);
  }
  const code = onlyDraws(cell)
    ? fold("code", "The code that draws this", source)
    : source;
  if (!isAnswer || shown.length === 0) return [code, ...shown];
  return [code, fold("answer", "See what comes out", shown)];
}

function fold(kind: string, summary: string, content: Part): Html {
  return markup`<details class="${kind}"><summary>${summary}</summary>${content}</details>`;
}

/** Whether a cell only turns into a picture what another has found. */
function onlyDraws({ source, outputs = [] }: Cell): boolean {
  const code = textOf(source);
  return outputs.some(({ data }) => data?.["image/png"]) &&
    /\bdraw\./.test(code) && !/\b(observe|capture)\(/.test(code);
}

/** That a recorded run is shown, for want of what the experiment takes. */
const RECORDED = /^\(It takes .*: a run recorded .*\)\n?$/;

function showOutput(output: Output, links: Links): Html {
  const { output_type, name, text, data = {}, metadata = {} } = output;
  if (output_type === "error") {
    const { ename = "", evalue = "" } = output;
    return markup`<pre class="output stderr">${ename}: ${evalue}</pre>`;
  }
  if (output_type === "stream") {
    const printed = textOf(text);
    if (RECORDED.test(printed)) {
      return markup`<p class="recorded">${printed.trim()}</p>`;
    }
    const kind = name ?? "stdout";
    return markup`<pre class="output ${kind}">${printed.trimEnd()}</pre>`;
  }
  const get = (type: string) => data[type] && textOf(data[type]);
  const picture = get("image/png");
  if (picture) return showPicture(picture, get("text/plain") ?? "", metadata);
  const [rich, prose] = [get("text/html"), get("text/markdown")];
  if (rich) {
    return markup`<div class="output rich">${sanitize(rich, links)}</div>`;
  }
  if (prose) {
    const shown = sanitize(new Prose().render(prose), links);
    return markup`<div class="output listing">${shown}</div>`;
  }
  return markup`<pre class="output">${get("text/plain") ?? ""}</pre>`;
}

interface PictureMetadata {
  drawing?: string;
  "image/png"?: { alt?: string; width?: number };
}

/** A picture: redrawn if the notebook says how, or else as it is there. */
function showPicture(
  png: string,
  words: string,
  metadata: PictureMetadata,
): Html {
  const { alt = words, width } = metadata["image/png"] ?? {};
  if (metadata.drawing) return showDrawing(JSON.parse(metadata.drawing), alt);
  const image = showPng(png, alt, width);
  return markup`<figure class="drawing still paper">${image}</figure>`;
}

function showPng(png: string, alt: string, width?: number): Html {
  const size = width && markup` width="${width}"`;
  const data = `data:image/png;base64,${png.trim()}`;
  return markup`<img src="${data}" alt="${alt}"${size}>`;
}

/** The picture of a cell, or else the first of all. */
function smallPicture(cells: Cell[], id: string): Html {
  const drawn = cells.flatMap((cell) =>
    (cell.outputs ?? []).flatMap(({ data, metadata }) => {
      const png = data?.["image/png"];
      const { drawing } = (metadata ?? {}) as PictureMetadata;
      return png ? { id: cell.id, png: textOf(png), drawing } : [];
    })
  );
  const found = drawn.find((picture) => picture.id === id) ?? drawn[0];
  if (!found) return markup`<span class="small"></span>`;
  if (found.drawing) return showSmall(JSON.parse(found.drawing) as Drawing);
  return markup`<span class="small paper">${showPng(found.png, "")}</span>`;
}
