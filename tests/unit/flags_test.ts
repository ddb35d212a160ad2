/**
 * Command lines, right and wrong, read in process. That each script ends with 2
 * over a wrong one is in `failures_test.ts`.
 */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { flags as client } from "../../client.ts";
import { kebab, UsageError } from "../../lib/errors.ts";
import {
  boolean,
  type Flags,
  host,
  integer,
  parseFlags,
  required,
  seconds,
  text,
  withDefaults,
} from "../../lib/flags.ts";
import { flags as server } from "../../server.ts";
import { flags as udpClient } from "../../udp/client.ts";
import { flags as udpServer } from "../../udp/server.ts";

// --- Wrong -------------------------------------------------------------------

const HELP = { help: boolean("show this help") };

/** What the four scripts take. */
const SCRIPTS: Record<string, Flags> = {
  "server.ts": { ...server, ...HELP },
  "client.ts": { ...client, ...HELP },
  "udp/server.ts": { ...udpServer, ...HELP },
  "udp/client.ts": { ...udpClient, ...HELP },
};

const ALL = Object.keys(SCRIPTS);
const TCP = ["server.ts", "client.ts"];
const UDP = ["udp/server.ts", "udp/client.ts"];
const CLIENTS = ["client.ts", "udp/client.ts"];
const WAITING = ["server.ts", "client.ts", "udp/client.ts"];

const WHOLE = "a whole number from";
const WRONG: [args: string[], paths: string[], words: string][] = [
  [["--prot", "1234"], ALL, "unknown flag --prot; --help lists them"],
  [["-p", "1234"], ALL, "unknown flag -p; --help lists them"],
  [["-h1"], ALL, "unknown flag -h1; --help lists them"],
  [["-_"], ALL, "unknown flag -_; --help lists them"],
  [["--no-verbose"], ALL, "unknown flag --no-verbose; --help lists them"],
  [["--\x1b[2J"], ALL, "unknown flag --\\x1b[2J; --help lists them"],
  [["1234"], ALL, 'unexpected argument "1234"'],
  [["\x1b[2J"], ALL, 'unexpected argument "\\x1b[2J"'],
  [["--", "--once"], ALL, 'unexpected argument "--once"'],
  [["--port"], ALL, "--port needs a value, written --port=VALUE"],
  [["--port", "--verbose"], ALL, "--port needs a value, written --port=VALUE"],
  [["--message"], ALL, "--message needs a value, written --message=VALUE"],
  [
    ["--hostname", ""],
    ALL,
    '--hostname takes a name or an address (its port goes to --port), not ""',
  ],
  [["--hostname", "a b"], ALL, 'not "a b"'],
  [["--hostname", "\x1b[2J"], ALL, 'not "\\x1b[2J"'],
  [["--hostname", "1::2::3"], ALL, 'not "1::2::3"'],
  [["--hostname", "fe80::1%"], ALL, 'not "fe80::1%"'],
  [["--hostname", "fe80::1%a b"], ALL, 'not "fe80::1%a b"'],
  [["--hostname", "127.0.0.1%lo"], ALL, 'not "127.0.0.1%lo"'],
  [["--buffer", "0"], TCP, `${WHOLE} 1 to 16777216`],
  [["--timeout", "-1"], WAITING, "seconds from 0 to 86400"],
  [["--timeout", "1e9"], WAITING, "seconds from 0 to 86400"],
  [["--max-bytes", "1.5"], TCP, `--max-bytes takes ${WHOLE} 0 to`],
  [["--max-connections", "0"], ["server.ts"], `${WHOLE} 1 to`],
  [["--backlog", "x"], ["server.ts"], `--backlog takes ${WHOLE} 0 to 65535`],
  [["--wait", "soon"], ["client.ts"], "--wait takes seconds from 0 to 86400"],
  [["--tries", "0"], ["udp/client.ts"], `--tries takes ${WHOLE} 1 to 1000`],
  [["--once"], CLIENTS, "unknown flag --once"],
  [
    // In characters of three bytes: Windows takes 32,767 characters at most.
    ["--message", "€".repeat(21_836)],
    UDP,
    "--message takes at most 65507 bytes, not 65508",
  ],
];
for (const port of ["abc", "-1", "65536", "80.5", "", " 80", "0x50"]) {
  WRONG.push([["--port", port], ALL, `to 65535, not "${port}"`]);
}
WRONG.push([["--port", "0"], CLIENTS, 'not "0"']);

for (const [args, paths, words] of WRONG) {
  const shown = JSON.stringify(args.join(" ")).slice(0, 40);
  Deno.test(`a wrong command line is refused, and why is said: ${shown}`, () => {
    for (const path of paths) {
      const error = assertThrows(
        () => parseFlags(SCRIPTS[path], args),
        UsageError,
      );
      assertStringIncludes(error.message, words, path);
    }
  });
}

Deno.test("a value that begins with dashes is said how to write", () => {
  assertThrows(
    () => parseFlags({ message: text("", "") }, ["--message", "--x"]),
    UsageError,
    "--message needs a value, written --message=VALUE if it begins with dashes",
  );
  const { message } = parseFlags(
    { message: text("", "") },
    ["--message=--x"],
  );
  assertEquals(message, "--x");
});

Deno.test("a flag that has to be given is missed, unless help is asked for", () => {
  const flags = { myFile: required("FILE", "what to send"), ...HELP };
  for (const args of [[], ["--my-file="]]) {
    assertThrows(
      () => parseFlags(flags, args),
      UsageError,
      "--my-file is needed",
    );
  }
  assertEquals(parseFlags(flags, ["--my-file", "a"]).myFile, "a");
  assertEquals(parseFlags(flags, ["-h"]), { myFile: "", help: true });
});

Deno.test("an error of a flag that isn't about its value is passed on", () => {
  const bug = new TypeError("a bug");
  const flag = {
    ...text("", ""),
    read() {
      throw bug;
    },
  };
  assertThrows(() => parseFlags({ flag }, ["--flag=1"]), TypeError, "a bug");
});

// --- Right -------------------------------------------------------------------

Deno.test("what isn't given has its default", () => {
  assertEquals(parseFlags(SCRIPTS["server.ts"], []), {
    hostname: "127.0.0.1",
    port: 1234,
    message: "Message from the server.",
    once: false,
    buffer: 1024,
    timeout: 30,
    maxBytes: 2 ** 20,
    maxConnections: 10_000,
    backlog: 511,
    verbose: false,
    help: false,
  });
});

Deno.test("a value may follow its flag, or be written to it", () => {
  const flags = { maxBytes: integer(1, [0, 9], ""), message: text("m", "") };
  const table: [args: string[], values: [number, string]][] = [
    [["--max-bytes", "2"], [2, "m"]],
    [["--max-bytes=2", "--message", ""], [2, ""]],
    [["--message", "-"], [1, "-"]],
    [["--message", "-x"], [1, "-x"]],
    [["--message=a=b"], [1, "a=b"]],
    [["--message=a\nb"], [1, "a\nb"]],
    [["--message", "007"], [1, "007"]],
    [["--max-bytes=2", "--max-bytes=3"], [3, "m"]],
    [["--"], [1, "m"]],
  ];
  for (const [args, values] of table) {
    const { maxBytes, message } = parseFlags(flags, args);
    assertEquals([maxBytes, message], values, args.join(" "));
  }
});

Deno.test("a boolean is given, or not, or said to be false", () => {
  const flags = { once: boolean(""), ...HELP };
  assertEquals(parseFlags(flags, ["--once"]), { once: true, help: false });
  assertEquals(parseFlags(flags, ["--once=false"]).once, false);
  assertEquals(boolean("").read("false"), false);
  assertEquals(boolean("").read("true"), true);
  assertEquals(parseFlags(flags, ["-h"]), { once: false, help: true });
  assertEquals(parseFlags(flags, ["--help"]).help, true);
});

Deno.test("a host is a name, or an address in its short form, with its zone", () => {
  const table = [
    ["localhost", "localhost"],
    ["my-host.example_1", "my-host.example_1"],
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "::1"],
    ["0:0::1", "::1"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["[fe80:0::1%br-0.1]", "fe80::1%br-0.1"],
    ["fe80::1%2", "fe80::1%2"],
  ];
  for (const [given, read] of table) {
    assertEquals(host("", "").read(given), read);
  }
  for (const wrong of ["[::1", "::1]", "[]", "a:80", "::1 x", "x ::1"]) {
    assertThrows(() => host("", "").read(wrong), UsageError, `not "${wrong}"`);
  }
});

Deno.test("a number may be the least and the most of its range", () => {
  const flags = { port: integer(1, [0, 65_535], ""), wait: seconds(1, "") };
  const read = (...args: string[]) => Object.values(parseFlags(flags, args));
  assertEquals(read("--port=0", "--wait=0"), [0, 0]);
  assertEquals(read("--port=65535", "--wait=86400"), [65_535, 86_400]);
  assertEquals(read("--wait=.5"), [1, 0.5]);
  assertEquals(read("--wait=5."), [1, 5]);
  for (const wrong of [".", "5x", "x5", "86400.5", "86401", "5.5.5"]) {
    assertThrows(() => read(`--wait=${wrong}`), UsageError, `not "${wrong}"`);
  }
  for (const wrong of ["5x", "x5"]) {
    assertThrows(() => read(`--port=${wrong}`), UsageError, `not "${wrong}"`);
  }
  const least = { n: integer(1, [2, 3], "") };
  assertEquals(parseFlags(least, ["--n=2"]).n, 2);
  assertThrows(() => parseFlags(least, ["--n=1"]), UsageError, "from 2 to 3");
});

Deno.test("a text may have as many bytes as are allowed", () => {
  const flag = text("", "", 4);
  assertEquals(flag.read("a€"), "a€");
  assertThrows(() => flag.read("aa€"), UsageError, "at most 4 bytes, not 5");
  assertEquals(text("", "").read("x".repeat(100)).length, 100);
});

// --- Options -----------------------------------------------------------------

Deno.test("an option that is left out, or undefined, has its flag's default", () => {
  const flags = { port: integer(1, [0, 9], ""), message: text("m", "") };
  interface Options {
    port?: number;
    message?: string;
    onOpen?: string;
  }
  const options: Options = { port: undefined, onOpen: "kept" };
  assertEquals(withDefaults(options, flags), {
    port: 1,
    message: "m",
    onOpen: "kept",
  });
  const none = { port: 0, message: "" };
  assertEquals(withDefaults(none, flags), { port: 0, message: "" });
});

Deno.test("an option that no flag would take is a RangeError that names it", () => {
  const flags = { maxBytes: integer(1, [0, 9], "") };
  for (const maxBytes of [10, -1, 0.5, NaN]) {
    assertThrows(
      () => withDefaults({ maxBytes }, flags),
      RangeError,
      `maxBytes takes a whole number from 0 to 9, not "${maxBytes}"`,
    );
  }
});

Deno.test("kebab() writes an option as a flag", () => {
  assertEquals(["port", "maxBytes", "aBC"].map(kebab), [
    "port",
    "max-bytes",
    "a-b-c",
  ]);
});

for (const value of ["banana", "no", "0"]) {
  Deno.test(`a boolean is true or false, not ${value}`, () => {
    const flags = { once: boolean("once"), port: integer(1, [0, 9], "port") };
    assertThrows(
      () => parseFlags(flags, [`--once=${value}`]),
      UsageError,
      "--once takes no value",
    );
    assertEquals(parseFlags(flags, ["--once=true"]).once, true);
    assertEquals(parseFlags(flags, ["--once=false"]).once, false);
    assertEquals(parseFlags(flags, ["--port=7"]).port, 7);
  });
}
