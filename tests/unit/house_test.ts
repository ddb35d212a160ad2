import { assertEquals } from "@std/assert";
import { ROOT } from "../harness.ts";

/** Folders of packages, which are not ours. */
const PACKAGES = ["vendor", "node_modules"];

/** Every file of ours with one of these endings, by its path in the project. */
async function ours(endings: RegExp, folder = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder || ".", ROOT))
  ) {
    if (name.startsWith(".") || PACKAGES.includes(name)) continue;
    const path = folder + name;
    if (isDirectory) paths.push(...await ours(endings, `${path}/`));
    else if (endings.test(name)) paths.push(path);
  }
  return paths.sort();
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

const MODULES = await ours(/\.ts$/);
const TEXTS = new Map<string, string>();
for (const path of MODULES) TEXTS.set(path, await read(path));

/** What a module imports of ours, by path; examples in its comments aside. */
function importsOf(path: string): string[] {
  // At the beginning of a line: what a test gives another program is indented.
  const found = TEXTS.get(path)!.matchAll(
    /^(?:import|export)\b[^;"]*"(\.[^"]+\.ts)"/gm,
  );
  return Array.from(found, ([, target]) => {
    return new URL(target, new URL(path, ROOT)).href.slice(ROOT.href.length);
  });
}

/** The storey of a module: it may import what is on its own, or below. */
function storeyOf(path: string): string {
  if (path.startsWith("lib/")) return "lib";
  if (path.startsWith("notebook/applications/")) return "application";
  if (path.startsWith("notebook/")) return "notebook";
  if (path.startsWith("tests/")) return "test";
  return "script";
}

const BELOW: Record<string, string[]> = {
  lib: ["lib"],
  script: ["lib"],
  application: ["lib", "script", "application"],
  notebook: ["lib", "script", "application", "notebook"],
  test: ["lib", "script", "application", "notebook", "test"],
};

Deno.test("imports run one way: nothing imports what is above it", () => {
  const wrong = MODULES.flatMap((path) =>
    importsOf(path)
      .filter((target) => !BELOW[storeyOf(path)].includes(storeyOf(target)))
      .map((target) => `${path} imports ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("no import goes in a circle", () => {
  const circles: string[] = [];
  const done = new Set<string>();
  function visit(path: string, way: string[]): void {
    if (way.includes(path)) circles.push([...way, path].join(" -> "));
    if (way.includes(path) || done.has(path)) return;
    for (const target of importsOf(path)) visit(target, [...way, path]);
    done.add(path);
  }
  for (const path of MODULES) visit(path, []);
  assertEquals(circles, []);
});

Deno.test("every module that is imported is there", () => {
  const missing = MODULES.flatMap((path) =>
    importsOf(path).filter((target) => !TEXTS.has(target))
      .map((target) => `${path} imports ${target}`)
  );
  assertEquals(missing, []);
});

Deno.test("nothing is exported that nobody uses", async () => {
  const others = new Map(TEXTS);
  for (const path of await ours(/\.(ipynb|md)$|^deno\.json$/)) {
    others.set(path, await read(path));
  }
  const declared =
    /^export (?:async )?(?:function\*?|class|const|interface|type) (\w+)/gm;
  const unused = MODULES.flatMap((path) =>
    Array.from(TEXTS.get(path)!.matchAll(declared), ([, name]) => name)
      .filter((name) => {
        const used = RegExp(`\\b${name}\\b`);
        const elsewhere = [...others].some(([other, text]) =>
          other !== path && used.test(text)
        );
        // A type that a function of the same module takes or returns.
        const here = TEXTS.get(path)!.matchAll(RegExp(used, "g"));
        return !elsewhere && [...here].length < 2;
      })
      .map((name) => `${path}: ${name}`)
  );
  assertEquals(unused, []);
});

Deno.test("no file but tests and notebooks is longer than 350 lines", () => {
  const long = MODULES
    .filter((path) => !path.startsWith("tests/"))
    .map((path) => ({ path, lines: TEXTS.get(path)!.split("\n").length - 1 }))
    .filter(({ path, lines }) => lines > (path.startsWith("lib/") ? 260 : 350));
  assertEquals(long, []);
});

/** Names that the field has better ones for, or that meant several things. */
const QUAINT = "Crowd departure acceptAll survive isEarly attend talk hold " +
  "complain sparingly onSilence within sleep hear tell tellPath ENOUGH " +
  "FAR_BEHIND PATIENCE HIDDEN toggle takes fallback Filled partFrom give " +
  "tellAll deliver due letCatchUp hurry showOut publish pour";

Deno.test("nothing has a name that the field has a better one for", () => {
  const names = QUAINT.split(" ").join("|");
  const declared = RegExp(
    `\\b(?:function\\*?|class|const|let) (?:${names})\\b|^  (?:async )?#?(?:${names})\\(`,
    "gm",
  );
  const quaint = MODULES.flatMap((path) =>
    Array.from(
      TEXTS.get(path)!.matchAll(declared),
      ([found]) => `${path}: ${found}`,
    )
  );
  assertEquals(quaint, []);
});
