/**
 * What all pages of the book share: their head, the bar at the top, the foot.
 *
 * @module
 */

import { Html, markup, type Part } from "./html.ts";
import type { Heading } from "./markdown.ts";

/** What the book is called. */
export const BOOK = "Sockets, gently";

/** A page. */
export interface PageParts {
  /** What it is called. */
  title: string;
  /** What kind of page it is, for its looks. */
  kind: "index" | "chapter" | "claims" | "file";
  /** What it is about, in a line. */
  line?: string;
  /** All that it shows between the bar and the foot. */
  content: Html;
}

/** Before the first stroke: the colours that the reader has chosen. */
const CHOSEN = "try{document.documentElement.dataset.theme=" +
  "localStorage.getItem('theme')||'auto'}catch{}";

/** Says that a link leads to the page that it stands on. */
const CURRENT = new Html(' aria-current="page"');

/** Makes a page. */
export function layOut({ title, kind, line, content }: PageParts): Html {
  const full = title === BOOK ? BOOK : `${title} · ${BOOK}`;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${line && markup`<meta name="description" content="${line}">`}
<title>${full}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="book.css">
<script>${new Html(CHOSEN)}</script>
<script src="book.js" defer></script>
</head>
<body class="${kind}">
<a class="skip" href="#content">Skip to the content</a>
${bar(kind)}
${content}
<footer class="foot">
<p>Made by <code>deno task book</code> from the outputs that the notebooks were
committed with. Nothing here is fetched from anywhere else.</p>
</footer>
</body>
</html>
`;
}

/** The bar at the top; a script shows its buttons. */
function bar(kind: PageParts["kind"]): Html {
  const [isIndex, isClaims] = [kind === "index", kind === "claims"];
  return markup`<header class="bar">
<a class="home" href="index.html"${isIndex && CURRENT}>${BOOK}</a>
<nav aria-label="Book">
<a href="claims.html"${isClaims && CURRENT}>Claims</a>
<button type="button" id="search-button" hidden>Search<kbd aria-hidden="true">/</kbd></button>
<button type="button" id="theme-button" hidden>Colours: auto</button>
</nav>
</header>`;
}

/** The contents of a chapter: its headings, those of a part within it. */
export function contents(headings: Heading[]): Html {
  const parts: { heading: Heading; within: Heading[] }[] = [];
  for (const heading of headings) {
    if (heading.level === 2) parts.push({ heading, within: [] });
    else if (heading.level === 3) parts.at(-1)?.within.push(heading);
  }
  const list = parts.map(({ heading, within }) => {
    const inner = within.map((each) => entry(each));
    return entry(heading, within.length > 0 && markup`<ol>${inner}</ol>`);
  });
  return markup`<nav class="contents" aria-label="In this chapter">
<details open><summary>In this chapter</summary>
<ol>${list}</ol>
</details>
</nav>`;
}

function entry({ id, text }: Heading, inner?: Part): Html {
  return markup`<li><a href="#${id}">${text}</a>${inner}</li>
`;
}
