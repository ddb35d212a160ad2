/**
 * The kit for a room with no internet. Where `vendor/` lacks the @std packages
 * and JSR does not answer, it puts thin stand-ins there: only the functions
 * that this project uses, each a few lines of our own. As soon as JSR answers
 * again, a later run takes them out, and Deno fetches the real packages.
 *
 * The tasks call it first. Where the real packages are, it does nothing.
 *
 * @module
 */

/** Seconds that JSR is given to answer. */
const ANSWER_TIMEOUT = 3;

/** What stands in for each package: its exports, by the file in `std/`. */
const STAND_INS: Record<string, Record<string, string>> = {
  assert: { ".": "./mod.ts" },
  cli: {
    "./parse-args": "./parse_args.ts",
    "./unstable-progress-bar": "./unstable_progress_bar.ts",
  },
  fmt: { "./bytes": "./bytes.ts", "./colors": "./colors.ts" },
};

const root = new URL("../../", import.meta.url);
const jsr = new URL(Deno.env.get("JSR_URL") ?? "https://jsr.io");
const std = new URL(`vendor/${folderOf(jsr)}/@std/`, root);

/** The folder in `vendor/` that Deno keeps a host's files in. */
function folderOf({ protocol, hostname, port }: URL): string {
  const scheme = protocol === "https:" ? "" : "http_";
  return `${scheme}${hostname}${port && `_${port}`}`;
}

/** The versions that `deno.json` pins: `{ cli: "1.0.32" }`. */
async function readPins(): Promise<Record<string, string>> {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const specifiers = Object.values<string>(config.imports).join("\n");
  const pins = specifiers.matchAll(/^jsr:@std\/(\w+)@([\d.]+)$/gm);
  return Object.fromEntries(
    [...pins].map(([, name, version]) => [name, version]),
  );
}

/** What `vendor/` has of a package: nothing, the real one, or a stand-in. */
async function stateOf(name: string, version: string): Promise<string> {
  try {
    await Deno.stat(new URL(`${name}/${version}_meta.json`, std));
    const meta = await Deno.readTextFile(new URL(`${name}/meta.json`, std));
    return JSON.parse(meta).standIn ?? "real";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "nothing";
  }
}

/** A name for the stand-in of a package as it is now, which is its digest. */
async function digestOf(name: string): Promise<string> {
  const files = Object.values(STAND_INS[name]).map((file) => {
    return Deno.readTextFile(new URL(`std/${name}/${file}`, import.meta.url));
  });
  const text = new TextEncoder().encode((await Promise.all(files)).join());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
}

async function isReachable(url: URL): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT * 1000);
    const response = await fetch(new URL("@std/cli/meta.json", url), {
      signal,
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // no name server, no route, a portal in between, too slow
  }
}

/** Lays a package out as Deno would have it after fetching it from JSR. */
async function putStandIn(
  name: string,
  version: string,
  standIn: string,
): Promise<void> {
  const exports = STAND_INS[name];
  const folder = new URL(`${name}/`, std);
  await Deno.mkdir(new URL(version, folder), { recursive: true });
  for (const file of Object.values(exports)) {
    await Deno.copyFile(
      new URL(`std/${name}/${file}`, import.meta.url),
      new URL(`${version}/${file}`, folder),
    );
  }
  const meta = { scope: "std", name, versions: { [version]: {} }, standIn };
  await put(new URL("meta.json", folder), meta);
  await put(new URL(`${version}_meta.json`, folder), { manifest: {}, exports });
}

/** Takes a folder out in one step: another run may be about to do the same. */
async function takeOut(folder: URL): Promise<void> {
  const aside = new URL(`${folder}.${crypto.randomUUID()}`);
  try {
    await Deno.rename(folder, aside);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // the other has done it
    throw error;
  }
  await Deno.remove(aside, { recursive: true });
}

/** Writes a file in one step: another run may be reading it. */
async function put(file: URL, content: unknown): Promise<void> {
  const draft = new URL(`${file}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, JSON.stringify(content));
  await Deno.rename(draft, file);
}

if (import.meta.main) {
  const pins = await Promise.all(
    Object.entries(await readPins()).map(async ([name, version]) => {
      return { name, version, state: await stateOf(name, version) };
    }),
  );
  const lacking = pins.filter(({ state }) => state !== "real");
  const reachable = lacking.length > 0 && await isReachable(jsr);
  for (const { name, version, state } of lacking) {
    const standIn = await digestOf(name);
    if (!reachable && state !== standIn) {
      await putStandIn(name, version, standIn);
    } else if (reachable && state !== "nothing") {
      await takeOut(new URL(name, std));
    }
  }
  if (lacking.length > 0 && !reachable) {
    console.error(
      "%cJSR is out of reach: vendor/ now has thin stand-ins for " +
        `${lacking.map(({ name }) => `@std/${name}`).join(", ")}; ` +
        "the first run with internet replaces them with the real packages.",
      "color: yellow; font-weight: bold",
    );
  }
}
