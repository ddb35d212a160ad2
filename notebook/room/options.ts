/**
 * The command line of `deno task prepare`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import path from "node:path";
import { UsageError } from "../../lib/errors.ts";
import { SYSTEMS } from "./systems.ts";
import { PYTHONS } from "./wheels.ts";

/** What the folder is made for. */
export interface Plan {
  /** The folder. */
  folder: string;
  /** The systems that the laptops run. */
  systems: string[];
  /** The versions of Python that there is to be a JupyterLab for. */
  pythons: string[];
}

const ALL = Object.keys(SYSTEMS);

/** What `--help` prints. */
export const USAGE = `Makes a folder that serves a room without internet: the
project, Deno and its packages, JupyterLab, and the book.

Usage:
  deno task prepare [FOLDER] [flags]

FOLDER is new, or this command made it before. Without a name it is
sockets-room, beside the project.

Flags:
  --for SYSTEMS      what the laptops run, with commas between [all of these:
                     ${ALL.join(", ")}]
  --python VERSIONS  the Pythons that JupyterLab is for, or none for no
                     JupyterLab [all of these: ${PYTHONS.join(", ")}]
  -h, --help         show this

Example:
  deno task prepare --for mac-arm64,windows-x64 --python 3.13
`;

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param project The project's folder.
 * @param here The folder that the person is in.
 * @returns The plan, or nothing if help is wanted.
 * @throws {UsageError} If something is unknown.
 */
export function parse(
  args: string[],
  project: string,
  here: string,
): Plan | undefined {
  const { _, help, ...lists } = parseArgs(args, {
    string: ["for", "python", "_"],
    boolean: ["help"],
    alias: { help: "h" },
    unknown(flag) {
      if (flag.startsWith("-")) throw new UsageError(`${flag} is unknown`);
    },
  });
  if (help) return undefined;
  const [name, stray] = _.map(String);
  if (stray) throw new UsageError(`one folder is enough; what is ${stray}?`);
  const { for: systems, python } = lists;
  return {
    folder: name
      ? path.resolve(here, name)
      : path.resolve(project, "../sockets-room"),
    systems: chosen(systems, ALL),
    pythons: python === "none" ? [] : chosen(python, PYTHONS),
  };
}

/** Names from a list with commas, each of which has to be known. */
function chosen(list: string | undefined, known: string[]): string[] {
  const names = list?.split(",") ?? known;
  const stray = names.find((name) => !known.includes(name));
  if (stray === undefined) return names;
  throw new UsageError(`"${stray}" is unknown; there are ${known.join(", ")}`);
}

/**
 * Whether a folder is a project's, or is in it. On Windows no way leads from one
 * drive to another, such as a stick.
 */
export function isInside(
  folder: string,
  project: string,
  { relative, isAbsolute } = path,
): boolean {
  const way = relative(project, folder);
  return !way.startsWith("..") && !isAbsolute(way);
}
