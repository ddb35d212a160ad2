import { assertEquals, assertMatch } from "@std/assert";
import { exchange } from "../../client.ts";
import { serve } from "../../server.ts";
import { exchange as exchangeUdp } from "../../udp/client.ts";
import { needs, Process, program, startServer, unix } from "../harness.ts";

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

// --- Into a file -------------------------------------------------------------

Deno.test({
  ...needs(
    "a large stream goes into a file whole, without another grant",
    unix,
  ),
  async fn() {
    const file = await Deno.makeTempFile();
    const deno = [Deno.execPath(), "run", "--no-prompt"];
    const script = ["--allow-net=127.0.0.1:0", "server.ts", "--port=0"];
    const redirected = ["-c", 'exec "$@" >"$0"', file, ...deno, ...script];
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i} é`);
    await using server = new Process("sh", [...redirected, "--once"]);
    const [, port] = await server.err.until(/listening .*:(\d+)\n/);
    await exchange({ port: Number(port), message: lines.join("\n") });
    assertEquals(await server.code(), 0);
    const written = await Deno.readTextFile(file);
    await Deno.remove(file);
    // Where a read ends a line ends, too: without that it is what was sent.
    const text = written.replaceAll(/\n?127\.0\.0\.1:\d+> /g, "\n");
    const digits = (all: string) => all.replaceAll(/\s/g, "");
    assertEquals(digits(text), digits(lines.join("")));
  },
});

// --- On a terminal -----------------------------------------------------------

/** Starts a script on a terminal of its own. */
function startOnTerminal(
  net: string,
  args: string[],
  env?: Record<string, string>,
): Process {
  const deno = [Deno.execPath(), "run", `--allow-net=${net}`];
  const all = ["tests/peers/terminal.py", ...deno, ...args];
  return new Process("python3", all, { env });
}

/** Runs the client on a terminal, where a greeting is shown, not passed on. */
async function onTerminal(
  message: string | Uint8Array,
  env: Record<string, string>,
) {
  await using server = serve({ port: 0, message });
  const { port } = server.addr;
  const args = ["client.ts", `--port=${port}`, "--verbose"];
  const net = `127.0.0.1:${port}`;
  await using terminal = startOnTerminal(net, args, env);
  assertEquals(await terminal.code(), 0);
  return terminal.out.text.replaceAll("\r\n", "\n");
}

/** What begins each of a client's own words on a terminal. */
const CLIENT = "\x1b\\[1mclient:\x1b\\[22m";

const python = program("python3");

Deno.test(
  needs(
    "on a terminal the greeting is escaped, and ends its line",
    python,
    unix,
  ),
  async () => {
    const text = await onTerminal("\x1b[31mred\rx\ntwo 🐍", {});
    const shown = String.raw`\\x1b\[31mred\\x0dx`;
    assertMatch(text, RegExp(`\n${shown}\ntwo 🐍\n${CLIENT} over: `));
  },
);

Deno.test(
  needs("a terminal is given no second newline", python, unix),
  async () => {
    const text = await onTerminal("one\n", {});
    assertMatch(text, RegExp(`\none\n${CLIENT} over: `));
  },
);

Deno.test(
  needs("on a terminal half a character at the end is shown", python, unix),
  async () => {
    const text = await onTerminal(Uint8Array.from([65, 0xf0, 0x9f]), {});
    assertMatch(text, RegExp(`\nA\ufffd\n${CLIENT} over: `));
  },
);

Deno.test(
  needs(
    "on a terminal there is colour, and with NO_COLOR only bold",
    python,
    unix,
  ),
  async () => {
    const red = `${CLIENT} \x1b\\[31munknown flag --x`;
    for (const [noColor, words] of [["", red], ["1", /\[22m unknown flag/]]) {
      const env = { NO_COLOR: `${noColor}` };
      await using client = startOnTerminal(
        "localhost",
        ["client.ts", "--x"],
        env,
      );
      assertEquals(await client.code(), 2);
      assertMatch(client.out.text, RegExp(words));
    }
  },
);

for (const path of ["server.ts", "udp/server.ts"] as const) {
  Deno.test(
    needs(`${path}: on a terminal only true addresses are bold`, python, unix),
    async () => {
      const net = path === "server.ts" ? "127.0.0.1:0" : "127.0.0.1";
      for (const NO_COLOR of ["", "1"]) {
        const args = [path, "--port=0", "--once"];
        await using server = startOnTerminal(net, args, { NO_COLOR });
        const [, port] = await server.out.until(/listening on \S+:(\d+)/);
        const pad = " ".repeat(80 - "127.0.0.1:65535> a".length);
        const message = `a${pad}127.0.0.1:9> b\x1b[1mserver:\nc`;
        const send = path === "server.ts" ? exchange : exchangeUdp;
        await send({ port: Number(port), message });
        assertEquals(await server.code(), 0);
        const shown = server.out.text.replaceAll(
          /(?<=127.0.0.1:)\d{2,}/g,
          "PORT",
        );
        assertEquals(shown.split("\r\n"), [
          "\x1b[1mserver:\x1b[22m listening on 127.0.0.1:PORT",
          `\x1b[1m127.0.0.1:PORT>\x1b[22m a${pad}127.0.0.1:9> b\\x1b[1mserver:`,
          "\x1b[1m127.0.0.1:PORT>\x1b[22m c",
          "",
        ]);
      }
    },
  );
}

Deno.test("in a pipe nothing is bold, nor coloured", async () => {
  const env = { NO_COLOR: "" };
  await using server = await startServer("server.ts", ["--once"], "127.0.0.1", {
    env,
  });
  await exchange({ port: server.port });
  assertEquals(await server.code(), 0);
  assertMatch(server.out.text, /^127\.0\.0\.1:\d+> Message/);
});

Deno.test(
  needs("on a terminal a byte order mark is kept", python, unix),
  async () => {
    const text = await onTerminal("\ufeffhi", {});
    assertMatch(text, RegExp(`\n\ufeffhi\n${CLIENT} over: `));
  },
);
