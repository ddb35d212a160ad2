/**
 * Makes a folder, on a stick for example, that serves a room without internet:
 * the project, Deno for each system and all that it fetches, JupyterLab, and the
 * book.
 *
 * usage: deno task prepare [FOLDER] [--for SYSTEMS] [--python VERSIONS]
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../lib/errors.ts";
import { Trouble } from "../jupyter/environment.ts";
import { copyProject } from "./copy.ts";
import { isInside, parse, type Plan, USAGE } from "./options.ts";
import { loadPackages } from "./packages.ts";
import { fetchProgram } from "./programs.ts";
import { deno } from "./run.ts";
import { START_HERE, startFiles } from "./start.ts";
import { fetchWheels, findPip } from "./wheels.ts";

/** The project's folder. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Says what is done now: all of it takes minutes. */
function say(words: string): void {
  console.log(`prepare: ${words}`);
}

/** Makes all of it; returns what could not be had. */
async function prepare(plan: Plan): Promise<string[]> {
  const { folder, systems, pythons } = plan;
  const missing: string[] = [];
  /** Gets something that the room can do without, if need be. */
  const get = async (what: string, fetch: () => Promise<void>) => {
    try {
      await fetch();
      say(what);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      missing.push(`${what}: ${error.message}`);
    }
  };
  await makeStart(plan);
  await makeProject(folder);
  for (const name of systems) {
    await get(`Deno for ${name}`, () => {
      return fetchProgram(name, join(folder, "programs", name));
    });
  }
  const wheels = join(folder, "project", "notebook", ".wheels");
  for (const name of systems) {
    for (const python of pythons) {
      await get(`JupyterLab for ${name} with Python ${python}`, async () => {
        await fetchWheels(await findPip(), name, python, wheels);
      });
    }
  }
  await makeBook(folder);
  await tidy(folder);
  return missing;
}

/** Writes how to begin. It comes first, and marks the folder as ours. */
async function makeStart({ folder, systems, pythons }: Plan): Promise<void> {
  const config = await Deno.readTextFile(join(ROOT, "deno.json"));
  const hasJudge = "judge" in JSON.parse(config).tasks;
  const files = startFiles({ systems, pythons, hasJudge });
  for (const [name, text] of files) {
    await Deno.writeTextFile(join(folder, name), text);
  }
}

/** Copies the project, and has Deno fetch all that it will ever ask for. */
async function makeProject(folder: string): Promise<void> {
  const [project, cache] = ["project", "cache"].map((at) => join(folder, at));
  await remove(project);
  await copyProject(ROOT, project);
  const count = await loadPackages(project, cache);
  await loadPackages(project, cache, "--cached-only"); // proves that it's enough
  say(`the project, with ${count} packages`);
}

/** Makes the book as it will be made in the room: from what is in the folder. */
async function makeBook(folder: string): Promise<void> {
  const project = join(folder, "project");
  const env = { DENO_DIR: join(folder, "cache") };
  await deno(["task", "-q", "book", "--zip"], { cwd: project, env });
  for (const name of ["book", "book.zip"]) {
    await remove(join(folder, name));
    await Deno.rename(join(project, name), join(folder, name));
  }
  say("the book");
}

/** Takes out what Deno makes anew wherever it runs, and what is of use only here. */
async function tidy(folder: string): Promise<void> {
  // These are links into the cache, which no stick can hold.
  await remove(join(folder, "project", "node_modules"));
  const cache = join(folder, "cache");
  for (const { name } of [...Deno.readDirSync(cache)]) {
    if (name !== "npm") await remove(join(cache, name));
  }
}

/** Fails unless the folder is new, or one that this has made before. */
async function check(folder: string): Promise<void> {
  if (isInside(folder, ROOT)) {
    throw new Trouble(`${folder} is in the project itself; name one outside`);
  }
  await Deno.mkdir(folder, { recursive: true });
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  if (names.length === 0 || names.includes(START_HERE)) return;
  throw new Trouble(`${folder} holds other things; name a new folder in it`);
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Does what the command line says; returns the exit code. */
async function main(): Promise<number> {
  const plan = parse(Deno.args, ROOT, Deno.env.get("INIT_CWD") ?? Deno.cwd());
  if (!plan) {
    console.log(USAGE);
    return 0;
  }
  await check(plan.folder);
  const missing = await prepare(plan);
  for (const what of missing) console.error(`prepare: NOT there: ${what}`);
  say(`${join(plan.folder, START_HERE)} says how to begin`);
  return missing.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    if (!isUsage && !(error instanceof Trouble)) throw error;
    console.error(`prepare: ${error.message}`);
    Deno.exitCode = isUsage ? 2 : 1;
  }
}
