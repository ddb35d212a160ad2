/**
 * A copy of the project, as somebody gets it who downloads it today.
 *
 * @module
 */

import { join } from "node:path";

/** What is made in the project's folder on each machine, and is no part of it. */
const MADE_HERE = ["node_modules", "incoming", "book", "book.zip"];

/**
 * Copies the project to a new folder: without git's folder, the environment of
 * the notebooks, and whatever else was made on this machine. The @std packages
 * in `vendor/` go with it.
 *
 * @param from The project's folder.
 * @param to The folder for the copy.
 */
export async function copyProject(from: string, to: string): Promise<void> {
  await copy(from, to, (name) => !MADE_HERE.includes(name));
}

/** What is hidden (settings, caches, environments), and runs of the notebooks. */
const NOT_OURS = /^\.|\.run\.ipynb$/;

/** Copies a folder, without links: they may lead anywhere. */
async function copy(
  from: string,
  to: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(from)) {
    if (isSymlink || NOT_OURS.test(name) || !isWanted(name)) continue;
    if (isDirectory) await copy(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
