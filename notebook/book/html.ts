/**
 * Text that becomes HTML, with all that stands in it escaped.
 *
 * @module
 */

/** A piece of HTML, which needs no escaping any more. */
export class Html {
  /** The HTML. */
  readonly text: string;

  /** Takes a text for HTML as it is. */
  constructor(text: string) {
    this.text = text;
  }

  /** The HTML. */
  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text is escaped, nothing is left out. */
export type Part = Html | string | number | false | undefined | Part[];

/**
 * Makes HTML from a template.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markup } from "./html.ts";
 *
 * assertEquals(`${markup`<p>${"1 < 2"}</p>`}`, "<p>1 &lt; 2</p>");
 * ```
 */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(textOf)));
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join("");
  if (part === undefined || part === false) return "";
  return escape(String(part));
}

/** Text that means itself, in HTML and in the value of an attribute. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
