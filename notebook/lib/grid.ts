/**
 * Draws which attack which step withstands: a mark for each of the pairs.
 *
 * @module
 */

import type { Outcome } from "./attacks.ts";
import { ACCENT, FAINT, INK, Plot, plot } from "./draw.ts";
import type { Picture } from "./show.ts";

/** The picture's measures, in pixels: room for the names at the left. */
const SIZE = { width: 480, height: 390, marginLeft: 148, marginRight: 12 };

/**
 * Draws a row for each attack and a column for each step.
 *
 * @param trials What happened.
 * @param attacks The attacks, from top to bottom.
 * @param alt What the picture shows, in words.
 * @returns The picture: ✗ on colour where a step was beaten, ✓ where it withstood.
 */
export function grid(
  trials: Outcome[],
  attacks: readonly string[],
  alt: string,
): Promise<Picture> {
  const place = { x: "step", y: "attack" } as const;
  const marks = [
    Plot.cell(trials, {
      ...place,
      inset: 1,
      fill: ({ survived }: Outcome) => survived ? "none" : ACCENT,
      stroke: ({ survived }: Outcome) => survived ? FAINT : ACCENT,
    }),
    Plot.text(trials, {
      ...place,
      fontWeight: 600,
      fill: ({ survived }: Outcome) => survived ? INK : "white",
      text: ({ survived }: Outcome) => survived ? "✓" : "✗",
    }),
  ];
  return plot({
    ...SIZE,
    marginTop: 52,
    marginBottom: 8,
    x: { type: "band", axis: "top", label: "step", tickSize: 0 },
    y: { domain: attacks, label: null, tickSize: 0 },
    marks,
  }, alt);
}
