/**
 * Prose and code, from a notebook to a page.
 *
 * @module
 */

// Pinned here, and not in deno.json: only the book takes them.
// deno-lint-ignore-file no-import-prefix
// @ts-types="./highlight.d.ts"
import hljs from "npm:highlight.js@11.12.0/lib/core";
import bash from "npm:highlight.js@11.12.0/lib/languages/bash";
import c from "npm:highlight.js@11.12.0/lib/languages/c";
import diff from "npm:highlight.js@11.12.0/lib/languages/diff";
import go from "npm:highlight.js@11.12.0/lib/languages/go";
import json from "npm:highlight.js@11.12.0/lib/languages/json";
import markdown from "npm:highlight.js@11.12.0/lib/languages/markdown";
import python from "npm:highlight.js@11.12.0/lib/languages/python";
import typescript from "npm:highlight.js@11.12.0/lib/languages/typescript";
import MarkdownIt from "npm:markdown-it@15.0.3";
import { escape, Html } from "./html.ts";
import { slug } from "./links.ts";

const LANGUAGES = { bash, c, diff, go, json, markdown, python, typescript };
for (const [name, grammar] of Object.entries(LANGUAGES)) {
  hljs.registerLanguage(name, grammar);
}
hljs.registerAliases(["sh", "console"], { languageName: "bash" });
hljs.registerAliases(["ts", "js", "mjs"], { languageName: "typescript" });

/**
 * Gives code its colours; a language that is not known leaves it black.
 *
 * @param code The code.
 * @param language The language, or what its files end in.
 */
export function highlight(code: string, language: string): Html {
  if (!hljs.getLanguage(language)) return new Html(escape(code));
  return new Html(hljs.highlight(code, { language }).value);
}

/** A heading of a chapter. */
export interface Heading {
  /** From 1 for a title to 6. */
  level: number;
  /** The name of its place on the page. */
  id: string;
  /** What it says, without markup. */
  text: string;
}

/** Turns the prose of one chapter into HTML, and collects its headings. */
export class Prose {
  /** The headings so far. */
  readonly headings: Heading[] = [];
  readonly #markdown = new MarkdownIt({
    html: true,
    highlight: (code, language) => highlight(code, language).text,
  });

  /** The HTML of some prose; it has not been made safe yet. */
  render(text: string): string {
    const tokens = this.#markdown.parse(text, {});
    const places = placesIn(text);
    for (const [i, token] of tokens.entries()) {
      if (token.type !== "heading_open") continue;
      const inline = tokens[i + 1].children ?? [];
      const words = inline.map(({ content }) => content).join("");
      const id = this.#idFor(words);
      if (!places.has(id)) token.attrSet("id", id); // else it has its place
      const level = Number(token.tag.slice(1));
      this.headings.push({ level, id, text: words });
    }
    return this.#markdown.renderer.render(
      tokens,
      this.#markdown.options,
      {},
    );
  }

  /** The HTML of a sentence, without a paragraph around it. */
  renderInline(text: string): string {
    return this.#markdown.renderInline(text);
  }

  /** A name that no other heading has. */
  #idFor(words: string): string {
    const id = slug(words);
    const same = this.headings.filter((heading) => {
      return heading.id.replace(/-\d+$/, "") === id || heading.id === id;
    });
    return same.length ? `${id}-${same.length}` : id;
  }
}

/** Places that the prose has named itself, for all that show notebooks. */
function placesIn(text: string): Set<string> {
  const found = text.matchAll(/<a id="([^"]+)">/g);
  return new Set(Array.from(found, ([, id]) => slug(id)));
}
