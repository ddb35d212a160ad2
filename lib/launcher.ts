/**
 * What a person types for Deno: `deno`, unless they have only Node.
 *
 * @module
 */

/**
 * The words that start Deno for the person who reads this. Somebody without a
 * Deno of their own has it from npx, which keeps it in a folder of that name, and
 * can't type `deno`. (The path of Deno itself takes no permission.)
 *
 * Only a person needs that: what goes elsewhere, to a notebook or a file, says
 * `deno`, whoever has made it.
 *
 * @param path Where Deno is.
 * @param isRead Whether a person reads it.
 * @returns `deno`, or `npx deno@` and the version.
 */
export function launcher(
  path: string = Deno.execPath(),
  isRead: boolean = Deno.stderr.isTerminal(),
): string {
  const isOfNpx = /[\\/]_npx[\\/]/.test(path);
  return isOfNpx && isRead ? `npx deno@${Deno.version.deno}` : "deno";
}
