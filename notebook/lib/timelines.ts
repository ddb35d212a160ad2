/**
 * The plots of the chapter on networks.
 *
 * @module
 */

import type { Arrival } from "./clock.ts";
import { ACCENT, GREY, INK, Plot, plot } from "./draw.ts";
import type { Sample } from "./sample.ts";
import type { Picture } from "./show.ts";

/** A name beside a point: to its right, or to its left. */
function name(text: string, at: Arrival, fill: string, dx: number) {
  const textAnchor = dx > 0 ? "start" : "end";
  const place = { x: [at.ms], y: [at.message], dx, textAnchor } as const;
  return Plot.text([text], { ...place, fill, fontWeight: 600 });
}

/**
 * Draws when messages arrived, over TCP and over UDP.
 *
 * @param arrivals Those over each of them.
 * @param alt What the picture shows, in words.
 */
export function drawArrivals(
  { tcp, udp }: Record<"tcp" | "udp", Arrival[]>,
  alt: string,
): Promise<Picture> {
  const at = { x: "ms", y: "message", strokeWidth: 2 };
  return plot({
    x: { label: "milliseconds →", grid: true, zero: true },
    y: { label: "↑ message", grid: true },
    marks: [
      Plot.dot(udp, { ...at, symbol: "times", stroke: GREY, r: 4 }),
      Plot.dot(tcp, { ...at, symbol: "circle", stroke: ACCENT, r: 6 }),
      name("TCP ○", tcp[4], ACCENT, 14),
      name("UDP ×", udp[5], GREY, -12),
    ],
  }, alt);
}

/**
 * Draws the congestion window of a connection over time.
 *
 * @param samples The moments.
 * @param alt What the picture shows, in words.
 */
export function drawWindow(samples: Sample[], alt: string): Promise<Picture> {
  const lost = samples.filter(({ again }, i) =>
    i > 0 && again > samples[i - 1].again
  );
  return plot({
    x: { label: "seconds →", grid: true },
    y: { label: "↑ congestion window, in segments", grid: true, zero: true },
    marks: [
      Plot.line(samples, { x: "s", y: "cwnd", stroke: INK, strokeWidth: 1.5 }),
      Plot.dot(lost, {
        ...{ x: "s", y: "cwnd", symbol: "times", stroke: ACCENT },
        strokeWidth: 2.5,
        r: 5,
      }),
    ],
  }, alt);
}
