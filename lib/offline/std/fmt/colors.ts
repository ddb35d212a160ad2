/**
 * Stand-in for `@std/fmt/colors`: the colours that this project uses.
 *
 * @module
 */

let enabled = !Deno.noColor;

/** Turns colours on or off; NO_COLOR keeps them off. */
export function setColorEnabled(value: boolean): void {
  enabled = value && !Deno.noColor;
}

function style(open: number, close: number): (text: string) => string {
  return (text) => enabled ? `\x1b[${open}m${text}\x1b[${close}m` : text;
}

/** Makes a text bold. */
export const bold: (text: string) => string = style(1, 22);
/** Makes a text dim. */
export const dim: (text: string) => string = style(2, 22);
/** Makes a text red. */
export const red: (text: string) => string = style(31, 39);
/** Makes a text green. */
export const green: (text: string) => string = style(32, 39);
/** Makes a text yellow. */
export const yellow: (text: string) => string = style(33, 39);
