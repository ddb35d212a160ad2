/**
 * What of a notebook's HTML and pictures may stand on a page: no script, no
 * style, nothing that would be fetched.
 *
 * @module
 */

// deno-lint-ignore-file no-import-prefix
// @ts-types="npm:@types/sanitize-html@2.16.2"
import sanitizeHtml, {
  type Attributes,
  type Tag,
} from "npm:sanitize-html@2.18.1";
import { Html } from "./html.ts";
import { anchorOf, type Links } from "./links.ts";

const TAGS =
  "a abbr b blockquote br caption code col colgroup dd del details " +
  "div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p " +
  "pre q s samp small span strong sub summary sup table tbody td tfoot th " +
  "thead tr u ul var wbr";

/** What a notebook says about places has to be said in a page's own way. */
const CLASSES = ["hljs-*", "terminals", "terminal", "language-*"];

/**
 * Makes HTML safe, and its links lead to the pages.
 *
 * @param text The HTML of some prose, or of an output.
 * @param links Where links lead to.
 */
export function sanitize(text: string, links: Links): Html {
  return new Html(sanitizeHtml(text, {
    allowedTags: TAGS.split(" "),
    allowedAttributes: {
      "*": ["id", "title", "lang", "data-label"],
      a: ["href", "rel"],
      img: ["src", "alt", "width", "height"],
      ol: ["start"],
      th: ["colspan", "rowspan", "scope"],
      td: ["colspan", "rowspan"],
      details: ["open"],
    },
    allowedClasses: { "*": CLASSES },
    allowedSchemes: ["http", "https", "mailto"],
    allowedSchemesByTag: { img: ["data"] },
    exclusiveFilter: ({ tag, attribs }) => tag === "img" && !attribs.src,
    transformTags: {
      a: (_: string, attribs: Attributes) => follow(attribs, links),
      th: (tagName: string, attribs: Attributes) => {
        return { tagName, attribs: { scope: "col", ...attribs } };
      },
      div: (tagName: string, { style = "", ...attribs }: Attributes) => {
        const name = /display: flex/.test(style)
          ? "terminals"
          : /flex: 1/.test(style) && "terminal";
        return {
          tagName,
          attribs: { ...attribs, ...(name && { class: name }) },
        };
      },
    },
  }));
}

/** A link that leads nowhere becomes the text that it is. */
function follow({ href, id }: Attributes, links: Links): Tag {
  const place: Attributes = id ? { id: anchorOf(id) } : {};
  if (href === undefined) return { tagName: "a", attribs: place };
  const target = links.resolve(href);
  if (!target) return { tagName: "span", attribs: place };
  const attribs: Attributes = { ...place, href: target };
  if (/^https?:/.test(target)) attribs.rel = "external";
  return { tagName: "a", attribs };
}

/** The colours of the pictures, and what they are called on a page. */
const COLOURS: Record<string, string> = {
  "#24292f": "var(--ink)",
  "#6b7280": "var(--grey)",
  "#d0d5db": "var(--faint)",
  "#0067b9": "var(--accent)",
  black: "var(--ink)",
  "#000": "var(--ink)",
  white: "var(--ground)",
  "#fff": "var(--ground)",
};

const SHAPES =
  "svg g path line polygon polyline circle ellipse rect text tspan";

const ATTRIBUTES =
  "viewBox width height transform x y x1 y1 x2 y2 cx cy r rx " +
  "ry d points fill stroke fill-opacity stroke-opacity stroke-width opacity " +
  "stroke-dasharray stroke-linecap stroke-linejoin text-anchor font-size " +
  "font-weight font-style font-variant dx dy dominant-baseline class " +
  "aria-hidden role aria-label data-node data-edge";

/** A drawing that may stand on a page. */
export interface SafeDrawing {
  /** The drawing. */
  svg: Html;
  /** Whether it has colours of its own, which need white paper by night, too. */
  hasOwnColours: boolean;
}

/**
 * Makes a drawing safe, and gives it the colours of the page.
 *
 * @param svg The drawing.
 * @param alt What it shows, in words; without any it is passed over.
 */
export function sanitizeSvg(svg: string, alt: string): SafeDrawing {
  let hasOwnColours = false;
  const paint = (colour: string | undefined) => {
    if (!colour || /^(none|currentColor|transparent)$/i.test(colour)) {
      return colour;
    }
    const own = COLOURS[colour.toLowerCase()];
    if (!own) hasOwnColours = true;
    return own ?? colour;
  };
  const text = sanitizeHtml(svg.replace(/^[^]*?(?=<svg)/, ""), {
    allowedTags: SHAPES.split(" "),
    allowedAttributes: { "*": ATTRIBUTES.split(" ") },
    nonTextTags: ["style", "script", "title", "desc"],
    parser: {
      lowerCaseTags: false,
      lowerCaseAttributeNames: false,
      xmlMode: true,
    },
    transformTags: {
      "*": (tagName: string, { fill, stroke, ...attribs }: Attributes) => {
        const colours = { fill: paint(fill), stroke: paint(stroke) };
        const painted = Object.entries(colours).filter(([, colour]) => colour);
        return {
          tagName,
          attribs: {
            ...withoutLabel(attribs),
            ...Object.fromEntries(painted),
            ...(tagName === "svg" && rootOf(attribs, alt)),
          } as Attributes,
        };
      },
    },
  });
  return { svg: new Html(text), hasOwnColours };
}

/** Names that are meant for machines would be read out: they become classes. */
function withoutLabel(
  { "aria-label": label, ...attribs }: Attributes,
): Attributes {
  return label && !attribs.class
    ? { ...attribs, class: label.replaceAll(/\W+/g, "-") }
    : attribs;
}

/** The drawing itself: as wide as it says, in the type that it says. */
function rootOf({ viewBox, style = "" }: Attributes, alt: string) {
  const [, , width, height] = viewBox.split(/[\s,]+/).map(Number);
  const size = /font-size: ?(\d+)px/.exec(style)?.[1];
  return {
    ...(alt ? { role: "img", "aria-label": alt } : { "aria-hidden": "true" }),
    width: String(Math.round(width)),
    height: String(Math.round(height)),
    ...(size && { "font-size": size }),
  };
}
