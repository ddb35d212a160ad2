/**
 * The judge's watcher: prints what it watches, and then a line for each save. It
 * may read some folders, and nothing else.
 *
 * @module
 */

import type { Watch } from "./watch.ts";

/** Milliseconds without a further event after which a save is complete. */
const QUIET = 100;

/** Watches until standard input ends. */
async function main({ files, otherwise }: Watch): Promise<void> {
  const present = files.filter(isFile);
  if (present.length === 0 && !otherwise) Deno.exit(1);
  // An editor may put a new file in the place of the old one: watch the folders.
  const folders = present.length ? present.map(folderOf) : [otherwise!.folder];
  const names = new Set(present.map(nameOf));
  const except = new Set(otherwise?.except.map(nameOf));
  const counts = (path: string) =>
    present.length ? names.has(nameOf(path)) : !except.has(nameOf(path));
  const watcher = Deno.watchFs([...new Set(folders)], { recursive: false });
  console.log(present.length ? [...names].join(", ") : otherwise!.folder);
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const { kind, paths } of watcher) {
    if (kind === "access" || !paths.some(counts)) continue;
    clearTimeout(timer);
    timer = setTimeout(() => console.log("saved"), QUIET);
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch { // there is none, or none that we may see
    return false;
  }
}

function nameOf(path: string): string {
  return path.replace(/^.*[/\\]/, "");
}

function folderOf(path: string): string {
  return path.slice(0, path.length - nameOf(path).length - 1) || "/";
}

if (import.meta.main) {
  const ended = Deno.stdin.readable.pipeTo(new WritableStream());
  ended.finally(() => Deno.exit());
  await main(JSON.parse(Deno.args[0]));
}
