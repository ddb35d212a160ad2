/**
 * A question is worth asking only if its answer does not stand right under it:
 * what the reader is to guess is hidden until the reader opens it.
 */

import { basename } from "node:path";
import { assert, assertEquals } from "@std/assert";
import {
  canonical,
  type Cell,
  listNotebooks,
  type Notebook,
  readNotebook,
  textOf,
} from "../../notebook/jupyter.ts";

/** How a question begins whose answer is hidden. */
const GUESS = "**Guess:**";

/** The parts of a text that can be opened. */
const FOLDED = /<details>.*?<\/details>/gs;

function isCode({ cell_type }: Cell): boolean {
  return cell_type === "code";
}

/** Whether what a cell puts out is hidden, in JupyterLab and on the pages. */
function isHidden({ metadata }: Cell): boolean {
  const { tags = [], jupyter } = metadata;
  return tags.includes("guess") && jupyter?.outputs_hidden === true;
}

/** Whether a cell shows something, and not only that a recorded run stands in. */
function shows({ outputs = [] }: Cell): boolean {
  return outputs.some(({ text }) => !/^\(It takes .*\)\n$/.test(textOf(text)));
}

/** Whether a cell asks the reader to guess what the next one shows. */
function asks({ cell_type, source }: Cell): boolean {
  return cell_type === "markdown" &&
    textOf(source).replaceAll(FOLDED, "").includes(GUESS);
}

/** Whether a check stands open, which says what comes out. */
function asserts({ metadata, source }: Cell): boolean {
  return !metadata.jupyter?.source_hidden &&
    /\bassert\w*\(/.test(textOf(source));
}

/** The cells that ask and whose answer stands open. */
function openGuesses({ cells }: Notebook): string[] {
  return cells.filter((cell, i) => {
    if (!asks(cell)) return false;
    const after = cells.slice(i + 1).filter(isCode);
    const answer = after.findIndex(shows);
    return answer < 0 || !isHidden(after[answer]) ||
      after.slice(0, answer + 1).some(asserts);
  }).map(({ id }) => id);
}

/** The cells that hide something though nobody has asked. */
function unasked({ cells }: Notebook): string[] {
  return cells.filter((cell, i) => {
    if (!isCode(cell) || !isHidden(cell)) return false;
    const shown = cells.slice(0, i).findLastIndex((before) => {
      return isCode(before) && !isHidden(before) && shows(before);
    });
    return !cells.slice(shown + 1, i).some(asks);
  }).map(({ id }) => id);
}

/** The chapters in which each question for the reader is put in this way. */
const CHAPTERS = ["applications.ipynb", "limits.ipynb", "sockets.ipynb"];

for (const path of await listNotebooks()) {
  const name = basename(path);
  Deno.test(`${name}: no guess stands open, and nothing else is hidden`, async () => {
    const notebook = await readNotebook(path);
    assertEquals(openGuesses(notebook), []);
    assertEquals(unasked(notebook), []);
    if (!CHAPTERS.includes(name)) return;
    assert(notebook.cells.filter(asks).length >= 5);
    // A question in other words would escape the check above.
    const elsewhere = notebook.cells.filter(({ cell_type, source }) => {
      const text = textOf(source).replaceAll(FOLDED, "").replaceAll(GUESS, "");
      return cell_type === "markdown" && /\bguess/i.test(text);
    });
    assertEquals(elsewhere.map(({ id }) => id), []);
  });
}

Deno.test("a guess that stands open is found, and so is an answer to no question", () => {
  const question = (id: string, source: string): Cell => {
    return { cell_type: "markdown", id, metadata: {}, source };
  };
  const answer = (id: string, hidden: boolean, source = "42"): Cell => ({
    cell_type: "code",
    id,
    metadata: hidden
      ? { tags: ["guess"], jupyter: { outputs_hidden: true } }
      : {},
    source,
    outputs: [{ output_type: "stream", name: "stdout", text: "42" }],
  });
  const telling = answer("a", true, "assertEquals(sum, 42);");
  const both = { outputs_hidden: true, source_hidden: true };
  const shut = { ...telling, metadata: { tags: ["guess"], jupyter: both } };
  const notebook = (...cells: Cell[]): Notebook => {
    return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  };
  const asked = question("asked", `${GUESS} how many?`);
  const said = question("said", "It is forty-two.");
  const folded = question("folded", `<details>${GUESS} no</details>`);
  assertEquals(openGuesses(notebook(asked, answer("a", false))), ["asked"]);
  assertEquals(openGuesses(notebook(asked)), ["asked"]);
  assertEquals(openGuesses(notebook(asked, telling)), ["asked"]);
  assertEquals(openGuesses(notebook(asked, shut)), []);
  assertEquals(openGuesses(notebook(asked, said, answer("a", true))), []);
  assertEquals(openGuesses(notebook(folded, answer("a", false))), []);
  assertEquals(unasked(notebook(said, answer("a", true))), ["a"]);
  assertEquals(unasked(notebook(asked, answer("a", true))), []);
  const twice = [asked, answer("a", false), said, answer("b", true)];
  assertEquals(unasked(notebook(...twice)), ["b"]);
  // What JupyterLab and notebook:run write keeps it hidden.
  const kept = canonical(notebook(asked, shut)).cells[1];
  assertEquals(kept.metadata, shut.metadata);
});
