import { assertEquals } from "@std/assert";
import { bold, escapeControls, prefixLines } from "../../lib/escape.ts";

/** What a rude peer may say, and how it has to look. */
const RUDE: [name: string, said: string, shown: string][] = [
  ["a colour", "\x1b[31mred", "\\x1b[31mred"],
  ["a move of the cursor", "\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"],
  ["a title of the window", "\x1b]0;mine\x07", "\\x1b]0;mine\\x07"],
  ["a one-byte control sequence", "\u009b31m", "\\x9b31m"],
  ["a carriage return", "a\rserver: b", "a\\x0dserver: b"],
  ["backspaces", "a\b\b\b", "a\\x08\\x08\\x08"],
  ["NUL and DEL", "\0\x7f", "\\x00\\x7f"],
  [
    "other ends of lines",
    "a\u2028b\u2029c\u0085d\x0be",
    "a\\u2028b\\u2029c\\x85d\\x0be",
  ],
  ["reversed writing", "\u202eevil\u2066", "\\u202eevil\\u2066"],
  ["a mark of direction", "\u061c", "\\u061c"],
  ["a tab", "a\tb", "a\tb"],
  ["text in any language", "日本 עברית 🐍é", "日本 עברית 🐍é"],
  ["backslashes", "C:\\x1b", "C:\\x1b"],
];

for (const [name, said, shown] of RUDE) {
  Deno.test(`escapeControls() with ${name}`, () => {
    assertEquals(escapeControls(said), shown);
  });
}

Deno.test("prefixLines() puts the prefix before each line, and ends each", () => {
  const table = [
    ["", "127.0.0.1:5> \n"],
    ["a", "127.0.0.1:5> a\n"],
    ["a\n", "127.0.0.1:5> a\n"],
    ["a\nb", "127.0.0.1:5> a\n127.0.0.1:5> b\n"],
    ["\n\n", "127.0.0.1:5> \n127.0.0.1:5> \n"],
    ["a\r\n", "127.0.0.1:5> a\\x0d\n"],
  ];
  for (const [text, shown] of table) {
    assertEquals(prefixLines(text, "127.0.0.1:5> "), shown);
  }
  assertEquals(bold("127.0.0.1:5>"), "\x1b[1m127.0.0.1:5>\x1b[22m");
});
