import { assertEquals } from "@std/assert";
import { exchange } from "../../client.ts";
import { serve } from "../../server.ts";
import {
  linux,
  needs,
  noise,
  type Path,
  Process,
  program,
  SCRIPTS,
  start,
  superuser,
  unix,
} from "../harness.ts";

/** Runs a script to its end: the one line it tells, and its exit code. */
async function fail(path: Path, net: string | undefined, args: string[]) {
  await using script = start(path, net, args);
  const code = await script.code();
  const [line, ...rest] = script.err.text.split("\n");
  assertEquals(rest, [""], `one line, no stack trace: ${script.err.text}`);
  assertEquals(script.out.text, "");
  return [code, line];
}

function role(path: Path): string {
  return path.includes("server") ? "server" : "client";
}

/** Listens on a free port of a loopback address. */
function occupy(transport: "tcp" | "udp", hostname = "127.0.0.1") {
  const at = { hostname, port: 0 };
  const socket = transport === "tcp"
    ? Deno.listen(at)
    : Deno.listenDatagram({ transport, ...at });
  const { port } = socket.addr as Deno.NetAddr;
  return { port, [Symbol.dispose]: () => socket.close() };
}

// --- The command line was wrong: 2 -------------------------------------------

// What else can be wrong, and how it is said, is in unit/flags_test.ts.
const WRONG: [path: Path, args: string[], words: string][] = [
  [
    "server.ts",
    ["--no-verbose"],
    "unknown flag --no-verbose; --help lists them",
  ],
  [
    "client.ts",
    ["--port", "0"],
    '--port takes a whole number from 1 to 65535, not "0"',
  ],
  [
    "udp/server.ts",
    ["--hostname", "\x1b[2J"],
    "--hostname takes a name or an address (its port goes to --port), " +
    'not "\\x1b[2J"',
  ],
  [
    "udp/client.ts",
    ["--message"],
    "--message needs a value, written --message=VALUE",
  ],
];

for (const [path, args, words] of WRONG) {
  Deno.test(`${path}: a wrong command line is reported, exit 2`, async () => {
    // Nothing is granted: a wrong command line never gets as far as a socket.
    assertEquals(await fail(path, undefined, args), [
      2,
      `${role(path)}: ${words}`,
    ]);
  });
}

/** Linux keeps the ports below 1024 for root, unless it is told otherwise. */
const unprivileged: [boolean, string][] = [
  linux,
  program("setpriv"),
];

// --- The work failed: 1 ------------------------------------------------------

for (
  const [path, transport] of [["server.ts", "tcp"], [
    "udp/server.ts",
    "udp",
  ]] as const
) {
  Deno.test(`${path}: a port in use`, async () => {
    using taken = occupy(transport);
    const args = ["--port", `${taken.port}`];
    assertEquals(await fail(path, "127.0.0.1", args), [
      1,
      `server: port ${taken.port} is in use; stop the program that has it, ` +
      "or choose another with --port",
    ]);
  });

  Deno.test(`${path}: an address of another machine`, async () => {
    // 192.0.2.0/24 is kept for documentation: no machine has it.
    const args = ["--hostname", "192.0.2.1", "--port", "0"];
    assertEquals(await fail(path, "192.0.2.1", args), [
      1,
      "server: 192.0.2.1 is not an address of this machine; " +
      "choose one that is, such as 127.0.0.1, with --hostname",
    ]);
  });

  Deno.test(
    needs(`${path}: a privileged port, without privilege`, ...unprivileged),
    async () => {
      const command = [
        Deno.execPath(),
        "run",
        "--allow-net=127.0.0.1",
        path,
        "--port=1023",
      ];
      if (Deno.uid() === 0) {
        command.unshift("setpriv", "--bounding-set=-net_bind_service");
      }
      await using script = new Process(command[0], command.slice(1));
      assertEquals([await script.code(), script.err.text], [
        1,
        "server: port 1023 is privileged: the system keeps those below 1024 " +
        "for root; choose one from 1024 up with --port\n",
      ]);
    },
  );
}

for (const path of SCRIPTS) {
  Deno.test(`${path}: a name that does not resolve`, async () => {
    const hostname = "no-such-name.invalid"; // RFC 6761: never resolves
    // That is no reason to wait, as a refusal is.
    const wait = path === "client.ts" ? ["--wait", "60"] : [];
    const args = ["--hostname", hostname, ...wait];
    const net = `${hostname},0.0.0.0:0`;
    assertEquals(await fail(path, net, args), [
      1,
      `${role(path)}: no address is known for the name ${hostname}; check ` +
      "its spelling, or give an address such as 127.0.0.1",
    ]);
  });
}

for (const path of ["server.ts", "client.ts"] as const) {
  Deno.test(`${path}: what can be no name`, async () => {
    // Deno takes no such grant, either.
    assertEquals(await fail(path, undefined, ["--hostname", "a..b"]), [
      1,
      `${role(path)}: "a..b" is neither a name nor an address`,
    ]);
  });

  Deno.test(`${path}: a refusal that has no words of ours`, async () => {
    // A link-local address without its zone.
    const args = ["--hostname", "fe80::1"];
    assertEquals(await fail(path, "[fe80::1]", args), [
      1,
      `${role(path)}: [fe80::1]:1234: Invalid argument (os error 22)`,
    ]);
  });
}

Deno.test(
  needs(
    "client.ts: no network leads there",
    linux,
    superuser,
    program("unshare"),
  ),
  async () => {
    // A host of its own, without any network.
    const wrap = ["unshare", "--net"];
    const args = ["--hostname", "192.0.2.1"];
    await using client = start("client.ts", "192.0.2.1", args, { wrap });
    assertEquals([await client.code(), client.err.text], [
      1,
      "client: no network leads to 192.0.2.1:1234\n",
    ]);
  },
);

Deno.test("client.ts: nobody listens there", async () => {
  const taken = occupy("tcp");
  taken[Symbol.dispose]();
  const args = ["--port", `${taken.port}`];
  assertEquals(await fail("client.ts", `127.0.0.1:${taken.port}`, args), [
    1,
    `client: nobody listens on 127.0.0.1:${taken.port}; start the server ` +
    "first, or wait for it with --wait 10",
  ]);
});

Deno.test("client.ts: the server is silent", async () => {
  using silent = occupy("tcp");
  const args = ["--port", `${silent.port}`, "--timeout", "0.2"];
  assertEquals(await fail("client.ts", `127.0.0.1:${silent.port}`, args), [
    1,
    `client: 127.0.0.1:${silent.port}: silent for 0.2 s; is the server there? ` +
    "Wait longer with --timeout (0: for ever)",
  ]);
});

// Elsewhere a full backlog refuses.
Deno.test(
  needs("client.ts: nobody accepts the connection", linux),
  async () => {
    using listener = Deno.listen({
      hostname: "127.0.0.1",
      port: 0,
      tcpBacklog: 0,
    });
    const { port } = listener.addr;
    using _only = await Deno.connect({ hostname: "127.0.0.1", port });
    const args = ["--port", `${port}`, "--timeout", "0.2"];
    assertEquals(await fail("client.ts", `127.0.0.1:${port}`, args), [
      1,
      `client: 127.0.0.1:${port}: silent for 0.2 s; is the server there? ` +
      "Wait longer with --timeout (0: for ever)",
    ]);
  },
);

Deno.test(
  needs("client.ts: the server resets the connection", program("python3")),
  async () => {
    const args = ["tests/peers/resetting_server.py"];
    await using server = new Process("python3", args);
    const [port] = await server.err.until(/\d+(?=\n)/);
    const net = `127.0.0.1:${port}`;
    await using client = start("client.ts", net, ["--port", port]);
    assertEquals([await client.code(), client.out.text, client.err.text], [
      1,
      "Hi",
      `client: ${net} reset the connection before its end; try again\n`,
    ]);
  },
);

Deno.test(needs("client.ts: nobody reads what it prints", unix), async () => {
  await using server = serve({ port: 0, message: noise(2 ** 20) });
  const { port } = server.addr;
  // The greeting is larger than any pipe: the client is still writing when
  // head has read enough and is gone.
  await using shell = new Process("sh", [
    "-c",
    '{ "$0" run --allow-net=127.0.0.1:$1 client.ts --port $1; ' +
    "echo $? >&2; } | head -c 1",
    Deno.execPath(),
    `${port}`,
  ]);
  await shell.code();
  assertEquals(
    shell.err.text,
    "client: cannot write to standard output: somebody closed it\n1\n",
  );
});

Deno.test(
  needs("client.ts: standard output takes nothing", linux),
  async () => {
    await using server = serve({ port: 0 });
    const { port } = server.addr;
    await using shell = new Process("sh", [
      "-c",
      '"$0" run --allow-net=127.0.0.1:$1 client.ts --port $1 >/dev/full',
      Deno.execPath(),
      `${port}`,
    ]);
    assertEquals([await shell.code(), shell.err.text], [
      1,
      "client: cannot write to standard output: No space left on device " +
      "(os error 28)\n",
    ]);
  },
);

Deno.test(needs("client.ts: standard input cannot be read", unix), async () => {
  await using server = serve({ port: 0 });
  const { port } = server.addr;
  await using shell = new Process("sh", [
    "-c",
    '"$0" run --allow-net=127.0.0.1:$1 client.ts --port $1 --message - <.',
    Deno.execPath(),
    `${port}`,
  ]);
  assertEquals([await shell.code(), shell.err.text], [
    1,
    "client: cannot read standard input: Is a directory (os error 21)\n",
  ]);
});

Deno.test(
  needs("server.ts: standard output takes nothing", linux),
  async () => {
    await using shell = new Process("sh", [
      "-c",
      'exec "$0" run --allow-net=127.0.0.1:0 server.ts --port 0 >/dev/full',
      Deno.execPath(),
    ]);
    const [, port] = await shell.err.until(/listening on \S+:(\d+)\n/);
    for (const _ of [1, 2]) await exchange({ port: Number(port) });
    shell.kill("SIGTERM");
    assertEquals([await shell.code(), shell.err.text], [
      0,
      `server: listening on 127.0.0.1:${port}\n` +
      "server: cannot write to standard output: No space left on device " +
      "(os error 28); what clients say is not shown\n",
    ]);
  },
);

Deno.test(needs("server.ts: nobody reads what it prints", unix), async () => {
  await using shell = new Process("sh", [
    "-c",
    '{ "$0" run --allow-net=127.0.0.1:0 server.ts --port 0 & ' +
    "echo pid $! >&2; wait; } | head -c 1",
    Deno.execPath(),
  ]);
  const [, pid] = await shell.err.until(/pid (\d+)/);
  const [, port] = await shell.err.until(/listening on \S+:(\d+)/);
  const message = noise(2 ** 20);
  await exchange({ port: Number(port), message });
  await shell.err.until(
    /server: cannot write to standard output: somebody closed it; what clients say is not shown\n/,
  );
  const { received } = await exchange({ port: Number(port), message });
  assertEquals(received, "Message from the server.".length);
  Deno.kill(Number(pid));
  assertEquals(await shell.code(), 0);
});
