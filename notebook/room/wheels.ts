/**
 * JupyterLab for other systems and other Pythons than those of this machine.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import {
  capture,
  PYTHON,
  REQUIREMENTS,
  Trouble,
} from "../jupyter/environment.ts";
import { firstLine } from "./run.ts";
import { SYSTEMS } from "./systems.ts";

/** The versions of Python that laptops may have, and JupyterLab takes. */
export const PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"];

/** The first Python that has pip: the notebooks' own, or the person's. */
export async function findPip(): Promise<string> {
  for (const python of [PYTHON, "python3", "python", "py"]) {
    const ended = await capture(python, ["-m", "pip", "--version"], {});
    if (ended?.success) return python;
  }
  throw new Trouble("there is no Python with pip here");
}

/**
 * Gets the files that JupyterLab is installed from, by pip.
 *
 * @param pip A Python that has pip.
 * @param name The name of the system that they are for.
 * @param python The version of Python that they are for.
 * @param folder Where to put them; those that are there already stay.
 * @param requirements What they are for, as pip reads it. @default {JupyterLab}
 * @throws {Trouble} If one is out of reach, or there is none for that system.
 */
export async function fetchWheels(
  pip: string,
  name: string,
  python: string,
  folder: string,
  requirements = REQUIREMENTS,
): Promise<void> {
  const script = fileURLToPath(new URL("wheels.py", import.meta.url));
  const { tags, markers } = SYSTEMS[name];
  const machine = JSON.stringify({
    tags,
    markers: {
      ...markers,
      python_version: python,
      python_full_version: `${python}.0`,
    },
  });
  const ended = await capture(pip, [script, folder, requirements, machine], {});
  if (!ended!.success) throw new Trouble(firstLine(ended!.text));
}
