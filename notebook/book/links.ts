/**
 * Where the links of the chapters lead to on the pages.
 *
 * @module
 */

import { extname, join, normalize } from "node:path";

/** Files of the project that a page shows, by what they end in. */
const SHOWN = /\.(ts|js|mjs|py|c|go|rs|json|md|txt|sh|yml)$/;

/** How large a file may be to be shown, in bytes. */
const MAX_LISTING = 50_000;

/** Where links may lead to. */
export class Links {
  /** Files of the project that links lead to; each gets a page. */
  readonly files: Set<string> = new Set<string>();
  readonly #root: string;
  readonly #chapters: string[];

  /**
   * Begins with no file.
   *
   * @param root The project's folder.
   * @param chapters The names of the chapters that have a page.
   */
  constructor(root: string, chapters: string[]) {
    this.#root = root;
    this.#chapters = chapters;
  }

  /**
   * Where a link leads to on the pages.
   *
   * @param href Where it leads to in a notebook.
   * @returns An address, or nothing if a reader could not follow it.
   */
  resolve(href: string): string | undefined {
    if (/^(https?|mailto):/.test(href)) return href;
    const [path, fragment] = href.split("#");
    const anchor = fragment ? `#${anchorOf(decodeURIComponent(fragment))}` : "";
    if (!path) return anchor || undefined;
    if (/^[a-z]+:/i.test(path)) return undefined;
    const file = normalize(join("notebook", path)).replaceAll("\\", "/");
    if (file === "notebook/ledger.json") return `claims.html${anchor}`;
    const chapter = /^notebook\/(\w+)\.ipynb$/.exec(file)?.[1];
    if (chapter) {
      const isThere = this.#chapters.includes(chapter);
      return isThere ? `${chapter}.html${anchor}` : undefined;
    }
    if (!this.#isShown(file)) return undefined;
    this.files.add(file);
    return pageOf(file);
  }

  #isShown(file: string): boolean {
    if (file.startsWith("..") || !SHOWN.test(extname(file))) return false;
    try {
      const { isFile, size } = Deno.statSync(join(this.#root, file));
      return isFile && size <= MAX_LISTING;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
}

/** The page that shows a file of the project. */
export function pageOf(file: string): string {
  return `source-${file.replaceAll("/", "-")}.html`;
}

/**
 * The place on a page that a fragment means. JupyterLab calls a heading
 * `9.-References`, VS Code and GitHub `9-references`: here all find it.
 */
export function anchorOf(fragment: string): string {
  return fragment.startsWith("cell-id=") ? fragment : slug(fragment);
}

/** A heading's name, as VS Code and GitHub make it. */
export function slug(heading: string): string {
  return heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}
