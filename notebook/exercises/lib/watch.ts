/**
 * Waits for a learner to save.
 *
 * The judge may not read the learner's files. So it starts a watcher that may read
 * the folders they are in, and do nothing else.
 *
 * @module
 */

import { UsageError } from "../../../lib/errors.ts";

/** What is watched. */
export interface Watched {
  /** The words of the program's command. */
  command: string[];
  /** The command that builds it, if it is built. */
  build?: string;
  /** The folder in which they were typed. @default {the judge's} */
  folder?: string;
}

/** What the watcher is told. */
export interface Watch {
  /** Files whose saving counts, if they are there. */
  files: string[];
  /** Without any of them: the folder in which every file counts, but for these. */
  otherwise?: { folder: string; except: string[] };
}

/**
 * Yields at once, and then whenever one of the learner's files is saved.
 *
 * @param watched The commands, whose words may be files.
 * @param onReady Is told what is watched.
 */
export async function* changes(
  watched: Watched,
  onReady: (what: string) => void,
): AsyncGenerator<void> {
  const watch = plan(watched);
  const folders = watch.files.map(folderOf);
  if (watch.otherwise) folders.push(watch.otherwise.folder);
  const grants = [...new Set(folders)].map((at) => at.replaceAll(",", ",,"));
  const watcher = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--no-config"],
      `--allow-read=${grants.join()}`,
      new URL("watcher.ts", import.meta.url).href,
      JSON.stringify(watch),
    ],
    stdin: "piped", // it ends with us: then this is closed
    stdout: "piped",
  }).spawn();
  try {
    let ready = false;
    for await (const text of watcher.stdout.pipeThrough(newDecoder())) {
      if (!ready) onReady(text.trim());
      ready = true;
      yield;
    }
    if (!ready) {
      throw new UsageError("no word of the command is a file to be watched");
    }
  } finally {
    await watcher.stdin.close().catch(() => {});
    await watcher.status;
  }
}

function newDecoder(): ReadableWritablePair<string, Uint8Array<ArrayBuffer>> {
  return new TextDecoderStream();
}

/** What is to be watched: what is written by hand, and not what is built from it. */
export function plan({ command, build, folder = Deno.cwd() }: Watched): Watch {
  const resolve = (words: string[]) =>
    words.map((word) => resolvePath(word, folder));
  const programs = resolve(command);
  if (build === undefined) return { files: programs };
  const words = resolve(build.split(/[\s"']+/).filter(Boolean));
  return {
    files: words.filter((word) => !programs.includes(word)),
    otherwise: { folder, except: programs },
  };
}

function resolvePath(word: string, folder: string): string {
  const isWhole = /^([/\\]|[a-z]:[/\\])/i.test(word);
  return isWhole ? word : `${folder}/${word.replace(/^(\.[/\\])+/, "")}`;
}

function folderOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, "") || "/";
}
