/**
 * The search over the whole book, as one script: opened from a file, a page may
 * not fetch anything.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
import "npm:minisearch@7.2.0";
import type { Section } from "./chapter.ts";

/** The library as it runs in a browser, next to the one for modules. */
async function readLibrary(): Promise<string> {
  const module = new URL(import.meta.resolve("npm:minisearch@7.2.0"));
  const script = await Deno.readTextFile(new URL("../umd/index.js", module));
  return script.replace(/\n\/\/# sourceMappingURL=.*/, "");
}

/**
 * Makes the script: the library, and all that can be found.
 *
 * @param sections What can be found.
 */
export async function searchScript(sections: Section[]): Promise<string> {
  const library = await readLibrary();
  const found = sections.map((section, id) => ({
    ...section,
    id,
    at: section.id,
  }));
  return `// MiniSearch, by Luca Ongaro, under the MIT License.\n${library}\n` +
    `globalThis.bookSections = ${JSON.stringify(found)};\n`;
}
