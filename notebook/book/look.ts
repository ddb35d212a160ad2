/**
 * How the pages look, and what makes them move: a style sheet with the typefaces
 * in it, and a script.
 *
 * @module
 */

// deno-lint-ignore-file no-import-prefix
import code from "npm:@fontsource/source-code-pro@5.3.1/metadata.json" with {
  type: "json",
};
import sans from "npm:@fontsource/source-sans-3@5.3.1/metadata.json" with {
  type: "json",
};
import serif from "npm:@fontsource/source-serif-4@5.3.1/metadata.json" with {
  type: "json",
};

/** The typefaces: Adobe's Source families, their Latin letters only. */
const FACES: { family: string; file: string; weight: number; style: string }[] =
  [
    ...[[400, "normal"], [400, "italic"], [600, "normal"]].map(
      ([weight, style]) => {
        return face(
          serif,
          "npm:@fontsource/source-serif-4@5.3.1",
          weight,
          style,
        );
      },
    ),
    ...[[400, "normal"], [400, "italic"], [600, "normal"]].map(
      ([weight, style]) => {
        return face(sans, "npm:@fontsource/source-sans-3@5.3.1", weight, style);
      },
    ),
    ...[[400, "normal"], [600, "normal"]].map(([weight, style]) => {
      return face(code, "npm:@fontsource/source-code-pro@5.3.1", weight, style);
    }),
  ];

function face(
  { id, family }: { id: string; family: string },
  name: string,
  weight: string | number,
  style: string | number,
) {
  const file = `${name}/files/${id}-latin-${weight}-${style}.woff2`;
  return { family, file, weight: Number(weight), style: String(style) };
}

const LICENCE = "/* Source Serif 4, Source Sans 3 and Source Code Pro are " +
  "© Adobe, under the SIL Open Font License 1.1. */\n";

/** The style sheet, with the typefaces inside it. */
export async function styleSheet(): Promise<string> {
  const faces = await Promise.all(
    FACES.map(async ({ family, file, weight, style }) => {
      const bytes = await Deno.readFile(new URL(import.meta.resolve(file)));
      return `@font-face{font-family:"${family}";font-weight:${weight};` +
        `font-style:${style};font-display:swap;` +
        `src:url(data:font/woff2;base64,${bytes.toBase64()}) format("woff2")}\n`;
    }),
  );
  return await readLook("book.css") + LICENCE + faces.join("");
}

/** What makes the pages move; without it they are all there, and stand still. */
const SCRIPTS = [
  "theme.js",
  "contents.js",
  "steps.js",
  "claims.js",
  "search.js",
];

/** The script of all pages. */
export async function script(): Promise<string> {
  const parts = await Promise.all(SCRIPTS.map(readLook));
  return parts.map((part) => `{\n${part}}\n`).join("");
}

function readLook(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`look/${name}`, import.meta.url));
}
