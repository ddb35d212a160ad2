/**
 * What draws: ladders of packets, graphs and plots. Each becomes a PNG, which
 * every reader of notebooks shows, with words for those who cannot see it.
 *
 * @module
 */

// The packages are named here, and not in deno.json, because Deno fetches what it
// finds there for whatever it runs, and the scripts shouldn't have to wait for them.
// deno-lint-ignore-file no-import-prefix
import * as plotting from "npm:@observablehq/plot@0.6.17";
import { initWasm, Resvg } from "npm:@resvg/resvg-wasm@2.6.2";
import { instance } from "npm:@viz-js/viz@3.31.0";
import { DOMParser } from "npm:linkedom@0.18.12";
import typeface from "npm:@expo-google-fonts/source-sans-3@0.4.1/metadata.json" with {
  type: "json",
};

import {
  ACCENT,
  drawLadder,
  FAINT,
  GREY,
  INK,
  type LadderOptions,
  type Step,
} from "./ladder.ts";
import type { Drawing, Series } from "./drawing.ts";
import type { Picture } from "./show.ts";

export { ACCENT, FAINT, GREY, INK };

/** Observable Plot: the marks of a plot, and its scales. */
export const Plot: typeof plotting = plotting;

/** What {@linkcode plot} takes. */
export type PlotOptions = plotting.PlotOptions;
export type { LadderOptions, Side, Step } from "./ladder.ts";

/** The typeface of all pictures, which the renderer has to be given. */
export const TYPEFACE: string = typeface.family;

const FACES = ["400Regular", "600SemiBold"].map((face) =>
  `npm:@expo-google-fonts/source-sans-3@0.4.1/${face}/SourceSans3_${face}.ttf`
);

/** Reads a file that came with a package. */
function readAsset(specifier: string): Promise<Uint8Array> {
  return Deno.readFile(new URL(import.meta.resolve(specifier)));
}

const ready = Promise.all([
  Promise.all(FACES.map(readAsset)),
  readAsset("npm:@resvg/resvg-wasm@2.6.2/index_bg.wasm").then(initWasm),
]);

/**
 * Turns a drawing into a picture.
 *
 * @param svg The drawing.
 * @param words What it shows.
 * @param drawing The same for the pages, which may lay it out differently.
 * @returns The picture, on white.
 */
export async function render(
  svg: string,
  words: string,
  drawing: Drawing = { svg },
): Promise<Picture> {
  const alt = words.replaceAll(/\s+/g, " ");
  const [fontBuffers] = await ready;
  const image = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: TYPEFACE },
    fitTo: { mode: "zoom", value: 2 },
    background: "white",
  }).render();
  const width = Math.round(image.width / 2);
  return { png: image.asPng(), alt, width, drawing };
}

/** How graphs look: from left to right, in the pictures' type. */
const GRAPH_STYLE = `
  rankdir=LR; nodesep=0.25; ranksep=0.9; pad=0.2;
  node [shape=box, style=rounded, margin="0.2,0.1", fontname="${typeface.family}",
    fontsize=15, fontcolor="${INK}", color="${GREY}"];
  edge [color="${ACCENT}", penwidth=1.8, arrowsize=0.8];`;

/** Stands for the room around a column's boxes. */
const MARGIN = "MARGIN";

/** What is different on the screen of a telephone. */
const NARROW_GRAPH = `
  ranksep=0.25; pad=0.02; node [margin="0.08,0.1", fontsize=14];`;

/** What stands in a graph, and what points to what. */
export interface Links {
  /** Columns from left to right: the title of each, and its boxes. */
  columns: Record<string, string[]>;
  /** Arrows: each from a box to another. */
  arrows: string[][];
}

/**
 * Draws boxes in columns, with arrows between them, by Graphviz.
 *
 * @param links The boxes and the arrows; the same twice is there once.
 * @param alt What it shows, in words.
 * @returns The picture.
 */
export async function graph(
  { columns, arrows }: Links,
  alt: string,
): Promise<Picture> {
  const quote = JSON.stringify;
  const clusters = Object.entries(columns).map(([title, boxes], i) =>
    `subgraph cluster_${i} { label=${quote(title)} fontname=${quote(TYPEFACE)}
      fontsize=16 fontcolor="${GREY}" color="${FAINT}" style=rounded margin=${MARGIN}
      ${boxes.toReversed().map((box) => quote(box)).join("; ")} }`
  );
  const edges = arrows.map(([from, to]) => `${quote(from)} -> ${quote(to)}`);
  const viz = await instance();
  const draw = (style: string, margin: number, titles = clusters) => {
    const all = [style, ...titles, ...edges].join("\n");
    const dot = `strict digraph { ${all.replaceAll(MARGIN, `${margin}`)} }`;
    return viz.renderString(dot, { format: "svg" });
  };
  const svg = draw(GRAPH_STYLE, 16);
  // On a telephone a title of two words takes two lines.
  const short = clusters.map((text) =>
    text.replace(/label="[^"]*"/, (label) => label.replace(/ (?=\S*$)/, "\\n"))
  );
  const narrow = draw(GRAPH_STYLE + NARROW_GRAPH, 6, short);
  return render(svg, alt, { kind: "graph", svg, narrow });
}

/** A plot's size and type, unless it says otherwise. */
const FRAME: PlotOptions = {
  width: 640,
  height: 320,
  marginTop: 36,
  marginRight: 24,
  marginBottom: 48,
  marginLeft: 64,
  style: { fontFamily: TYPEFACE, fontSize: "15px", color: INK },
};

/**
 * Draws a plot.
 *
 * @param options What Observable Plot takes.
 * @param alt What it shows, in words.
 * @returns The picture.
 */
export function plot(options: PlotOptions, alt: string): Promise<Picture> {
  const drawn = draw({ ...FRAME, ...options });
  const [svg, series] = [drawn.outerHTML, seriesOf(drawn)];
  const narrow = draw(narrowed({ ...FRAME, ...options })).outerHTML;
  return render(svg, alt, { kind: "plot", svg, narrow, ...series });
}

type Drawn = ReturnType<typeof Plot.plot>;

function draw(options: PlotOptions): Drawn {
  const document = new DOMParser().parseFromString("<html/>", "text/html");
  const drawn = Plot.plot({ ...options, document });
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  if (options.x?.type === "log") labelTicks(drawn, options.x);
  return drawn;
}

/**
 * Gives each tick of a logarithmic axis its number, which Plot gives only to some
 * of them. Where the ticks are Plot's own, those of 1, 2 and 5 are kept.
 */
function labelTicks(drawn: Drawn, { ticks }: plotting.ScaleOptions): void {
  const all = (what: string) => [...drawn.querySelectorAll(what)];
  const labels = all('[aria-label="x-axis tick label"] text');
  const marks = all('[aria-label="x-axis tick"] path');
  const lines = all('[aria-label="x-grid"] line');
  for (const [i, label] of labels.entries()) {
    const [left] = numbersIn(label.getAttribute("transform"));
    const value = Number(drawn.scale("x")!.invert!(left).toPrecision(4));
    const isKept = Array.isArray(ticks) || /^[125]0*$/.test(`${value}`);
    if (isKept) label.textContent = value.toLocaleString("en-US");
    else for (const part of [label, marks[i], lines[i]]) part?.remove();
  }
}

/**
 * The figures of a plot of lines, which stand in the drawing as places: each line
 * has a name at its end, and a point for each figure.
 */
function seriesOf(drawn: Drawn): { x: string; series: Series[] } | undefined {
  const [x, y] = [drawn.scale("x"), drawn.scale("y")];
  const paths = [...drawn.querySelectorAll('[aria-label="line"] path')];
  if (!x?.invert || !y?.invert || paths.length === 0) return undefined;
  const names = new Map(
    [...drawn.querySelectorAll('[aria-label="text"] text')].map((text) => {
      const place = numbersIn(text.getAttribute("transform"));
      return [keyOf(place), text.textContent];
    }),
  );
  const exact = new Map( // a path's places are rounded, those of dots are not
    [...drawn.querySelectorAll('[aria-label="dot"] circle')].map((dot) => {
      const place = ["cx", "cy"].map((name) => Number(dot.getAttribute(name)));
      return [keyOf(place), place];
    }),
  );
  const round = (value: number) => Number(value.toPrecision(9));
  const series = paths.map((path) => {
    const places = pairs(numbersIn(path.getAttribute("d")));
    const points = places.map((place): [number, number] => {
      const [left, top] = exact.get(keyOf(place)) ?? place;
      return [round(x.invert!(left)), round(y.invert!(top))];
    });
    return { name: names.get(keyOf(places.at(-1) ?? [])) ?? "", points };
  });
  if (series.some(({ name }) => !name)) return undefined;
  const label = drawn.querySelector('[aria-label="x-axis label"]')?.textContent;
  return { x: label?.replaceAll(/[←→]/g, "").trim() ?? "x", series };
}

/** A place in a drawing, to the tenth of a pixel. */
function keyOf(place: number[]): string {
  return place.map((value) => value.toFixed(1)).join();
}

function numbersIn(text: string | null): number[] {
  return text?.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
}

function pairs(numbers: number[]): number[][] {
  return numbers.flatMap((_, i) => i % 2 ? [] : [numbers.slice(i, i + 2)]);
}

/** The same plot for the screen of a telephone: its margins are what words need. */
function narrowed(options: PlotOptions): PlotOptions {
  const { marginLeft = 64, marginRight = 24, marginTop = 36, style } = options;
  const titles = options.fx && {
    fx: {
      ...options.fx,
      tickFormat: (title: string) => title.replace(" ", "\n"),
    },
    marginTop: marginTop + 16,
  };
  return {
    ...options,
    ...titles,
    width: 340,
    marginLeft: Math.min(marginLeft, 110),
    marginRight: Math.min(marginRight, 110),
    style: { ...style as Record<string, string>, fontSize: "13px" },
  };
}

/**
 * Draws what goes back and forth between two sides, from the top down.
 *
 * @param steps What happens, in its order.
 * @param alt What the picture shows, in words.
 * @param options The names of the sides, and how wide it is.
 * @returns The picture.
 */
export function ladder(
  steps: Step[],
  alt: string,
  options: LadderOptions,
): Promise<Picture> {
  const svg = drawLadder(steps, options, TYPEFACE);
  return render(svg, alt, { kind: "ladder", steps, options });
}
