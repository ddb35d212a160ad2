/**
 * What is different on Windows. Most of it is decided by a text or a number, so
 * that any system can prove it; the rest is in `tests/wine/on_windows.ts`.
 */

import { assertEquals } from "@std/assert";
import { quote } from "../cli.ts";

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
