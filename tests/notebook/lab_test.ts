/** The notebooks as people see them in JupyterLab, in a real Chromium. */

import { basename, join } from "node:path";
import { assertEquals } from "@std/assert";
import {
  type Cell,
  isPrepared,
  lab,
  listNotebooks,
  type Notebook,
  readNotebook,
  stringify,
} from "../../notebook/jupyter.ts";
import { launch, open, type Page, type Watched } from "../browser.ts";
import {
  copyProject,
  needs,
  PATIENT,
  Process,
  program,
  untilListening,
} from "../harness.ts";

const NOTEBOOKS = await listNotebooks();

const MET = [
  [await isPrepared(), "no Jupyter yet; deno task notebook:setup"],
  program("chromium"),
] satisfies [boolean, string][];

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
        await untilListening(Number(new URL(url).port)); // it says so before it does
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

/** What a page has asked of anybody else; data are its own. */
function foreignTo(origin: string, { requests }: Watched): string[] {
  return requests.filter((url) => {
    return !/^(data|blob):/.test(url) && new URL(url).origin !== origin;
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
  // A workspace of its own: else the tabs of whoever was here before open again,
  // and while they do, the notebook in front need not be this one.
  const workspaces = { JUPYTERLAB_WORKSPACES_DIR: join(cwd, "workspaces") };
  return new Process(program, args, { env: { ...env, ...workspaces }, cwd });
}

/** Lets JupyterLab end its kernels: killed, it would leave them behind. */
async function endLab(server: Process): Promise<void> {
  server.kill("SIGTERM");
  await server.code();
}

/**
 * Has JupyterLab run all cells; resolves to them when the last one has run. Where
 * a cell fails, JupyterLab runs no further: then that is said, and not waited for.
 */
async function runAll(page: Page): Promise<Cell[]> {
  const panel = "globalThis.jupyterapp?.shell.currentWidget";
  const status = `${panel}?.sessionContext?.session?.kernel?.status`;
  await page.waitForFunction(`${status} === "idle"`, { polling: 500 });
  const cells = `[...${panel}.content.model.cells]`;
  const code = `${cells}.filter(({ type }) => type === "code")`;
  const failed = `${code}.filter(({ outputs }) =>
    Array.from({ length: outputs.length }, (_, i) => outputs.get(i))
      .some(({ type }) => type === "error")).map(({ id }) => id)`;
  const left =
    `${code}.filter((cell) => !cell.executionCount).map(({ id }) => id)`;
  // What the menu does; its promise is kept when JupyterLab holds the last cell
  // to be done.
  await page.evaluate(
    `jupyterapp.commands.execute("notebook:run-all-cells")`,
  ).catch(async ({ message }) => {
    const [kernel, ids] = [
      await page.evaluate(status),
      await page.evaluate(left),
    ];
    throw new Error(`${message}: the kernel is ${kernel}; not run: ${ids}`);
  });
  assertEquals(await page.evaluate(failed), [], "cells that failed");
  assertEquals(await page.evaluate(left), [], "cells that did not run");
  return await page.evaluate(`${cells}.map((cell) => cell.toJSON())`) as Cell[];
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
