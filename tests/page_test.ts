/**
 * The notebooks as people see them, in a real Chromium: as a page, and opened
 * in JupyterLab.
 */

import { basename, join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import {
  type Cell,
  isPrepared,
  lab,
  listNotebooks,
  makePage,
  type Notebook,
  readNotebook,
  stringify,
} from "../notebook/jupyter.ts";
import { launch, open, type Page, type View, type Watched } from "./browser.ts";
import { copyProject, needs, PATIENT, Process, program } from "./harness.ts";

const NOTEBOOKS = await listNotebooks();

const MET = [
  [await isPrepared(), "no Jupyter yet; deno task notebook:setup"],
  program("chromium"),
] satisfies [boolean, string][];

// --- The page ----------------------------------------------------------------

let made: Promise<string> | undefined;

/** The folder with the pages of all notebooks, which are made once. */
function makePages(): Promise<string> {
  return made ??= Deno.makeTempDir().then(async (folder) => {
    await Promise.all(NOTEBOOKS.map((path) => {
      return makePage(path, join(folder, `${basename(path, ".ipynb")}.html`));
    }));
    return folder;
  });
}

Deno.test.afterAll(async () => {
  if (made) await Deno.remove(await made, { recursive: true });
});

/** A server with these pages; it asks for nothing else. */
class Pages implements AsyncDisposable {
  /** Where they are. */
  readonly origin: string;
  readonly #folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ url }) => this.#answer(new URL(url).pathname),
    );
    this.origin = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Serves the pages, which are made if they are not there yet. */
  static async serve(): Promise<Pages> {
    return new Pages(await makePages());
  }

  /** The addresses of the pages. */
  get urls(): string[] {
    return NOTEBOOKS.map((path) => {
      return `${this.origin}/${basename(path, ".ipynb")}.html`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(path: string): Promise<Response> {
    if (!this.urls.includes(this.origin + path)) {
      return new Response(null, { status: 404 });
    }
    const { readable } = await Deno.open(join(this.#folder, path));
    const headers = { "content-type": "text/html; charset=utf-8" };
    return new Response(readable, { headers });
  }
}

/** Opens each notebook's page. */
async function forEachPage(
  views: View[],
  look: (watched: Watched, origin: string) => Promise<void>,
): Promise<void> {
  await using pages = await Pages.serve();
  await using browser = await launch();
  for (const url of pages.urls) {
    for (const view of views) {
      const watched = await open(browser, view);
      await watched.page.goto(url);
      await look(watched, pages.origin);
      assertEquals(watched.troubles, []);
      await watched.page.close();
    }
  }
}

/** What sticks out of the page, or is cut off inside of it. */
const TOO_WIDE = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  const found = scrollWidth > clientWidth ? ["the page"] : [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; text = texts.nextNode();) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = text.data.trim() ? [...range.getClientRects()] : [];
    if (boxes.some(({ left, right }) => left < 0 || right > clientWidth)) {
      found.push(text.data);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    const clips = getComputedStyle(element).overflowX !== "visible";
    if (clips && element.scrollWidth > element.clientWidth + 1) {
      found.push(element.outerHTML.slice(0, 200));
    }
  }
  return found;
})()`;

/** Each picture's words, the width that it is shown in, and its colours. */
const PICTURES = `Promise.all([...document.images].map(async (image) => {
  await image.decode();
  const { naturalWidth: width, naturalHeight: height, alt } = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, width, height);
  const colours = new Set(new Uint32Array(data.buffer)).size;
  return { alt, shown: image.getBoundingClientRect().width, colours };
}))`;

interface Picture {
  alt: string;
  shown: number;
  colours: number;
}

function assertDrawn({ alt, shown, colours }: Picture): void {
  assert(alt.length > 20, `a picture says nothing: "${alt}"`);
  assert(shown > 200, `${shown} pixels wide: ${alt}`);
  assert(colours >= 8, `${colours} colours: ${alt}`);
}

/** What a page has asked of anybody else; data are its own. */
function foreignTo(origin: string, { requests }: Watched): string[] {
  return requests.filter((url) => {
    return !/^(data|blob):/.test(url) && new URL(url).origin !== origin;
  });
}

for (const width of [375, 1280]) {
  Deno.test({
    ...needs(`the page has a place for everything at ${width} pixels`, ...MET),
    ...PATIENT,
    async fn() {
      const views = [{ width }, { width, dark: true }];
      await forEachPage(views, async (watched, origin) => {
        const { page } = watched;
        assertEquals(await page.evaluate(TOO_WIDE), []);
        const pictures = await page.evaluate(PICTURES) as Picture[];
        for (const picture of pictures) {
          assertDrawn(picture);
        }
        assertEquals(foreignTo(origin, watched), []);
      });
    },
  });
}

Deno.test({
  ...needs("the page says the same where scripts are off", ...MET),
  ...PATIENT,
  async fn() {
    const texts: string[] = [];
    const views = [true, false].map((scripts) => ({ width: 800, scripts }));
    await forEachPage(views, async ({ page }) => {
      texts.push(await page.evaluate("document.body.innerText") as string);
      assertEquals(await page.evaluate("document.scripts.length"), 0);
    });
    for (let i = 0; i < texts.length; i += 2) {
      assert(texts[i].length > 1000);
      assertEquals(texts[i], texts[i + 1]);
    }
  },
});

Deno.test({
  ...needs("each link inside of the page leads somewhere", ...MET),
  ...PATIENT,
  async fn() {
    await forEachPage([{ width: 800 }], async ({ page }) => {
      const [links, lost] = await page.evaluate(`(() => {
        const links = [...document.querySelectorAll("a[href^='#']")];
        const lost = links.filter(({ hash }) => {
          return !document.getElementById(decodeURIComponent(hash.slice(1)));
        });
        return [links.length, lost.map((link) => link.outerHTML)];
      })()`) as [number, string[]];
      assertEquals(lost, []);
      assert(links > 0);
    });
  },
});

// --- JupyterLab --------------------------------------------------------------

for (const path of NOTEBOOKS) {
  const name = basename(path);
  Deno.test({
    ...needs(`${name}: JupyterLab runs all cells, and none fails`, ...MET),
    ...PATIENT,
    async fn() {
      const folder = await Deno.makeTempDir();
      await copyProject(folder);
      const notebook = await readNotebook(path);
      const copy = join(folder, "notebook", name);
      await Deno.writeTextFile(copy, stringify(withoutOutputs(notebook)));
      try {
        await using server = startLab(copy);
        await using _ = { [Symbol.asyncDispose]: () => endLab(server) };
        const [url] = await server.err.until(/http:\/\/127\S+token=\w+/);
        await using browser = await launch();
        const watched = await open(browser, { width: 1280 });
        const { page } = watched;
        await page.goto(url.replace("/lab?", `/lab/tree/${name}?`));
        const after = await runAll(page);
        assertEquals(after.map(summaryOf), notebook.cells.map(summaryOf));
        await lookAtPictures(page, notebook);
        assertEquals(foreignTo(new URL(url).origin, watched), []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** A notebook that has never been executed. */
function withoutOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) => {
    return cell.outputs
      ? { ...cell, outputs: [], execution_count: null }
      : cell;
  });
  return { ...notebook, cells };
}

function startLab(path: string): Process {
  const { program, args, env, cwd } = lab(path, [
    "--no-browser",
    "--allow-root",
    "--ServerApp.port=0",
    "--LabApp.expose_app_in_browser=True", // for a look at its model
  ]);
  return new Process(program, args, { env, cwd });
}

/** Lets JupyterLab end its kernels: killed, it would leave them behind. */
async function endLab(server: Process): Promise<void> {
  server.kill("SIGTERM");
  await server.code();
}

/** Runs all cells by the menu; resolves to them when the last one has run. */
async function runAll(page: Page): Promise<Cell[]> {
  const panel = "globalThis.jupyterapp?.shell.currentWidget";
  const status = `${panel}?.sessionContext?.session?.kernel?.status`;
  await page.waitForFunction(`${status} === "idle"`);
  for (const item of ["Run", "Run All Cells"]) {
    const label = `[contains(@class, "itemLabel") and text()="${item}"]`;
    await page.locator(`::-p-xpath(//*${label})`).click();
  }
  const cells = `[...${panel}.content.model.cells].map((c) => c.toJSON())`;
  await page.waitForFunction(`${status} === "idle" && ${cells}.every((cell) => {
    return cell.cell_type !== "code" || cell.execution_count;
  })`);
  return await page.evaluate(cells) as Cell[];
}

/** Scrolls through JupyterLab, which draws only what is in sight. */
async function lookAtPictures(page: Page, { cells }: Notebook): Promise<void> {
  for (const [i, { outputs = [] }] of cells.entries()) {
    if (!outputs.some(({ data }) => data?.["image/png"])) continue;
    const cell = `jupyterapp.shell.currentWidget.content.widgets[${i}]`;
    const image = `${cell}.node.querySelector(".jp-OutputArea img")`;
    await page.evaluate(`jupyterapp.shell.currentWidget.content
      .scrollToItem(${i}, "center")`);
    await page.waitForFunction(
      `${image}?.complete && ${image}.naturalWidth > 0`,
    );
  }
}

/** What has to be the same in each run: the kinds of outputs, and no errors. */
function summaryOf({ cell_type, execution_count, outputs = [] }: Cell) {
  const kinds = outputs.map(({ output_type, name, data = {} }) => {
    return [output_type, name, ...Object.keys(data).sort()].join(" ");
  });
  return { cell_type, execution_count, kinds };
}
