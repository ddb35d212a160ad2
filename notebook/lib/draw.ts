/**
 * What draws: ladders of packets, graphs and plots. Each becomes a PNG, which
 * every reader of notebooks shows, with words for those who cannot see it.
 *
 * @module
 */

// The packages are named here, and not in deno.json, because Deno fetches what it
// finds there for whatever it runs: the scripts shall not have to wait for them.
// deno-lint-ignore-file no-import-prefix
import * as Plot from "npm:@observablehq/plot@0.6.17";
import { initWasm, Resvg } from "npm:@resvg/resvg-wasm@2.6.2";
import { instance } from "npm:@viz-js/viz@3.31.0";
import { DOMParser } from "npm:linkedom@0.18.12";
import typeface from "npm:@expo-google-fonts/source-sans-3@0.4.1/metadata.json" with {
  type: "json",
};

import type { Picture } from "./show.ts";

export { Plot };

/** The one colour that stands for "look here"; all else is grey. */
export const ACCENT = "#0067b9";

/** Greys, from that of text to that of a thin line. */
export const INK = "#24292f", GREY = "#6b7280", FAINT = "#d0d5db";

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
 * @returns The picture, on white.
 */
export async function render(svg: string, words: string): Promise<Picture> {
  const alt = words.replaceAll(/\s+/g, " ");
  const [fontBuffers] = await ready;
  const image = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: TYPEFACE },
    fitTo: { mode: "zoom", value: 2 },
    background: "white",
  }).render();
  return { png: image.asPng(), alt, width: Math.round(image.width / 2) };
}

/** How graphs look: from left to right, in the pictures' type. */
const GRAPH_STYLE = `
  rankdir=LR; nodesep=0.25; ranksep=0.9; pad=0.2;
  node [shape=box, style=rounded, margin="0.2,0.1", fontname="${typeface.family}",
    fontsize=15, fontcolor="${INK}", color="${GREY}"];
  edge [color="${ACCENT}", penwidth=1.8, arrowsize=0.8];`;

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
      fontsize=16 fontcolor="${GREY}" color="${FAINT}" style=rounded margin=16
      ${boxes.toReversed().map((box) => quote(box)).join("; ")} }`
  );
  const edges = arrows.map(([from, to]) => `${quote(from)} -> ${quote(to)}`);
  const all = [GRAPH_STYLE, ...clusters, ...edges].join("\n");
  const viz = await instance();
  const svg = viz.renderString(`strict digraph { ${all} }`, { format: "svg" });
  return render(svg, alt);
}

/** A plot's size and type, unless it says otherwise. */
const FRAME: Plot.PlotOptions = {
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
export function plot(options: Plot.PlotOptions, alt: string): Promise<Picture> {
  const document = new DOMParser().parseFromString("<html/>", "text/html");
  const drawn = Plot.plot({ ...FRAME, ...options, document });
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return render(drawn.outerHTML, alt);
}

/** One line of a ladder: a packet on its way, or what one side does. */
export type Step =
  | { from: Side; label: string; strong?: boolean }
  | { at: Side; does: string };

/** A side of a ladder. */
export type Side = "left" | "right";

/** Options for {@linkcode ladder}. */
export interface LadderOptions {
  /** What stands over the two rails. */
  names: [left: string, right: string];
  /** Beside the rails: room for what each side does, in pixels. @default {24} */
  margin?: number;
  /** Between the rails, in pixels. @default {420} */
  span?: number;
}

/** The height of a ladder's line and of its head, in pixels. */
const RUNG = 36, HEAD = 56;

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
  { names, margin = 110, span = 420 }: LadderOptions,
): Promise<Picture> {
  const x = { left: margin, right: margin + span };
  const [width, height] = [2 * margin + span, HEAD + RUNG * steps.length + 24];
  const rails = (["left", "right"] as const).map((side, i) =>
    words(names[i], x[side], 30, { weight: 600, anchor: "middle" }) +
    line([x[side], 44], [x[side], height - 16], FAINT, 3)
  );
  const rungs = steps.map((step, i) => {
    const y = HEAD + RUNG * i + RUNG / 2;
    return "at" in step ? deed(step, x, y) : packet(step, x, y);
  });
  return render(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
      `height="${height}" font-family="${TYPEFACE}" font-size="15">` +
      rails.join("") + rungs.join("") + "</svg>",
    alt,
  );
}

type Rails = Record<Side, number>;

/** What one side does: words beside its rail, and a mark on it. */
function deed(
  { at, does }: Extract<Step, { at: Side }>,
  x: Rails,
  y: number,
): string {
  const [dx, anchor] = at === "left" ? [-14, "end"] : [14, "start"];
  return `<circle cx="${x[at]}" cy="${y}" r="5" fill="${INK}"/>` +
    words(does, x[at] + dx, y + 5, { anchor });
}

/** A packet: an arrow that falls a little, because to travel takes time. */
function packet(
  { from, label, strong }: Extract<Step, { from: Side }>,
  x: Rails,
  y: number,
): string {
  const to = from === "left" ? "right" : "left";
  const towards = Math.sign(x[to] - x[from]);
  const start: Point = [x[from] + 8 * towards, y - 1];
  const end: Point = [x[to] - 8 * towards, y + 9];
  const [colour, weight] = strong ? [ACCENT, 600] : [GREY, 400];
  const middle = (x.left + x.right) / 2;
  return line(start, end, colour, strong ? 2.5 : 1.5) +
    head(end, towards, colour) +
    words(label, middle, y - 5, {
      anchor: "middle",
      weight,
      colour: strong ? ACCENT : INK,
    });
}

type Point = [x: number, y: number];

function line([x1, y1]: Point, [x2, y2]: Point, colour: string, width: number) {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ` +
    `stroke="${colour}" stroke-width="${width}"/>`;
}

/** An arrow's head. */
function head([x, y]: Point, towards: number, colour: string): string {
  const back = x - 11 * towards;
  return `<polygon points="${x},${y} ${back},${y - 5} ${back},${y + 5}" ` +
    `fill="${colour}"/>`;
}

interface WordsOptions {
  anchor?: string;
  weight?: number;
  colour?: string;
}

function words(text: string, x: number, y: number, options: WordsOptions) {
  const { anchor = "start", weight = 400, colour = INK } = options;
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" ` +
    `font-weight="${weight}" fill="${colour}">${safe}</text>`;
}
