/**
 * Draws two captures side by side, one from each end of a cable.
 *
 * @module
 */

import { render, TYPEFACE } from "./draw.ts";
import { type Captures, match, type Passage } from "./passages.ts";
import { ACCENT, FAINT, GREY, INK, type Side } from "./ladder.ts";
import type { Picture } from "./show.ts";

/** Options for {@linkcode crossing}. */
export interface CrossingOptions {
  /** What stands over the two rails. @default {["alice", "bob"]} */
  names?: [left: string, right: string];
  /** What stands beside a packet. @default {its flags and numbers} */
  label?: (passage: Passage) => string;
}

/** How it is laid out, in pixels. */
interface Layout {
  margin: number;
  span: number;
  size: number;
}

const WIDE: Layout = { margin: 190, span: 300, size: 15 };
const NARROW: Layout = { margin: 132, span: 84, size: 12 };

/** Seconds without any packet that are drawn as a pause. */
const PAUSE = 0.02;

/**
 * Draws what passed between two ends, from the top down. An arrow begins where a
 * packet was sent, and ends where it arrived; that of a lost one ends in a cross.
 *
 * @param captures The packets that passed at either end.
 * @param alt What the picture shows, in words.
 * @param options The names of the two, and of the packets.
 * @returns The picture.
 */
export function crossing(
  captures: Captures,
  alt: string,
  { names = ["alice", "bob"], label = labeller(captures) }: CrossingOptions =
    {},
): Promise<Picture> {
  const passages = match(captures);
  const [svg, narrow] = [WIDE, NARROW].map((layout) =>
    draw(passages, names, label, layout)
  );
  return render(svg, alt, { svg, narrow });
}

/** Describes packets by numbers that begin with 0, as the programs count. */
function labeller(captures: Captures): (passage: Passage) => string {
  const first: Partial<Record<Side, number>> = {};
  for (const { packet: { seq, flags }, from } of match(captures)) {
    first[from] ??= /SYN/.test(flags) ? seq + 1 : seq;
  }
  return ({ packet: { protocol, flags, seq, ack, length, text }, from }) => {
    if (protocol !== "TCP") return protocol === "UDP" ? text : protocol;
    if (/SYN|RST/.test(flags)) return flags;
    const own = (seq - first[from]!) >>> 0;
    const other = (ack - (first[from === "left" ? "right" : "left"] ?? 0)) >>>
      0;
    if (length > 0) return `bytes ${own}–${own + length - 1}`;
    return /FIN/.test(flags) ? "FIN" : `ACK ${other}`;
  };
}

/** Something that happens at one end. */
interface Event {
  time: number;
  passage: Passage;
  arrives: boolean;
}

function draw(
  passages: Passage[],
  names: [string, string],
  label: (passage: Passage) => string,
  { margin, span, size }: Layout,
): string {
  const x = { left: margin, right: margin + span };
  const events = passages.flatMap((passage): Event[] => {
    const { sent, arrived } = passage;
    const leaving = { time: sent, passage, arrives: false };
    if (arrived === undefined) return [leaving];
    return [leaving, { time: arrived, passage, arrives: true }];
  }).sort((a, b) => a.time - b.time);
  const { places, pauses, height } = place(events, size);
  const arrows = passages.map((passage) => {
    const to = passage.from === "left" ? "right" : "left";
    const start: Point = [x[passage.from], places.get(passage)!.sent];
    const end: Point = [x[to], places.get(passage)!.arrived ?? start[1] + 10];
    return arrow(start, end, passage, label(passage), size);
  });
  const rails = (["left", "right"] as const).map((side, i) =>
    words(names[i], [x[side], 24], "middle", INK, size, 600) +
    line([x[side], 36], [x[side], height - 8], FAINT, 3)
  );
  const middle = margin + span / 2;
  const gaps = pauses.map(({ y, seconds }) =>
    words(`${inWords(seconds)} later`, [middle, y], "middle", GREY, size, 400)
  );
  const width = 2 * margin + span;
  return `<svg xmlns="http://www.w3.org/2000/svg" ` +
    `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="${TYPEFACE}">${
      [...rails, ...gaps, ...arrows].join("")
    }</svg>`;
}

/** Where everything stands: an arrival close below its own leaving. */
function place(events: Event[], size: number) {
  const places = new Map<Passage, { sent: number; arrived?: number }>();
  const pauses: { y: number; seconds: number }[] = [];
  let y = 36;
  let before = events[0]?.time ?? 0;
  for (const { time, passage, arrives } of events) {
    if (time - before > PAUSE) {
      y += 2 * size;
      pauses.push({ y, seconds: time - before });
    }
    before = time;
    y += arrives ? 10 : size + 5;
    if (!arrives) places.set(passage, { sent: y });
    else places.get(passage)!.arrived = y;
    if (passage.arrived === undefined) y += 8; // room for its cross
  }
  return { places, pauses, height: y + 28 };
}

function inWords(seconds: number): string {
  return seconds < 0.95
    ? `${Math.round(seconds * 1000)} ms`
    : `${seconds.toFixed(1)} s`;
}

type Point = [x: number, y: number];

/** A packet's arrow, and what it is at its beginning. */
function arrow(
  start: Point,
  end: Point,
  { arrived, again }: Passage,
  label: string,
  size: number,
): string {
  const isLost = arrived === undefined;
  const [colour, width] = isLost || again ? [ACCENT, 2.5] : [GREY, 1.5];
  const towards = Math.sign(end[0] - start[0]);
  const anchor = towards > 0 ? "end" : "start";
  const text = words(
    isLost ? `${label}, lost` : again ? `${label}, again` : label,
    [start[0] - 10 * towards, start[1] + 4],
    anchor,
    isLost || again ? ACCENT : INK,
    size,
    isLost || again ? 600 : 400,
  );
  const goal: Point = isLost
    ? [start[0] + (end[0] - start[0]) * 0.55, start[1] + 6]
    : [end[0] - 6 * towards, end[1]];
  const from: Point = [start[0] + 6 * towards, start[1]];
  return text + line(from, goal, colour, width) +
    (isLost ? cross(goal) : head(from, goal, colour));
}

function line([x1, y1]: Point, [x2, y2]: Point, colour: string, width: number) {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ` +
    `stroke="${colour}" stroke-width="${width}"/>`;
}

/** Where a packet was lost. */
function cross([x, y]: Point): string {
  return line([x - 6, y - 6], [x + 6, y + 6], ACCENT, 3) +
    line([x - 6, y + 6], [x + 6, y - 6], ACCENT, 3);
}

/** An arrow's head. */
function head([x1, y1]: Point, [x2, y2]: Point, colour: string): string {
  const turn = Math.atan2(y2 - y1, x2 - x1) * 180 / Math.PI;
  return `<path d="M0 0 L-10 -4.5 L-10 4.5 Z" fill="${colour}" ` +
    `transform="translate(${x2} ${y2}) rotate(${turn})"/>`;
}

function words(
  text: string,
  [x, y]: Point,
  anchor: string,
  colour: string,
  size: number,
  weight: number,
): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}" ` +
    `font-size="${size}" font-weight="${weight}">${safe}</text>`;
}
