/**
 * Text in the columns of a terminal, where some characters take two and others
 * none.
 *
 * @module
 */

/** The columns that anything of ours takes at most. */
export const COLUMNS = 80;

const MARKS = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Emoji, and the scripts of East Asia: two columns for each character. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** The columns that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns += MARKS.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** Fills a text up on its right. */
export function padEnd(text: string, columns: number, filler = " "): string {
  return text + filler.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Fills a text up on its left. */
export function padStart(text: string, columns: number, filler = " "): string {
  return filler.repeat(Math.max(0, columns - columnsOf(text))) + text;
}

/**
 * Breaks words into lines, and a word that is longer than a line wherever it has
 * to be.
 *
 * @param words The words.
 * @param indent What stands before each line.
 * @param columns The columns that a line has. @default {76}
 */
export function wrap(
  words: string,
  indent = "",
  columns = COLUMNS - 4,
): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ").flatMap((word) => pieces(word, 60))) {
    const line = lines.at(-1);
    if (line !== undefined && columnsOf(`${line} ${word}`) <= columns) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(indent + word);
  }
  return lines;
}

/** A word, cut where it is longer than so many columns. */
function pieces(word: string, most: number): string[] {
  if (columnsOf(word) <= most) return [word];
  const parts = [""];
  for (const character of word) {
    const longer = parts.at(-1)! + character;
    if (columnsOf(longer) <= most) parts[parts.length - 1] = longer;
    else parts.push(character);
  }
  return parts;
}
