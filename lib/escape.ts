/**
 * Text from a stranger, made safe to print: nothing in it can move the cursor,
 * recolour the screen, or pass for a line of somebody else's.
 *
 * @module
 */

/** Text without any of them: much faster to recognise than they are to find. */
const PLAIN = /^[\t -~]*$/;

/** The same of several lines. */
const PLAIN_LINES = /^[\t\n -~]*$/;

/**
 * Shows control characters as escapes: those that move a cursor, colour a
 * screen, start a line or turn the direction of writing. A tab stays.
 *
 * @example An attempt to clear the screen
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { escapeControls } from "./escape.ts";
 *
 * assertEquals(escapeControls("\x1b[2Jhello"), "\\x1b[2Jhello");
 * ```
 *
 * @param text Anything.
 * @returns The text on one line.
 */
export function escapeControls(text: string): string {
  if (PLAIN.test(text)) return text;
  // Not made before it is needed: to look these up takes as long as to connect.
  const controls = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
  return text.replace(controls, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return hex.length > 2
      ? `\\u${hex.padStart(4, "0")}`
      : `\\x${hex.padStart(2, "0")}`;
  });
}

/**
 * Puts a prefix before each line. A text that stops short of a newline is a
 * line all the same, because the next text may be another peer's.
 *
 * @example Two lines of one peer
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { prefixLines } from "./escape.ts";
 *
 * assertEquals(prefixLines("one\ntwo", "Ada> "), "Ada> one\nAda> two\n");
 * ```
 *
 * @param text What the peer said.
 * @param prefix Who said it.
 * @returns Whole lines, with control characters shown as escapes.
 */
export function prefixLines(text: string, prefix: string): string {
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const safe = PLAIN_LINES.test(body)
    ? body
    : body.split("\n").map(escapeControls).join("\n");
  return `${prefix}${safe.replaceAll("\n", () => `\n${prefix}`)}\n`;
}

/**
 * Makes words of our own bold, for a terminal. No peer's text can be, because
 * its control characters are escaped: even padded to the width of the screen it
 * cannot pass for a line of ours. Bold is not a colour: NO_COLOR leaves it.
 *
 * @param words What stands out.
 * @returns The words between two escape sequences.
 */
export function bold(words: string): string {
  return `\x1b[1m${words}\x1b[22m`;
}
