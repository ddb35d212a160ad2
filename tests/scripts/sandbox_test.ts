import { assertEquals, assertStringIncludes } from "@std/assert";
import { quote } from "../../lib/program.ts";
import { exchange } from "../../client.ts";
import config from "../../deno.json" with { type: "json" };
import { exchange as exchangeUdp } from "../../udp/client.ts";
import {
  audited,
  needs,
  type Path,
  Process,
  ROOT,
  SCRIPTS,
  start,
  startServer,
  unix,
} from "../harness.ts";

/** The documented grants at the default address. */
const GRANTS: Record<Path, string> = {
  "server.ts": "127.0.0.1:1234",
  "client.ts": "127.0.0.1:1234",
  "udp/server.ts": "127.0.0.1",
  "udp/client.ts": "127.0.0.1:0,127.0.0.1:1234",
};

const TASKS: Record<Path, keyof typeof config.tasks> = {
  "server.ts": "server",
  "client.ts": "client",
  "udp/server.ts": "udp:server",
  "udp/client.ts": "udp:client",
};

const readme = await Deno.readTextFile(new URL("README.md", ROOT));

for (const path of SCRIPTS) {
  const command = `deno run --allow-net=${GRANTS[path]} ${path}`;

  Deno.test(`${path}: first line, help, task and README agree on the grant`, async () => {
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const shebang = `#!/usr/bin/env -S deno run --allow-net=${GRANTS[path]}`;
    assertEquals(source.split("\n")[0], shebang);
    assertEquals(config.tasks[TASKS[path]], command);
    assertStringIncludes(readme, command);
    await using help = start(path, undefined, ["--help"]);
    assertEquals([await help.code(), help.err.text], [0, ""]);
    assertStringIncludes(help.out.text, `Usage:\n  ${command} [flags]\n`);
    assertStringIncludes(help.out.text, "\nExample:\n  deno run --allow-net=");
  });

  Deno.test(`${path}: -h and --help agree, and name every flag`, async () => {
    await using long = start(path, undefined, ["--help"]);
    await using short = start(path, undefined, ["-h"]);
    await Promise.all([long.code(), short.code()]);
    assertEquals(short.out.text, long.out.text);
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const flags = source.matchAll(
      /^ {2}(\w+): cli\.(?:host|whole|text|seconds|toggle)/gm,
    );
    for (const [, name] of flags) {
      const flag = name.replace(
        /[A-Z]/g,
        (letter) => `-${letter.toLowerCase()}`,
      );
      assertStringIncludes(long.out.text, `  --${flag} `);
    }
  });
}

Deno.test("over TCP nothing is asked for but the one address", async () => {
  let port = 0;
  const server = await audited(async (options) => {
    await using server = await startServer(
      "server.ts",
      ["--once", "--verbose"],
      undefined,
      options,
    );
    port = server.port;
    const args = ["--port", `${port}`, "--verbose"];
    const client = await audited(async (options) => {
      await using client = start(
        "client.ts",
        `127.0.0.1:${port}`,
        args,
        options,
      );
      assertEquals(await client.code(), 0);
    });
    assertEquals(client, [`net 127.0.0.1:${port}`]);
    assertEquals(await server.code(), 0);
  });
  assertEquals(server, ["net 127.0.0.1:0"]); // where it asked for any free port
});

Deno.test("over UDP nothing is asked for but both ends of the way", async () => {
  let local = "";
  const server = await audited(async (options) => {
    await using server = await startServer(
      "udp/server.ts",
      ["--once", "--verbose"],
      undefined,
      options,
    );
    const args = ["--port", `${server.port}`, "--verbose"];
    const net = `127.0.0.1:0,127.0.0.1:${server.port}`;
    const client = await audited(async (options) => {
      await using client = start("udp/client.ts", net, args, options);
      assertEquals(await client.code(), 0);
      local = /from (\S+) to/.exec(client.err.text)![1];
    });
    assertEquals(client, ["net 127.0.0.1:0", `net 127.0.0.1:${server.port}`]);
    assertEquals(await server.code(), 0);
  });
  assertEquals(server, ["net 127.0.0.1:0", `net ${local}`]);
});

// --- A grant that is missing, or beside the address --------------------------

const BESIDE: Record<Path, (string | undefined)[]> = {
  "server.ts": [
    undefined,
    "127.0.0.1:1235",
    "127.0.0.2:1234",
    "localhost:1234",
  ],
  "client.ts": [
    undefined,
    "127.0.0.1:1235",
    "127.0.0.2:1234",
    "localhost:1234",
  ],
  "udp/server.ts": [undefined, "127.0.0.1:1235", "127.0.0.2", "localhost"],
  "udp/client.ts": [undefined, "127.0.0.1:0", "127.0.0.1:1234", "127.0.0.2"],
};

for (const path of SCRIPTS) {
  for (const net of BESIDE[path]) {
    const grant = net ?? "nothing";
    Deno.test(`${path}: under ${grant} it is refused, and says what to add`, async () => {
      await using script = start(path, net);
      const role = path.includes("server") ? "server" : "client";
      assertEquals([await script.code(), script.err.text], [
        1,
        `${role}: Deno's sandbox does not allow 127.0.0.1:1234; ` +
        `run it as: deno run --allow-net=${GRANTS[path]} ${path}\n`,
      ]);
    });
  }
}

for (const path of ["server.ts", "udp/server.ts"] as const) {
  for (const hostname of ["127.0.0.1", "::1", "localhost", "0.0.0.0"]) {
    Deno.test(
      needs(
        `${path}: what the refusal says to type works at ${hostname}`,
        unix,
      ),
      async () => {
        const flags = [
          "--hostname",
          hostname,
          "--port",
          "0",
          "--message",
          "it's me",
        ];
        await using refused = start(path, undefined, flags);
        await refused.code();
        const [, command] = /; run it as: deno (.+)\n$/.exec(refused.err.text)!;
        await using server = new Process("sh", [
          "-c",
          `exec "$0" ${command}`,
          Deno.execPath(),
        ]);
        const [, at, port] = await server.err.until(/listening on (\S+):(\d+)/);
        const host = hostname === "0.0.0.0"
          ? "127.0.0.1"
          : at.replace(/[[\]]/g, "");
        const ask = path === "server.ts" ? exchange : exchangeUdp;
        const { received } = await ask({ hostname: host, port: Number(port) });
        assertEquals(received, "it's me".length);
      },
    );
  }
}

Deno.test("a UDP server that may not answer a peer says so, and goes on", async () => {
  const net = "localhost:0";
  const args = ["--hostname", "localhost", "--port", "0"];
  await using server = start("udp/server.ts", net, args);
  // The name may mean either family first.
  const [, host, port] = await server.err.until(
    /listening on (\S+):(\d+)\n/,
  );
  const hostname = host.replace(/[[\]]/g, "");
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname,
    port: 0,
  });
  const address = { transport: "udp", hostname } as const;
  const { port: own } = socket.addr as Deno.NetAddr;
  const at = RegExp.escape(host);
  const grant = RegExp.escape(quote(`--allow-net=localhost,${host}`));
  for (const i of [1, 2]) {
    await socket.send(new Uint8Array([65]), { ...address, port: Number(port) });
    await server.err.until(
      RegExp(
        `(server: Deno's sandbox does not allow ${at}:${own}; run it as: ` +
          `deno run ${grant} udp/server\\.ts --hostname localhost --port 0\\n)` +
          `{${i}}$`,
      ),
    );
  }
  socket.close();
});
