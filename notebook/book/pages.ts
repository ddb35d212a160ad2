/**
 * The pages of the book: its index, its chapters, and the files that the chapters
 * link to.
 *
 * @module
 */

import { extname } from "node:path";
import type { Chapter } from "./chapter.ts";
import { type Html, markup } from "./html.ts";
import { BOOK, contents, layOut } from "./layout.ts";
import { highlight } from "./markdown.ts";

/** What the book is about, in a line. */
const LINE =
  "Two programs greet each other through a socket. This book shows " +
  "how, from the first seven lines to a server that survives its clients.";

/** The page that a reader begins with. */
export function indexPage(chapters: Chapter[]): Html {
  const minutes = chapters.reduce((sum, chapter) => sum + chapter.minutes, 0);
  const content = markup`<main id="content">
<div class="opening">
<h1>${BOOK}</h1>
<p class="lead">${LINE}</p>
<p>Every picture and every line of output in it comes from a run on a real
machine, and what a cell claims, the cell checks. Read it here, page by page; or
run it yourself, with <code>deno task notebook</code>.</p>
</div>
<h2 class="quiet">Chapters <span>${inWords(minutes)} in all</span></h2>
<ol class="chapters">
${chapters.map(card)}</ol>
<p class="aside"><a href="claims.html">The claims</a>: the book answers a popular
article on sockets. Here is each sentence of it that can be true or false, and
what became of it.</p>
</main>`;
  return layOut({ title: BOOK, kind: "index", line: LINE, content });
}

function card({ name, title, line, minutes, small }: Chapter): Html {
  return markup`<li><a href="${name}.html">${small}<span class="about">
<strong>${title}</strong> <span>${line}</span> <small>${
    inWords(minutes)
  }</small>
</span></a></li>
`;
}

function inWords(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The page of a chapter, between the one before and the one after. */
export function chapterPage(
  chapter: Chapter,
  before: Chapter | undefined,
  after: Chapter | undefined,
): Html {
  const { title, line, body, headings, minutes } = chapter;
  const content = markup`<div class="columns">
${contents(headings)}
<main id="content">
<p class="minutes">${inWords(minutes)} to read</p>
${body}
<nav class="around" aria-label="Chapters">
${before && way("prev", "Previous", `${before.name}.html`, before.title)}
${
    after
      ? way("next", "Next", `${after.name}.html`, after.title)
      : way("up", "The end", "index.html", "All chapters")
  }
</nav>
</main>
</div>`;
  return layOut({ title, kind: "chapter", line, content });
}

function way(rel: string, what: string, href: string, title: string): Html {
  return markup`<a rel="${rel}" href="${href}"><span>${what}</span> ${title}</a>`;
}

/** The page of a file of the project, as it stands. */
export function sourcePage(file: string, text: string): Html {
  const lines = text.trimEnd().split("\n").length;
  const code = highlight(text, extname(file).slice(1));
  const content = markup`<main id="content">
<h1><code>${file}</code></h1>
<p class="minutes">${lines} lines, as they stand in the project</p>
<pre class="source whole"><code>${code}</code></pre>
</main>`;
  return layOut({ title: file, kind: "file", content });
}
