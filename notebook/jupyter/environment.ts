/**
 * An environment of its own for Jupyter, in the notebooks' folder: Python,
 * JupyterLab and the Deno kernel.
 *
 * Nothing of the person's own is touched: not their Jupyter, its settings and
 * kernels, nor their Python packages.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { PLACEHOLDER } from "../../lib/process.ts";
import { FOLDER } from "./format.ts";

/** The environment: Python, JupyterLab and the Deno kernel. */
export const ENVIRONMENT: string = join(FOLDER, ".venv");

/** Whether this is Windows. */
export const WINDOWS: boolean = Deno.build.os === "windows";
/** Its Python. */
export const PYTHON: string = WINDOWS
  ? join(ENVIRONMENT, "Scripts", "python.exe")
  : join(ENVIRONMENT, "bin", "python");

/** Written last: what the environment was made from. */
const MADE_FROM = join(ENVIRONMENT, "made-from.txt");
/** What it is made from. */
export const REQUIREMENTS: string = join(FOLDER, "requirements.txt");

/** Where the packages are that `deno task prepare` has brought along, if any. */
const WHEELS = join(FOLDER, ".wheels");

/** Something that the person can fix; the message says how. */
export class Trouble extends Error {
  /** What kind of error it is. */
  override name = "Trouble";
}

/** Variables that keep Jupyter and Python inside the environment. */
export const INSIDE: Record<string, string> = {
  JUPYTER_CONFIG_DIR: join(ENVIRONMENT, "etc", "jupyter"),
  JUPYTER_DATA_DIR: join(ENVIRONMENT, "share", "jupyter"),
  JUPYTER_RUNTIME_DIR: join(ENVIRONMENT, "runtime"),
  JUPYTERLAB_SETTINGS_DIR: join(ENVIRONMENT, "settings"),
  JUPYTERLAB_WORKSPACES_DIR: join(ENVIRONMENT, "workspaces"),
  IPYTHONDIR: join(ENVIRONMENT, "ipython"),
  JUPYTER_PATH: "",
  JUPYTER_CONFIG_PATH: "",
  PYTHONHOME: "",
  PYTHONPATH: "",
  PYTHONNOUSERSITE: "1",
  PIP_USER: "0",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_CACHE_DIR: "1",
  PIP_NO_INPUT: "1",
};

/** Whether the environment is there, and made from the requirements of today. */
export async function isPrepared(): Promise<boolean> {
  return await read(MADE_FROM) === await read(REQUIREMENTS);
}

/**
 * Makes the environment, unless it is there already, and works.
 *
 * @throws {Trouble} If there is no Python, or its packages are out of reach, or
 * the environment is somebody else's.
 */
export async function prepare(): Promise<void> {
  try {
    const reason = await reasonToMake();
    if (reason) {
      console.error(`notebook: ${reason}; it takes a minute`);
      await makeEnvironment();
      await install();
      await Deno.writeTextFile(MADE_FROM, await read(REQUIREMENTS) ?? "");
    }
    await writeKernel();
    await writeSettings();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new Trouble(
      "notebook/.venv, or the Python that it was made with, is closed to you; " +
        "remove notebook/.venv (if root made it: sudo rm -r notebook/.venv), " +
        "and type the same again",
    );
  }
}

/** Why the environment has to be made, if it has to. */
async function reasonToMake(): Promise<string | undefined> {
  if (!await isPrepared()) return "making notebook/.venv, once";
  // It holds no Python of its own, but points to the one that it was made with:
  // that may have been moved, removed, or replaced by a newer one.
  const find = "from importlib.util import find_spec as find; " +
    "exit(not (find('jupyterlab') and find('nbclient')))";
  if ((await capture(PYTHON, ["-c", find]))?.success) return undefined;
  return "the Python that notebook/.venv was made with is gone; making it again";
}

/** How a program has ended, and all that it printed. */
export interface Ended {
  /** Whether its exit code is 0. */
  success: boolean;
  /** Its exit code. */
  code: number;
  /** What it printed, on both its outputs. */
  text: string;
}

/**
 * Makes the environment with the first Python there is; `py` is Windows' own
 * name for it. A placeholder of that name is no Python.
 *
 * @param run Runs a program for what it prints, or for nothing if there is none.
 * @throws {Trouble} If there is no Python, or it cannot make one.
 */
export async function makeEnvironment(
  run: (program: string, args: string[]) => Promise<Ended | undefined> =
    capture,
): Promise<void> {
  const args = ["-m", "venv", "--clear", ENVIRONMENT];
  let placeholder = "";
  for (const python of ["python3", "python", ...WINDOWS ? ["py"] : []]) {
    const result = await run(python, args);
    if (result?.success) return;
    if (result?.code === PLACEHOLDER) placeholder ||= python;
    else if (result) throw new Trouble(wordsOnVenv(python, result.text));
  }
  const why = placeholder && `: ${placeholder} only opens the Microsoft Store`;
  throw new Trouble(`there is no Python${why}; install Python 3.10 or later`);
}

function wordsOnVenv(python: string, text: string): string {
  if (/ensurepip|No module named venv/.test(text)) {
    return `${python} lacks its module venv; on Debian and Ubuntu install it ` +
      "with: sudo apt install python3-venv";
  }
  return `${python} made no environment: ${lastLine(text)}`;
}

async function install(): Promise<void> {
  const args = ["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS];
  const isBrought = await isThere(WHEELS);
  if (isBrought) args.push("--no-index", "--find-links", WHEELS);
  const { success, text } = (await capture(PYTHON, args))!;
  if (success) return;
  const cure = isBrought
    ? "START-HERE.txt says for which Pythons it was brought along"
    : "is there internet?";
  throw new Trouble(
    `pip could not install JupyterLab: ${lastLine(text)}; ${cure}`,
  );
}

/** Tells the environment of the very Deno that runs this. */
async function writeKernel(): Promise<void> {
  const command = ["jupyter", "-q", "--kernel", "--conn", "{connection_file}"];
  await write(join(INSIDE.JUPYTER_DATA_DIR, "kernels", "deno", "kernel.json"), {
    argv: [Deno.execPath(), ...command],
    display_name: "Deno",
    language: "typescript",
    // A message can't stop a cell that awaits what never comes. A signal ends
    // the kernel, and Jupyter starts another; Windows has none to send.
    interrupt_mode: WINDOWS ? "message" : "signal",
    env: { NO_COLOR: "1" },
  });
}

/** What makes the chapters, and would only stand between them. */
const BEHIND_THE_SCENES = [
  ...["book", "jupyter", "room", "recorded", "jupyter.ts", "execute.py"],
  ...["chapters.json", "ledger.json", "requirements.txt", "TEACHING.md"],
];

/**
 * Has JupyterLab list the chapters and what belongs to them, and nothing else;
 * keeps it from asking its makers for news, and from starting programs of the
 * person's, which keep notes in their home, to look for language servers.
 */
async function writeSettings(): Promise<void> {
  const folder = INSIDE.JUPYTER_CONFIG_DIR;
  const disabled = [
    "apputils-extension:announcements",
    "fileeditor-extension:language-server",
    "lsp-extension",
    "notebook-extension:language-server",
  ];
  await write(join(folder, "labconfig", "page_config.json"), {
    disabledExtensions: Object.fromEntries(
      disabled.map((name) => [`@jupyterlab/${name}`, true]),
    ),
  });
  await write(join(folder, "jupyter_server_config.json"), {
    ServerApp: { jpserver_extensions: { jupyter_lsp: false } },
    ContentsManager: { hide_globs: BEHIND_THE_SCENES },
  });
}

/** Options for a program that is run for what it prints. */
export interface CaptureOptions {
  /** The folder it runs in. */
  cwd?: string;
  /** Variables of its environment, besides our own. */
  env?: Record<string, string>;
}

/**
 * Runs a program to its end, for all that it prints.
 *
 * @param program The program.
 * @param args Its arguments.
 * @param options Where it runs. @default {in the environment of the notebooks}
 * @returns How it ended, or nothing if there is no such program.
 */
export async function capture(
  program: string,
  args: string[],
  options: CaptureOptions = { env: INSIDE },
): Promise<Ended | undefined> {
  try {
    const command = new Deno.Command(program, { args, ...options });
    const { success, code, stdout, stderr } = await command.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, code, text: decode(stdout) + decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function write(path: string, content: unknown): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify(content));
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)!;
}
