/**
 * Pictures on a page: redrawn in its colours, for a wide screen and for a
 * narrow one, with their steps in words.
 *
 * @module
 */

import { drawLadder, drawNarrowLadder } from "../lib/ladder.ts";
import type { Drawing, Series } from "../lib/drawing.ts";
import { type Html, markup } from "./html.ts";
import { follow, type Moment } from "./knowledge.ts";
import { sanitizeSvg } from "./sanitize.ts";

/** The name of the typeface, which the page's own takes the place of. */
const TYPEFACE = "sans-serif";

/** A picture's drawings, and its steps. */
interface Drawn {
  kind: string;
  wide: string;
  narrow?: string;
  steps: Html[];
  summary: string;
}

/**
 * Shows a picture.
 *
 * @param drawing What it is drawn from.
 * @param alt What it shows, in words.
 */
export function showDrawing(drawing: Drawing, alt: string): Html {
  const { kind, wide, narrow, steps, summary } = draw(drawing);
  const { svg, hasOwnColours } = sanitizeSvg(wide, alt);
  const list = steps.length > 1 &&
    markup`<details class="told"><summary>${summary}</summary>
<ol>${steps}</ol></details>`;
  return markup`<figure class="drawing ${kind}${hasOwnColours && " paper"}">
${narrow ? both(svg, sanitizeSvg(narrow, alt).svg) : alone(svg)}
${list}
</figure>`;
}

function both(wide: Html, narrow: Html): Html {
  return markup`<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

/** A drawing that is not drawn for a telephone, too, is scrolled there. */
function alone(svg: Html): Html {
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="Picture">${svg}</div>`;
}

/** The picture alone, as small as there is room for it. */
export function showSmall(drawing: Drawing): Html {
  const { wide, kind } = draw(drawing);
  const { svg, hasOwnColours } = sanitizeSvg(wide, "");
  return markup`<span class="small ${kind}${
    hasOwnColours && " paper"
  }">${svg}</span>`;
}

function draw(drawing: Drawing): Drawn {
  if (drawing.kind === "ladder") {
    const { steps, options } = drawing;
    return {
      kind: "ladder",
      wide: drawLadder(steps, options, TYPEFACE),
      narrow: drawNarrowLadder(steps, options, TYPEFACE),
      steps: follow(steps, options.names).map((moment) => {
        return showMoment(moment, options.names);
      }),
      summary: "What each side knows, step by step",
    };
  }
  const { kind = "still", svg, narrow, x, series } = drawing;
  if (kind === "graph") {
    const { nodes, paths } = pathsIn(svg);
    return {
      kind,
      wide: nameParts(svg, nodes),
      narrow: narrow && nameParts(narrow, nodes),
      steps: paths.map((path) => showPath(path, nodes, paths)),
      summary: "The arrows, one path after the other",
    };
  }
  const steps = series ? showFigures(x ?? "x", series) : [];
  return { kind, wide: svg, narrow, steps, summary: "The figures in words" };
}

function showMoment({ happens, knows }: Moment, names: [string, string]): Html {
  const [left, right] = names.map((name) => name.split(" ")[0]);
  return markup`<li><b>${happens}</b>${knows && item(left, knows.left)}
${knows && item(right, knows.right)}</li>
`;
}

function item(name: string, text: string): Html {
  return markup`<span><i>${name}</i> ${text}</span>`;
}

// --- Plots -------------------------------------------------------------------

/** The figures of a plot of lines, from left to right. */
function showFigures(x: string, series: Series[]): Html[] {
  const places = series.flatMap(({ points }) => points.map(([at]) => at));
  const all = [...new Set(places)].sort((a, b) => a - b);
  return all.map((at) => {
    const figures = series.flatMap(({ name, points }) => {
      const point = points.find(([place]) => place === at);
      return point ? { name, value: point[1] } : [];
    }).sort((a, b) => b.value - a.value);
    const items = figures.map(({ name, value }) => item(name, inWords(value)));
    return markup`<li><b>${x}: ${inWords(at)}</b>${items}</li>
`;
  });
}

function inWords(value: number): string {
  const options = { maximumSignificantDigits: value >= 1000 ? 15 : 3 };
  return Math.round(value * 1000) === value * 1000
    ? value.toLocaleString("en-US")
    : value.toLocaleString("en-US", options);
}

// --- Graphs ------------------------------------------------------------------

/** Graphviz calls an arrow by the names of both its boxes. */
const ARROW = /^(.*?)->(.*)$/s;

const PART = /<g id="[^"]*" class="(node|edge)">\s*<title>([^<]*)<\/title>/g;

/** The boxes of a graph, and the ways along its arrows from left to right. */
function pathsIn(svg: string): { nodes: string[]; paths: number[][] } {
  const parts = [...svg.matchAll(PART)].map(([, kind, title]) => {
    return { kind, title: unescape(title) };
  });
  const named = (kind: string) => parts.filter((part) => part.kind === kind);
  const nodes = named("node").map(({ title }) => title);
  const arrows = named("edge").map(({ title }) => {
    const [, from, to] = ARROW.exec(title)!;
    return [nodes.indexOf(from), nodes.indexOf(to)];
  });
  const onwards = (path: number[]): number[][] => {
    const next = arrows.filter(([from]) => from === path.at(-1));
    if (next.length === 0 || path.length > nodes.length) return [path];
    return next.flatMap(([, to]) => onwards([...path, to]));
  };
  const sources = nodes.flatMap((_, i) =>
    arrows.some(([, to]) => to === i) ? [] : i
  );
  const paths = sources.flatMap((i) => onwards([i]));
  paths.sort(([a], [b]) => nodes[a] < nodes[b] ? -1 : 1);
  return { nodes, paths: paths.filter((path) => path.length > 1) };
}

/** Marks boxes and arrows by their numbers, for a script to find. */
function nameParts(svg: string, nodes: string[]): string {
  return svg.replaceAll(PART, (_, kind, title) => {
    if (kind === "node") {
      return `<g class="node" data-node="${nodes.indexOf(unescape(title))}">`;
    }
    const [, from, to] = ARROW.exec(unescape(title))!;
    const numbers = [from, to].map((name) => nodes.indexOf(name));
    return `<g class="edge" data-edge="${numbers.join("-")}">`;
  });
}

/** One way, and who else takes its last part. */
function showPath(path: number[], nodes: string[], paths: number[][]): Html {
  const name = (i: number) => nodes[i].replaceAll("\\n", ", ");
  const [first, ...rest] = path;
  const places = rest.map((node) => {
    const others = paths.filter((p) => p[0] !== first && p.includes(node));
    const shared = others.map((p) => name(p[0]).split(" = ")[0]).join(", ");
    const note = shared && markup` <i>shared with ${shared}</i>`;
    return markup`<span>→ ${name(node)}${note}</span>`;
  });
  return markup`<li data-path="${path.join("-")}"><b>${
    name(first)
  }</b>${places}</li>
`;
}

function unescape(text: string): string {
  return text.replaceAll("&#45;", "-").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
