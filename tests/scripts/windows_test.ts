/**
 * What is different on Windows. Most of it is decided by a text or a number, so
 * that any system can prove it; the rest is in `tests/wine/on_windows.ts`.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { isUnknownName } from "../../lib/errors.ts";
import { quote } from "../../lib/program.ts";
import {
  type Ended,
  makeEnvironment,
  Trouble,
} from "../../notebook/jupyter.ts";

// --- A command to type -------------------------------------------------------

/** Words, and how each is typed in a shell of Unix, and in one of Windows. */
const TYPED: [word: string, unix: string, windows: string][] = [
  ["127.0.0.1:1234", "127.0.0.1:1234", "127.0.0.1:1234"],
  ["--port=80", "--port=80", "--port=80"],
  ["a,b", "a,b", "a,b"],
  ["", "''", '""'],
  ["[::1]:0", "'[::1]:0'", '"[::1]:0"'],
  ["it's me", "'it'\\''s me'", '"it\'s me"'],
  ['say "hi"', "'say \"hi\"'", '"say ""hi"""'],
  ["a&b|c>d<e^f", "'a&b|c>d<e^f'", '"a&b|c>d<e^f"'],
  ["C:\\files\\in", "'C:\\files\\in'", "C:\\files\\in"],
  ["C:\\my files\\in", "'C:\\my files\\in'", '"C:\\my files\\in"'],
  ["my files\\", "'my files\\'", '"my files\\\\"'],
  ['a\\"b', "'a\\\"b'", '"a\\\\""b"'],
  ["100%", "100%", '"100%"'],
  ["me@home", "me@home", '"me@home"'],
  ["\x1b[2J", "'\\x1b[2J'", '"\\x1b[2J"'],
];

Deno.test("a word is quoted for the shell of each system", () => {
  for (const [word, unix, windows] of TYPED) {
    assertEquals(quote(word, "linux"), unix);
    assertEquals(quote(word, "darwin"), unix);
    assertEquals(quote(word, "windows"), windows);
  }
});

// --- Names -------------------------------------------------------------------

for (
  const words of [
    "failed to lookup address information: Name or service not known",
    "failed to lookup address information: nodename nor servname provided, or not known",
    "No such host is known. (os error 11001)",
    "Der angegebene Host ist unbekannt. (os error 11001)",
    "Nonauthoritative host not found. (os error 11002)",
    "getaddrinfo ENOTFOUND no-such-name.invalid",
    "getaddrinfo EAI_AGAIN no-such-name.invalid",
  ]
) {
  Deno.test(`a name that is not known, in the words "${words}"`, () => {
    assertEquals(isUnknownName(new Error(words)), true);
  });
}

for (
  const words of [
    "Connection timed out (os error 110)",
    "Access denied. (os error 11000)",
    "something else (os error 110011)",
  ]
) {
  Deno.test(`another failure, in the words "${words}"`, () => {
    assertEquals(isUnknownName(new Error(words)), false);
  });
}

// --- Python, and what only has its name --------------------------------------

const PLACEHOLDER: Ended = { success: false, code: 9009, text: "" };
const MADE: Ended = { success: true, code: 0, text: "" };
const NAMES = Deno.build.os === "windows"
  ? ["python3", "python", "py"]
  : ["python3", "python"];

/** Makes the environment where these programs are there: who was asked. */
async function ask(programs: Record<string, Ended>): Promise<string[]> {
  const asked: string[] = [];
  await makeEnvironment((program, args) => {
    assertEquals(args.slice(0, 2), ["-m", "venv"]);
    asked.push(program);
    return Promise.resolve(programs[program]);
  });
  return asked;
}

Deno.test("a python3 that only opens the Store is passed over", async () => {
  assertEquals(await ask({ python3: MADE }), ["python3"]);
  const asked = await ask({ python3: PLACEHOLDER, python: MADE });
  assertEquals(asked, ["python3", "python"]);
  const last = { ...everywhere(PLACEHOLDER), [NAMES.at(-1)!]: MADE };
  assertEquals(await ask(last), NAMES);
});

Deno.test("where every Python only opens the Store, that is said", async () => {
  const error = await assertRejects(
    () => ask(everywhere(PLACEHOLDER)),
    Trouble,
  );
  assertEquals(
    error.message,
    "there is no Python: python3 only opens the Microsoft Store; " +
      "install Python 3.10 or later",
  );
});

Deno.test("where there is no Python at all, nothing is said of a Store", async () => {
  const error = await assertRejects(() => ask({}), Trouble);
  assertEquals(
    error.message,
    "there is no Python; install Python 3.10 or later",
  );
});

Deno.test("a Python that cannot make an environment says why, and is the last", async () => {
  const text = "No module named venv\n";
  const broken = { python3: { success: false, code: 1, text }, python: MADE };
  await assertRejects(() => ask(broken), Trouble, "python3 lacks its module");
});

function everywhere(python: Ended): Record<string, Ended> {
  return Object.fromEntries(NAMES.map((name) => [name, python]));
}
