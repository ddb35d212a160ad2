/**
 * The page of the article's claims, to sort and to filter.
 *
 * @module
 */

import type { Shown } from "./chapter.ts";
import { type Claim, SIGNS, type Verdict } from "../lib/ledger.ts";
import { Html, markup } from "./html.ts";
import { layOut } from "./layout.ts";
import type { Links } from "./links.ts";
import { Prose } from "./markdown.ts";
import { sanitize } from "./sanitize.ts";

/** What each verdict means. */
const MEANINGS: Record<Verdict, string> = {
  holds: "true as it stands",
  care: "true in part, or only here and there",
  wrong: "not so",
};

/** Keeps a sign and its word on one line. */
const NO_BREAK = "\xa0";

const COLUMNS = [
  "Claim",
  "The article says",
  "Verdict",
  "What is true",
  "Shown by",
];

/**
 * The page of all claims.
 *
 * @param claims The claims.
 * @param shown Which cells show them.
 * @param links Where links lead to.
 */
export function claimsPage(
  claims: Claim[],
  shown: Shown[],
  links: Links,
): Html {
  const verdicts = Object.keys(MEANINGS) as Verdict[];
  const choices = verdicts.map((verdict) => {
    const count = claims.filter((claim) => claim.verdict === verdict).length;
    return choice(verdict, `${SIGNS[verdict]} ${verdict} `, count);
  });
  const signs = verdicts.map((verdict) => {
    return markup`<div><dt>${SIGNS[verdict]} ${verdict}</dt><dd>${
      MEANINGS[verdict]
    }</dd></div>`;
  });
  const heads = COLUMNS.map((title) => markup`<th scope="col">${title}</th>`);
  const content = markup`<main id="content">
<h1>The claims</h1>
<p class="lead">Each claim of the article, in its order: what it says, whether
that holds, what is true, and the cell that shows it or the source that says
so.</p>
<form class="filter" hidden>
<fieldset><legend>Show</legend>
${choice("", "all ", claims.length, true)}
${choices}
</fieldset>
<label class="words">with the words <input type="search" name="words" autocomplete="off"></label>
<p role="status"></p>
</form>
<dl class="signs">${signs}</dl>
<table class="claims" id="claims">
<thead><tr>${heads}</tr></thead>
<tbody>
${claims.map((claim) => row(claim, shown, links))}</tbody>
</table>
</main>`;
  const line = "Each claim of the article, and what became of it.";
  return layOut({ title: "The claims", kind: "claims", line, content });
}

function choice(value: string, name: string, count: number, chosen = false) {
  const checked = chosen && new Html(" checked");
  return markup`<label><input type="radio" name="verdict" value="${value}"${checked}>
${name}<small>${count}</small></label>
`;
}

function row(
  { id, says, verdict, truth, cite = [] }: Claim,
  shown: Shown[],
  links: Links,
): Html {
  const [, article, judged, true_, by] = COLUMNS;
  const prose = (text: string) =>
    sanitize(new Prose().renderInline(text), links);
  const cells = shown.filter(({ claim }) => claim === id);
  const proofs = [
    ...cells.map(({ href, name }) => markup`<a href="${href}">${name}</a>`),
    ...cite.map(prose),
  ];
  return markup`<tr id="${id}" data-verdict="${verdict}">
<th scope="row"><a href="#${id}">${id}</a></th>
<td data-label="${article}">${prose(says)}</td>
<td data-label="${judged}" class="verdict ${verdict}">${
    SIGNS[verdict]
  }${NO_BREAK}${verdict}</td>
<td data-label="${true_}">${prose(truth)}</td>
<td data-label="${by}">${
    proofs.map((proof) => markup`<span>${proof}</span> `)
  }</td>
</tr>
`;
}
