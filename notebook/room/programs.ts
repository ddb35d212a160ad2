/**
 * Deno's programs for other systems than this one.
 *
 * @module
 */

import { join } from "node:path";
import { deno } from "./run.ts";
import { SYSTEMS } from "./systems.ts";

/**
 * Gets Deno's program for a system, in the version that runs this. Each is a
 * package of npm, and Deno itself is the client that fetches it.
 *
 * @param name The name of the system.
 * @param folder Where to put the program.
 * @throws {Trouble} If it is out of reach.
 */
export async function fetchProgram(
  name: string,
  folder: string,
): Promise<void> {
  const { deno: version } = Deno.version;
  const { program, file } = SYSTEMS[name];
  const cache = await Deno.makeTempDir();
  try {
    // Without a folder of links, in which Deno would take it for installed.
    const flags = ["-q", "--no-config", "--node-modules-dir=none"];
    await deno(["cache", ...flags, `npm:${program}@${version}`], {
      cwd: cache,
      env: { DENO_DIR: cache },
    });
    const packages = join(cache, "npm");
    const [registry] = Deno.readDirSync(packages);
    const from = join(packages, registry.name, program, version, file);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.copyFile(from, join(folder, file));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}
