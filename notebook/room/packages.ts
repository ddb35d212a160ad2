/**
 * What Deno fetches from npm and JSR for the project, fetched into a folder.
 *
 * @module
 */

import { join } from "node:path";
import { deno } from "./run.ts";

/** Where a text names a package of npm, or a module of @std. */
const NAMED = /npm:((?:@[\w.-]+\/)?[\w.-]+@[\d.]+)|"(@std\/[\w/-]+)"/g;

/**
 * Everything that the project's modules and the cells of its notebooks import
 * from elsewhere, each once: `npm:diff@8.0.4`, `@std/assert`.
 */
export async function packagesIn(folder: string): Promise<string[]> {
  const found = new Set<string>();
  for (const path of await filesIn(folder, /\.(ts|ipynb)$/)) {
    const text = (await Deno.readTextFile(path)).replaceAll('\\"', '"');
    for (const [, npm, std] of text.matchAll(NAMED)) {
      found.add(npm ? `npm:${npm}` : std);
    }
  }
  return [...found].sort();
}

/** The files below a folder, packages aside. */
async function filesIn(folder: string, name: RegExp): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && entry.name !== "vendor") {
      paths.push(...await filesIn(path, name));
    } else if (name.test(entry.name)) paths.push(path);
  }
  return paths;
}

/**
 * Has Deno load all those packages, as it does for whoever runs the project.
 *
 * @param project The project's folder.
 * @param cache The folder for what comes from npm.
 * @param flags Further flags of `deno install`.
 * @returns How many packages those are.
 * @throws {Trouble} If something is out of reach.
 */
export async function loadPackages(
  project: string,
  cache: string,
  ...flags: string[]
): Promise<number> {
  const packages = await packagesIn(project);
  const file = await Deno.makeTempFile({ dir: project, suffix: ".ts" });
  try {
    const imports = packages.map((name) => `import "${name}";\n`);
    await Deno.writeTextFile(file, imports.join(""));
    await deno(["install", "-q", ...flags, "--entrypoint", file], {
      cwd: project,
      env: { DENO_DIR: cache },
    });
  } finally {
    await Deno.remove(file);
  }
  return packages.length;
}
