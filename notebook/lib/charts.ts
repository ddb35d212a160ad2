/**
 * Charts that several chapters draw: lines, bars, ranges and dots. What is the
 * reader's own, or ours, is in the accent colour; everything else is grey.
 *
 * @module
 */

import { ACCENT, FAINT, GREY, INK, Plot, plot } from "./draw.ts";
import type { Picture } from "./show.ts";

/** A point of a line. */
export interface Point {
  /** Its place on the axis below. */
  x: number;
  /** Its height. */
  y: number;
  /** The line that it belongs to. */
  name: string;
}

/** Options for {@linkcode lines}. */
export interface LinesOptions {
  /** What the axis below counts. */
  x: string;
  /** What the axis at the side counts. */
  y: string;
  /** The line in the accent colour. */
  accent: string;
  /** Room for the lines' names at their ends, in pixels. @default {90} */
  room?: number;
  /** The ticks of a logarithmic axis below. @default {a linear one} */
  ticks?: number[];
}

/**
 * Draws lines, each with its name at its end.
 *
 * @param points Their points.
 * @param options The axes, and which line to look at.
 * @param alt What the picture shows, in words.
 * @returns The picture.
 */
export function lines(
  points: Point[],
  { x, y, accent, room = 90, ticks }: LinesOptions,
  alt: string,
): Promise<Picture> {
  const place = { x: "x", y: "y", z: "name" };
  const colour = ({ name }: Point) => name === accent ? ACCENT : GREY;
  const log = { type: "log", ticks, tickFormat: String } as const;
  const end = { dx: 10, textAnchor: "start" } as const;
  return plot({
    x: { label: x, ...(ticks && log) },
    y: { label: y, grid: true },
    marginRight: room,
    marks: [
      Plot.line(points, { ...place, stroke: colour, strokeWidth: 2.5 }),
      Plot.dot(points, { ...place, fill: colour, r: 4 }),
      Plot.text(
        points,
        Plot.selectLast({ ...place, ...end, text: "name", fill: colour }),
      ),
    ],
  }, alt);
}

/** A bar. */
export interface Bar {
  /** What stands next to it. */
  name: string;
  /** How long it is. */
  value: number;
  /** The group that it stands in, if there are several side by side. */
  group?: string;
}

/** Options for {@linkcode bars}. */
export interface BarsOptions {
  /** What the axis below counts. */
  x: string;
  /** The bars in the accent colour; without it all of them are. */
  accent?: string;
  /** The words at a bar's end. @default {its value, rounded} */
  text?(value: number): string;
  /** Where a line marks what the bars are compared with. */
  mark?: number;
  /** Room for the names, in pixels. @default {100} */
  room?: number;
}

/**
 * Draws bars, each with its value at its end.
 *
 * @param rows The bars, from the top down.
 * @param options The axis, and which bars to look at.
 * @param alt What the picture shows, in words.
 * @returns The picture.
 */
export function bars(
  rows: Bar[],
  { x, accent, text = round, mark, room = 100 }: BarsOptions,
  alt: string,
): Promise<Picture> {
  const names = new Set(rows.map(({ name }) => name));
  const groups = [...new Set(rows.map(({ group }) => group))];
  const grouped = groups[0] !== undefined;
  const most = Math.max(...rows.map(({ value }) => value));
  const fx = grouped ? { fx: "group" } : {};
  const place = { x: "value", y: "name", sort: { y: null }, ...fx } as const;
  const isAccent = ({ name }: Bar) => !accent || name === accent;
  const words = ({ value }: Bar) => text(value);
  return plot({
    height: (grouped ? 100 : 70) + 40 * names.size,
    marginLeft: room,
    marginRight: grouped ? 44 : 80,
    marginTop: grouped ? 36 : 8,
    x: { label: x, ...(grouped && { domain: [0, 1.25 * most] }) },
    y: { label: null },
    ...(grouped && { fx: { label: null, domain: groups } }),
    marks: [
      Plot.barX(rows, {
        ...{ ...place, insetTop: 6 },
        fill: (bar: Bar) => isAccent(bar) ? ACCENT : GREY,
      }),
      Plot.text(rows, {
        ...{ ...place, text: words, dx: 6, dy: 3, fill: INK },
        textAnchor: "start",
      }),
      Plot.ruleX([0, ...(mark === undefined ? [] : [mark])], { stroke: INK }),
    ],
  }, alt);
}

/** As many digits as matter: 0.4, 16, 1662. */
function round(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

/** From where to where something reaches. */
export interface Range {
  /** What stands next to it. */
  name: string;
  /** Its beginning. */
  from: number;
  /** Its end. */
  to: number;
}

/** Options for {@linkcode ranges}. */
export interface RangesOptions {
  /** What the axis below counts. */
  x: string;
  /** The range in the accent colour. */
  accent: string;
  /** What its two ends are. */
  ends: [from: string, to: string];
}

/**
 * Draws ranges on a logarithmic axis, each as two marks joined by a line.
 *
 * @param rows The ranges, from the top down.
 * @param options The axis, the names of the ends, and which range to look at.
 * @param alt What the picture shows, in words.
 * @returns The picture.
 */
export function ranges(
  rows: Range[],
  { x, accent, ends }: RangesOptions,
  alt: string,
): Promise<Picture> {
  const colour = ({ name }: Range) => name === accent ? ACCENT : GREY;
  const place = { y: "name", sort: { y: null } } as const;
  const both = (["from", "to"] as const).flatMap((end, i) => [
    Plot.tickX(rows, { ...place, x: end, stroke: colour, strokeWidth: 4 }),
    Plot.text(rows.slice(0, 1), {
      ...{ ...place, x: end, text: () => ends[i], dy: -28, fill: INK },
    }),
  ]);
  return plot({
    height: 60 + 36 * rows.length,
    ...{ marginLeft: 170, marginRight: 48 },
    x: { label: x, type: "log", grid: true },
    y: { label: null },
    marks: [
      Plot.ruleY(rows, {
        ...{ ...place, x1: "from", x2: "to", stroke: FAINT, strokeWidth: 3 },
      }),
      ...both,
    ],
  }, alt);
}

/**
 * Draws rows of dots: how several runs of the same thing scatter.
 *
 * @param rows A dot each: the row's name, and the value.
 * @param x What the axis below counts, from zero.
 * @param alt What the picture shows, in words.
 * @returns The picture.
 */
export function dots(rows: Bar[], x: string, alt: string): Promise<Picture> {
  const place = { x: "value", y: "name", r: 5, fill: ACCENT, fillOpacity: 0.5 };
  return plot({
    ...{ height: 130, marginLeft: 60, marginTop: 8 },
    x: { label: x, zero: true },
    y: { label: null },
    marks: [Plot.dot(rows, place)],
  }, alt);
}

/**
 * Draws the same bytes cut in several ways, each in a row of boxes.
 *
 * @param rows The pieces of each row, by its name.
 * @param alt What the picture shows, in words.
 * @returns The picture.
 */
export function cuts(
  rows: Record<string, string[]>,
  alt: string,
): Promise<Picture> {
  const boxes = Object.entries(rows).flatMap(([y, texts]) =>
    texts.map((text, i) => {
      const x1 = texts.slice(0, i).join("").length;
      return { y, text, x1, x2: x1 + text.length, x: x1 + text.length / 2 };
    })
  );
  const place = { x1: "x1", x2: "x2", y: "y", fill: "white" };
  return plot({
    ...{ height: 130, marginLeft: 50, marginTop: 8 },
    x: { label: "bytes" },
    y: { label: null, domain: Object.keys(rows) },
    marks: [
      Plot.barX(boxes, { ...place, stroke: ACCENT }),
      Plot.text(boxes, { x: "x", y: "y", text: "text", fontSize: 13 }),
    ],
  }, alt);
}
