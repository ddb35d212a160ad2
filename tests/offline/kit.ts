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
const PATIENCE = 3;

/** What stands in for each package: its exports, by the file in `std/`. */
const STAND_INS: Record<string, Record<string, string>> = {
  assert: { ".": "./mod.ts" },
  cli: { "./parse-args": "./parse_args.ts" },
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

/** Tells whether `vendor/` has the version: `undefined`, "real" or "stand-in". */
async function stateOf(name: string, version: string) {
  try {
    await Deno.stat(new URL(`${name}/${version}_meta.json`, std));
    const meta = await Deno.readTextFile(new URL(`${name}/meta.json`, std));
    return JSON.parse(meta).standIn ? "stand-in" : "real";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function isReachable(url: URL): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PATIENCE * 1000);
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
async function putStandIn(name: string, version: string): Promise<void> {
  const exports = STAND_INS[name];
  const folder = new URL(`${name}/`, std);
  await Deno.mkdir(new URL(version, folder), { recursive: true });
  for (const file of Object.values(exports)) {
    await Deno.copyFile(
      new URL(`std/${name}/${file}`, import.meta.url),
      new URL(`${version}/${file}`, folder),
    );
  }
  const files = {
    [`${version}_meta.json`]: { manifest: {}, exports },
    "meta.json": {
      scope: "std",
      name,
      versions: { [version]: {} },
      standIn: true,
    },
  };
  for (const [file, content] of Object.entries(files)) {
    await Deno.writeTextFile(new URL(file, folder), JSON.stringify(content));
  }
}

if (import.meta.main) {
  const pins = Object.entries(await readPins());
  const states = await Promise.all(pins.map((pin) => stateOf(...pin)));
  const lacking = pins.filter((_, i) => states[i] !== "real");
  const reachable = lacking.length > 0 && await isReachable(jsr);
  for (const [name, state] of pins.map(([name], i) => [name, states[i]])) {
    // A stand-in is in the way of the real package, and may be out of date.
    if (state !== "stand-in") continue;
    await Deno.remove(new URL(`${name}`, std), { recursive: true });
  }
  if (lacking.length > 0 && !reachable) {
    for (const pin of lacking) await putStandIn(...pin);
    console.error(
      "%cJSR is out of reach: vendor/ now has thin stand-ins for " +
        `${lacking.map(([name]) => `@std/${name}`).join(", ")}; ` +
        "the first run with internet replaces them with the real packages.",
      "color: yellow; font-weight: bold",
    );
  }
}
