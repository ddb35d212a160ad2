/**
 * Waits for a learner to save.
 *
 * @module
 */

/** Milliseconds without a further event after which a save is complete. */
const QUIET = 100;

/**
 * Yields at once, and then whenever a file of a command is saved.
 *
 * @param command The words of the command; those that are files are watched.
 * @param folder The folder that they are in.
 */
export async function* changes(
  command: string[],
  folder = ".",
): AsyncGenerator<void> {
  const files = await filesAmong(command, folder);
  if (files.length === 0) throw new Error("no word of the command is a file");
  yield;
  // An editor may put a new file in the place of the old one: watch the folders.
  const folders = files.map((file) => file.replace(/[^/\\]*$/, ""));
  using watcher = Deno.watchFs([...new Set(folders)], { recursive: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saved = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some((path) => files.includes(path))) {
        continue;
      }
      clearTimeout(timer);
      timer = setTimeout(() => saved.resolve(), QUIET);
    }
  })();
  try {
    for (;;) {
      await saved.promise;
      saved = Promise.withResolvers();
      yield;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
    await watching;
  }
}

/** The words that are files, as full paths. */
async function filesAmong(words: string[], folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const word of words) {
    try {
      const path = await Deno.realPath(
        `${word.startsWith("/") ? "" : `${folder}/`}${word}`,
      );
      if ((await Deno.stat(path)).isFile) files.push(path);
    } catch { /* no file, or none that we may see */ }
  }
  return files;
}
