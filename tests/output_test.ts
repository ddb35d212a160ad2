import { assertEquals, assertMatch } from "@std/assert";
import { lines, sum, visible } from "../cli.ts";
import { exchange } from "../client.ts";
import { serve } from "../server.ts";
import { exchange as exchangeUdp } from "../udp/client.ts";
import { needs, Process, program, startServer, unix } from "./harness.ts";

const PEER = { transport: "tcp", hostname: "127.0.0.1", port: 5 } as const;

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
  ["a tab", "a\tb", "a\tb"],
  ["text in any language", "日本 עברית 🐍é", "日本 עברית 🐍é"],
  ["backslashes", "C:\\x1b", "C:\\x1b"],
];

for (const [name, said, shown] of RUDE) {
  Deno.test(`visible() with ${name}`, () => {
    assertEquals(visible(said), shown);
  });
}

Deno.test("lines() leads each line with the address, and ends each", () => {
  const table = [
    ["", "127.0.0.1:5> \n"],
    ["a", "127.0.0.1:5> a\n"],
    ["a\n", "127.0.0.1:5> a\n"],
    ["a\nb", "127.0.0.1:5> a\n127.0.0.1:5> b\n"],
    ["\n\n", "127.0.0.1:5> \n127.0.0.1:5> \n"],
    ["a\r\n", "127.0.0.1:5> a\\x0d\n"],
  ];
  for (const [text, shown] of table) assertEquals(lines(text, PEER), shown);
  const peer = { ...PEER, hostname: "::1" };
  assertEquals(lines("a", peer), "[::1]:5> a\n");
});

Deno.test("sum() counts one read as one", () => {
  const totals = { received: 1_048_576, sent: 0, reads: 1 };
  assertEquals(sum(totals), "1.05 MB received in 1 read, 0 B sent");
  assertEquals(
    sum({ ...totals, reads: 2 }),
    "1.05 MB received in 2 reads, 0 B sent",
  );
});

const FORGERY = "hello\n127.0.0.1:9> forged\nserver: listening on nothing\r" +
  "\x1b[1A\x1b[2K\0";

for (const path of ["server.ts", "udp/server.ts"] as const) {
  Deno.test(`${path}: nobody forges a line of anybody else`, async () => {
    await using server = await startServer(path, ["--once"]);
    const { port } = server;
    const send = path === "server.ts" ? exchange : exchangeUdp;
    await send({ port, message: FORGERY });
    assertEquals(await server.code(), 0);
    const [, peer] = /^(127\.0\.0\.1:\d+)> /.exec(server.out.text)!;
    assertEquals(server.out.text.split("\n"), [
      `${peer}> hello`,
      `${peer}> 127.0.0.1:9> forged`,
      `${peer}> server: listening on nothing\\x0d\\x1b[1A\\x1b[2K\\x00`,
      "",
    ]);
    assertEquals(server.err.text, `server: listening on 127.0.0.1:${port}\n`);
  });
}

// --- On a terminal -----------------------------------------------------------

/** Runs the client on a terminal, where a greeting is shown, not passed on. */
async function onTerminal(
  message: string | Uint8Array,
  env: Record<string, string>,
) {
  await using server = serve({ port: 0, message });
  const { port } = server.addr;
  await using terminal = new Process("python3", [
    "tests/peers/terminal.py",
    Deno.execPath(),
    "run",
    `--allow-net=127.0.0.1:${port}`,
    "client.ts",
    `--port=${port}`,
    "--verbose",
  ], { env });
  assertEquals(await terminal.code(), 0);
  return terminal.out.text.replaceAll("\r\n", "\n");
}

const python = program("python3");

Deno.test(
  needs(
    "on a terminal the greeting is escaped, and ends its line",
    python,
    unix,
  ),
  async () => {
    const text = await onTerminal("\x1b[31mred\rx\ntwo 🐍", {});
    assertMatch(text, /\n\\x1b\[31mred\\x0dx\ntwo 🐍\nclient: over: /);
  },
);

Deno.test(
  needs("a terminal is given no second newline", python, unix),
  async () => {
    assertMatch(await onTerminal("one\n", {}), /\none\nclient: over: /);
  },
);

Deno.test(
  needs("on a terminal half a character at the end is shown", python, unix),
  async () => {
    const text = await onTerminal(Uint8Array.from([65, 0xf0, 0x9f]), {});
    assertMatch(text, /\nA\ufffd\nclient: over: /);
  },
);

Deno.test(
  needs("there is colour on a terminal, and none with NO_COLOR", python, unix),
  async () => {
    assertMatch(
      await onTerminal("hi", { NO_COLOR: "" }),
      RegExp("^\x1b\\[1mclient:\x1b\\[22m from"),
    );
    assertMatch(await onTerminal("hi", { NO_COLOR: "1" }), /^client: from/);
  },
);

Deno.test(
  needs("on a terminal a byte order mark is kept", python, unix),
  async () => {
    const text = await onTerminal("\ufeffhi", {});
    assertMatch(text, /\n\ufeffhi\nclient: over: /);
  },
);
