/**
 * What changed from one program to the next, as a diff.
 *
 * @module
 */

// Named here, and not in deno.json: see lib/draw.ts.
// deno-lint-ignore-file no-import-prefix
import { structuredPatch } from "npm:diff@8.0.4";

import { display } from "./show.ts";

/**
 * The lines that differ between two texts, each with a sign before it: `-` for
 * a line that went, `+` for one that came.
 *
 * @example One line instead of another
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { difference } from "./diff.ts";
 *
 * assertEquals(difference("one\ntwo\n", "one\nthree\n"), " one\n-two\n+three");
 * ```
 *
 * @param before The one text.
 * @param after The other.
 * @returns The differing lines, each group with a line around it; `…` stands
 * between two groups.
 */
export function difference(before: string, after: string): string {
  const { hunks } = structuredPatch("", "", before, after, "", "", {
    context: 1,
  });
  return hunks.map(({ lines }) => lines.join("\n")).join("\n…\n");
}

/**
 * Shows what changed from one file to another.
 *
 * @param before The one file, from the notebook's folder.
 * @param after The other.
 */
export async function diff(before: string, after: string): Promise<void> {
  const texts = [before, after].map((path) => Deno.readTextFile(path));
  const [one, other] = await Promise.all(texts);
  const text = difference(one, other);
  await display({
    "text/markdown": `\`\`\`diff\n${text}\n\`\`\``,
    "text/plain": text,
  });
}
