/**
 * What the judge says: verdicts on standard output, everything else on standard
 * error. Colour only on a terminal.
 *
 * @module
 */

const RED = "\x1b[31m", GREEN = "\x1b[32m", PLAIN = "\x1b[39m";

/** Prints a verdict. */
export function print(text: string): void {
  const colour = Deno.stdout.isTerminal() && !Deno.noColor;
  write(Deno.stdout, colour ? paint(text) : text);
}

/** Prints something in the place of what was there; in a pipe, after it. */
export function redraw(text: string): void {
  print(Deno.stdout.isTerminal() ? `\x1b[2J\x1b[H${text}` : `${text}\n`);
}

/** Says something that is no verdict. */
export function warn(text: string): void {
  write(Deno.stderr, text);
}

/** Colours the signs; each has a shape of its own for those who see no colour. */
function paint(text: string): string {
  return text
    .replaceAll("✗", `${RED}✗${PLAIN}`)
    .replaceAll("✓", `${GREEN}✓${PLAIN}`);
}

function write(
  to: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}
