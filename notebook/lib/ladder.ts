/**
 * Ladders: what goes back and forth between two sides, from the top down.
 *
 * A ladder is kept as its steps, and drawn from them twice: as a PNG for the
 * notebook, and as an SVG that fits its page. This module needs no library.
 *
 * @module
 */

/** The one colour that stands for "look here"; all else is grey. */
export const ACCENT = "#0067b9";

/** Greys, from that of text to that of a thin line. */
export const INK = "#24292f", GREY = "#6b7280", FAINT = "#d0d5db";

/** One line of a ladder: a packet on its way, or what one side does. */
export type Step =
  | { from: Side; label: string; strong?: boolean }
  | { at: Side; does: string };

/** A side of a ladder. */
export type Side = "left" | "right";

/** Options for {@linkcode drawLadder}. */
export interface LadderOptions {
  /** What stands over the two rails. */
  names: [left: string, right: string];
  /** Beside the rails: room for what each side does, in pixels. @default {110} */
  margin?: number;
  /** Between the rails, in pixels. @default {420} */
  span?: number;
}

/** How a ladder is laid out. */
interface Layout {
  /** Where the rails are. */
  x: Record<Side, number>;
  /** How many letters there is room for between the rails. */
  letters: number;
  /** Whether what a side does stands between the rails, for want of a margin. */
  narrow: boolean;
}

/** The height of a ladder's line and of its head, in pixels. */
const RUNG = 36, HEAD = 56;

/** How wide a ladder is on a telephone. */
const NARROW = 340;

/**
 * Draws a ladder.
 *
 * @param steps What happens, in its order.
 * @param options The names of the sides, and how wide it is.
 * @param typeface The name of the typeface of its words.
 * @returns The drawing: an SVG, in which each step is a group.
 */
export function drawLadder(
  steps: Step[],
  { names, margin = 110, span = 420 }: LadderOptions,
  typeface: string,
): string {
  const x = { left: margin, right: margin + span };
  const layout = { x, letters: Infinity, narrow: false };
  return draw(steps, names, 2 * margin + span, layout, typeface);
}

/**
 * Draws a ladder for the screen of a telephone, with words as large as the text
 * around it.
 *
 * @param steps What happens, in its order.
 * @param options The names of the sides.
 * @param typeface The name of the typeface of its words.
 */
export function drawNarrowLadder(
  steps: Step[],
  { names }: LadderOptions,
  typeface: string,
): string {
  const x = { left: 20, right: NARROW - 20 };
  const layout = { x, letters: 40, narrow: true };
  return draw(steps, names, NARROW, layout, typeface);
}

function draw(
  steps: Step[],
  names: [string, string],
  width: number,
  layout: Layout,
  typeface: string,
): string {
  const { x, narrow } = layout;
  const height = HEAD + RUNG * steps.length + 24;
  const rails = (["left", "right"] as const).map((side, i) =>
    title(names[i], side, layout) +
    line([x[side], 44], [x[side], height - 16], FAINT, 3)
  );
  const rungs = steps.map((step, i) => {
    const y = HEAD + RUNG * i + RUNG / 2;
    const drawn = "at" in step
      ? deed(step, y, layout)
      : packet(step, y, layout);
    return `<g class="rung">${drawn}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" ` +
    `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="${typeface}" font-size="${narrow ? 14 : 15}">` +
    rails.join("") + rungs.join("") + "</svg>";
}

/** Who stands at a rail; on a narrow ladder only so far as there is room. */
function title(name: string, side: Side, { x, narrow }: Layout): string {
  if (!narrow) {
    return words(name, x[side], 30, { weight: 600, anchor: "middle" });
  }
  const [at, anchor] = side === "left" ? [0, "start"] : [NARROW, "end"];
  return words(name, at, 30, { weight: 600, anchor });
}

/** What one side does: words next to its rail, and a mark on it. */
function deed(
  { at, does }: Extract<Step, { at: Side }>,
  y: number,
  { x, narrow }: Layout,
): string {
  const leftwards = (at === "left") !== narrow; // outwards, if there is a margin
  const [dx, anchor] = leftwards ? [-14, "end"] : [14, "start"];
  return `<circle cx="${x[at]}" cy="${y}" r="5" fill="${INK}"/>` +
    words(does, x[at] + dx, y + 5, { anchor });
}

/** A packet: an arrow that falls a little, because to travel takes time. */
function packet(
  { from, label, strong }: Extract<Step, { from: Side }>,
  y: number,
  { x, letters }: Layout,
): string {
  const to = from === "left" ? "right" : "left";
  const towards = Math.sign(x[to] - x[from]);
  const start: Point = [x[from] + 8 * towards, y - 1];
  const end: Point = [x[to] - 8 * towards, y + 9];
  const [colour, weight] = strong ? [ACCENT, 600] : [GREY, 400];
  const middle = (x.left + x.right) / 2;
  return line(start, end, colour, strong ? 2.5 : 1.5) +
    head(end, towards, colour) +
    words(shorten(label, letters), middle, y - 5, {
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

function shorten(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}
