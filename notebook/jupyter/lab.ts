/**
 * JupyterLab, in the environment of {@linkcode prepare}.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { INSIDE, PYTHON } from "./environment.ts";

/** How a program is started. */
export interface Launch {
  /** The program. */
  program: string;
  /** Its arguments. */
  args: string[];
  /** Variables of its environment, besides our own. */
  env: Record<string, string>;
  /** The folder it runs in. */
  cwd: string;
}

/**
 * What to run for JupyterLab to open a notebook, in whose folder it stays.
 *
 * @param path The notebook's file.
 * @param flags Further flags of JupyterLab.
 */
export function lab(path: string, flags: string[] = []): Launch {
  const folder = dirname(path);
  // In the address, too, which somebody may have to type or to click on.
  const begin = `--LabApp.default_url=/lab/tree/${basename(path)}`;
  const root = `--ServerApp.root_dir=${folder}`;
  const args = ["-m", "jupyterlab", root, begin, ...flags];
  return { program: PYTHON, args, env: INSIDE, cwd: folder };
}
