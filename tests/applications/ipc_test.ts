/**
 * The service in capitals, as other programs reach it: over TCP, over a Unix
 * domain socket, and over TLS.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { withTimeout, writeAll } from "../../lib/io.ts";
import { selfSigned } from "../../notebook/applications/certificate.ts";
import { frame } from "../../lib/framing.ts";
import type { Server } from "../../lib/serve.ts";
import { listenUnix } from "../../notebook/applications/unix.ts";
import { ask, serve } from "../../notebook/applications/upper.ts";
import {
  audited,
  linux,
  needs,
  Process,
  program,
  read,
  ROOT,
  type ScriptOptions,
  unix,
} from "../harness.ts";

const python = program("python3");
const openssl = program("openssl");

/** The bytes of a text, or of the numbers that they are. */
function bytes(text: string | number[]): Uint8Array<ArrayBuffer> {
  return typeof text === "string"
    ? new TextEncoder().encode(text)
    : Uint8Array.from(text);
}

/** The frames of some texts, one after the other. */
function framed(...texts: string[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(texts.flatMap((text) => [...frame(bytes(text))]));
}

/** A folder that is gone after the test, and a path in it for a socket. */
async function place() {
  const folder = await Deno.makeTempDir();
  return {
    folder,
    path: `${folder}/door`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Whether something is there. */
async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

// --- The service, over each kind of socket -----------------------------------

/** The service on a socket of some kind, with the errors that it told. */
interface Service extends AsyncDisposable {
  /** What another program needs to reach it: a port or a path. */
  at: string;
  /** The file with its certificate, if it has one. */
  cert?: string;
  errors: string[];
  connect(): Promise<Deno.Conn<Deno.Addr>>;
}

/** A service that keeps what it tells; the folder goes with it. */
function keep<C extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<C, A>,
  rest: Omit<Service, "errors" | typeof Symbol.asyncDispose>,
  folder?: AsyncDisposable,
): Service {
  const errors: string[] = [];
  const server: Server<A> = serve(listener, {
    onError: (error) => void errors.push(error.name),
  });
  return {
    ...rest,
    errors,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

type Kind = "tcp" | "unix" | "tls";

const SERVICES: Record<Kind, () => Promise<Service>> = {
  // deno-lint-ignore require-await
  async tcp() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    return keep(listener, {
      at: `${port}`,
      connect: () => Deno.connect({ port }),
    });
  },
  async unix() {
    const folder = await place();
    const { path } = folder;
    return keep(await listenUnix(path), {
      at: path,
      connect: () => Deno.connect({ transport: "unix", path }),
    }, folder);
  },
  async tls() {
    const folder = await place();
    const identity = await selfSigned("localhost");
    const cert = `${folder.folder}/cert.pem`;
    await Deno.writeTextFile(cert, identity.cert);
    const at = { hostname: "127.0.0.1", port: 0 };
    const listener = Deno.listenTls({ ...at, ...identity });
    const { port } = listener.addr;
    const caCerts = [identity.cert];
    return keep(listener, {
      at: `${port}`,
      cert,
      connect: () => Deno.connectTls({ port, caCerts }),
    }, folder);
  },
};

/** Asserts that somebody new is served. */
async function assertServes({ connect }: Pick<Service, "connect">) {
  using conn = await connect();
  assertEquals(await ask(conn)("hello"), "HELLO");
}

/** Asks as much as fits into a test of a program, and checks what comes. */
const PYTHON = `
import socket, ssl, struct, sys
kind, at, cert, name = sys.argv[1:]
if kind == "unix":
    conn = socket.socket(socket.AF_UNIX)
    conn.connect(at)
else:
    conn = socket.create_connection(("127.0.0.1", int(at)))
if kind == "tls":
    context = ssl.create_default_context(cafile=cert or None)
    context.verify_flags |= ssl.VERIFY_X509_STRICT # as is usual from 3.13 on
    conn = context.wrap_socket(conn, server_hostname=name)
answers = conn.makefile("rb")
for text in ["hello", "", "grüß 😀", "x" * 100_000]:
    data = text.encode()
    conn.sendall(struct.pack(">I", len(data)) + data)
    length, = struct.unpack(">I", answers.read(4))
    assert answers.read(length).decode() == text.upper()
print("all is well")
`;

/** Runs the program above. */
function runPython(
  kind: Kind,
  { at, cert = "" }: { at: string; cert?: string },
  name = "localhost",
): Process {
  return new Process("python3", ["-c", PYTHON, kind, at, cert, name]);
}

for (const kind of ["tcp", "unix", "tls"] as const) {
  Deno.test(
    needs(`over ${kind}: Python is answered`, python, unix),
    async () => {
      await using service = await SERVICES[kind]();
      await using client = runPython(kind, service);
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.text, "all is well\n");
    },
  );
}

const PROGRAMS: [name: Kind, command: (at: string) => string[]][] = [
  ["tcp", (at) => ["nc", "-N", "127.0.0.1", at]],
  ["tcp", (at) => ["socat", "-t60", "-", `TCP4:127.0.0.1:${at}`]],
  ["unix", (at) => ["nc", "-N", "-U", at]],
  ["unix", (at) => ["socat", "-t60", "-", `UNIX-CONNECT:${at}`]],
];

for (const [kind, command] of PROGRAMS) {
  const [tool] = command("");
  Deno.test(
    needs(`over ${kind}: ${tool} is answered`, program(tool), unix),
    async () => {
      await using service = await SERVICES[kind]();
      const [tool, ...args] = command(service.at);
      const stdin = framed("hello", "", "grüß 😀");
      await using client = new Process(tool, args, { stdin });
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.bytes, framed("HELLO", "", "GRÜSS 😀"));
      assertEquals(service.errors, []);
    },
  );
}

Deno.test(needs("over tls: openssl is answered", openssl, unix), async () => {
  await using service = await SERVICES.tls();
  await using client = new Process("openssl", [
    ...["s_client", "-quiet", "-verify_return_error", "-no-CApath"],
    ...["-CAfile", service.cert!, "-verify_hostname", "localhost"],
    ...["-connect", `127.0.0.1:${service.at}`],
  ], { stdin: framed("hello", "grüß 😀"), keepOpen: true });
  await client.out.until(/GRÜSS 😀$/);
  assertEquals(client.out.bytes, framed("HELLO", "GRÜSS 😀"));
});

for (const kind of ["tcp", "unix", "tls"] as const) {
  Deno.test(`over ${kind}: many ask at once, and each is answered`, async () => {
    await using service = await SERVICES[kind]();
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      using conn = await service.connect();
      const said = ask(conn);
      for (const text of [`client ${i}`, "", "x".repeat(100_000)]) {
        assertEquals(await said(text), text.toUpperCase());
      }
    }));
    assertEquals(service.errors, []);
  });
}

Deno.test("what is sent back is what was sent, in capitals", async () => {
  await using service = await SERVICES.tcp();
  using conn = await service.connect();
  const said = ask(conn);
  for (
    const text of ["straße", "Ιστανμπουλ", "日本語 42", "\0\r\n", "\ufeffbom"]
  ) {
    assertEquals(await said(text), text.toUpperCase());
  }
});

Deno.test("who may ask it may hear the answer, although capitals can be longer", async () => {
  await using service = await SERVICES.tcp();
  using conn = await service.connect();
  const text = "ΐ".repeat(2 ** 19); // 2 bytes each, and 6 as capitals
  const answer = await ask(conn)(text);
  assert(answer === text.toUpperCase());
});

Deno.test("a service that ends without an answer is an error, and no answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using conn = await Deno.connect({ port: listener.addr.port });
  const asked = assertRejects(
    () => ask(conn)("hello"),
    Deno.errors.UnexpectedEof,
    "there was no answer",
  );
  using accepted = await listener.accept();
  await accepted.read(new Uint8Array(100));
  await accepted.closeWrite();
  await asked;
});

// --- Clients that do it wrong ------------------------------------------------

const WRONG: [name: string, sent: Uint8Array, error: string][] = [
  ["half a length", bytes([0, 0]), "UnexpectedEof"],
  ["a length alone", bytes([0, 0, 0, 1]), "UnexpectedEof"],
  ["half a message", framed("hello").slice(0, -1), "UnexpectedEof"],
  ["a byte too many", bytes([0, 16, 0, 1]), "InvalidData"],
  ["four gibibytes", bytes([255, 255, 255, 255]), "InvalidData"],
  ["a web browser's words", bytes("GET / HTTP/1.1\r\n\r\n"), "InvalidData"],
];

for (const kind of ["tcp", "unix", "tls"] as const) {
  for (const [name, sent, error] of WRONG) {
    Deno.test(`over ${kind}: ${name} ends that conversation and no other`, async () => {
      await using service = await SERVICES[kind]();
      using other = await service.connect();
      const said = ask(other);
      assertEquals(await said("before"), "BEFORE");
      using conn = await service.connect();
      await writeAll(conn, sent);
      await conn.closeWrite().catch(() => {}); // it may be closed already
      // It may be the end, or a reset if something was left unread.
      const end = await conn.read(new Uint8Array(1)).catch(() => null);
      assertEquals([end, service.errors], [null, [error]]);
      assertEquals(await said("after"), "AFTER");
      await assertServes(service);
    });
  }
}

Deno.test("what is not UTF-8 is answered with U+FFFD in its place", async () => {
  await using service = await SERVICES.tcp();
  using conn = await service.connect();
  await writeAll(conn, frame(bytes([97, 255, 98])));
  const answer = new Uint8Array(9);
  assertEquals(await conn.read(answer), 9);
  assertEquals(answer, framed("A\ufffdB"));
});

Deno.test("a megabyte is let in", async () => {
  await using service = await SERVICES.tcp();
  using conn = await service.connect();
  const answer = await ask(conn)("x".repeat(2 ** 20));
  assert(answer === "X".repeat(2 ** 20));
});

const SLOW: [name: string, sent: Uint8Array][] = [
  ["nothing at all", bytes("")],
  ["half a length", bytes([0, 0])],
  ["half a message", framed("hello").slice(0, -1)],
  // More than the kernel keeps for somebody who doesn't read the answers.
  ["100 megabytes, and no ear for the answers", many(100)],
];

for (const [name, sent] of SLOW) {
  Deno.test(`who sends ${name} is given up after a while`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const failed = Promise.withResolvers<Error>();
    await using server = serve(listener, {
      timeout: 0.2,
      onError: failed.resolve,
    });
    using conn = await Deno.connect({ port: server.addr.port });
    const sending = writeAll(conn, sent).catch(() => {}); // until we're given up
    const error = await withTimeout(60, failed.promise);
    assertEquals(
      [error?.name, error?.message],
      ["TimedOut", "without a whole message for 0.2 s"],
    );
    await sending;
  });
}

/** So many messages of a megabyte each. */
function many(count: number): Uint8Array<ArrayBuffer> {
  const one = frame(new Uint8Array(2 ** 20).fill(97));
  const all = new Uint8Array(count * one.length);
  for (let i = 0; i < count; i++) all.set(one, i * one.length);
  return all;
}

// --- A program of its own, under its grants and no more ----------------------

const SCRIPT = "notebook/applications/upper.ts";

/** The flags under which it works. */
function grantsOf(path: string): Record<string, string> {
  return {
    net: `--allow-net=unix:${path}`,
    read: `--allow-read=${path}`,
    write: `--allow-write=${path}`,
  };
}

/** Runs it as a program. */
function run(
  path: string,
  grants = grantsOf(path),
  options?: ScriptOptions,
): Process {
  const flags = ["-q", "--no-prompt", ...Object.values(grants)];
  const script = fileURLToPath(new URL(SCRIPT, ROOT));
  const args = ["run", ...flags, script, path];
  return new Process(Deno.execPath(), args, options);
}

/** Asserts that a program answers there. */
async function assertAnswers(path: string): Promise<void> {
  await assertServes({
    connect: () => Deno.connect({ transport: "unix", path }),
  });
}

Deno.test(
  needs("as a program it asks for its path and nothing else", unix),
  async () => {
    await using at = await place();
    const { path } = at;
    const asked = await audited(async (options) => {
      await using server = run(path, grantsOf(path), options);
      await server.err.until(/listening on .*door\n/);
      await assertAnswers(path);
      server.kill("SIGTERM");
      assertEquals(await server.code(), 0);
    });
    assertEquals(asked, [`net unix:${path}`, `read ${path}`, `write ${path}`]);
  },
);

Deno.test(needs("the command of its documentation works", unix), async () => {
  await using at = await place();
  const { folder, path } = at;
  const source = await Deno.readTextFile(new URL(SCRIPT, ROOT));
  const [, args] = /^ \* deno (run .*)$/m.exec(source)!;
  const command = args
    .replaceAll(/\/tmp\b/g, folder) // there it may be in somebody's way
    .replace(SCRIPT, `'${fileURLToPath(new URL(SCRIPT, ROOT))}'`);
  const shell = ["-c", `exec "$0" ${command}`, Deno.execPath()];
  await using server = new Process("sh", shell, { cwd: folder });
  await server.err.until(/listening on .*door\n/);
  await assertAnswers(path);
});

const BAD_PATHS: [what: string, path: (at: string) => string, line: RegExp][] =
  [
    ["no path", () => "", /^upper\.ts needs the path to listen on\n$/],
    [
      "a path in no folder",
      (at) => `${at}/none`,
      /^cannot listen on \S+\/none: \w+: .*\n$/,
    ],
    [
      "a path of 200 bytes",
      (at) => `${at}${"x".repeat(200)}`,
      /^cannot listen on \S+xxx: \w+: .*\n$/,
    ],
    [
      "a path that moves the cursor",
      (at) => `${at}/\x1b[2J`,
      /^cannot listen on \S+\/\\x1b\[2J: \w+: .*\n$/,
    ],
  ];

for (const [what, toPath, line] of BAD_PATHS) {
  Deno.test(needs(`${what}: that is told in one line`, unix), async () => {
    await using at = await place();
    const path = toPath(at.path);
    const grants = path ? grantsOf(path) : {};
    await using server = run(path, grants);
    assertEquals(await server.code(), path ? 1 : 2);
    assertMatch(server.err.text, line);
  });
}

for (const grant of ["net", "read", "write"]) {
  for (const [how, flags] of [["no", undefined], ["another path's", "2"]]) {
    Deno.test(
      needs(`under ${how} --allow-${grant} it is refused`, unix),
      async () => {
        await using at = await place();
        const { path } = at;
        const { [grant]: flag, ...others } = grantsOf(path);
        const grants = flags ? { ...others, [grant]: flag + flags } : others;
        await using server = run(path, grants);
        assertEquals(await server.code(), 1);
        assertMatch(
          server.err.text,
          RegExp(`NotCapable: Requires ${grant} access to "[^"]*door"`),
        );
        assertEquals(await isThere(path), false);
      },
    );
  }
}

Deno.test(
  needs("a killed server's file does not stop the next one", unix),
  async () => {
    await using at = await place();
    const { path } = at;
    await using killed = run(path);
    await killed.err.until(/listening/);
    killed.kill("SIGKILL");
    await killed.code();
    assert((await Deno.lstat(path)).isSocket);
    await using next = run(path);
    await next.err.until(/listening/);
    await assertAnswers(path);
  },
);

Deno.test(
  needs("a second server leaves the first one alone", unix),
  async () => {
    await using at = await place();
    const { path } = at;
    await using first = run(path);
    await first.err.until(/listening/);
    await using second = run(path);
    const [said] = await second.err.until(/AddrInUse|listening/);
    assertEquals(said, "AddrInUse");
    assertEquals(await second.code(), 1);
    await assertAnswers(path);
  },
);

/** Resolves when a server's path is free: nobody new may come in. */
async function untilFree(path: string, server: Process): Promise<void> {
  let ended = false;
  server.code().then(() => ended = true);
  while (!ended && await isThere(path));
}

Deno.test(
  needs("SIGTERM lets a conversation end, and removes the file", unix),
  async () => {
    await using at = await place();
    const { path } = at;
    await using server = run(path);
    await server.err.until(/listening/);
    using conn = await Deno.connect({ transport: "unix", path });
    assertEquals(await ask(conn)("hello"), "HELLO"); // it has accepted us
    const message = framed("still here");
    await writeAll(conn, message.slice(0, 7));
    server.kill("SIGTERM");
    await untilFree(path, server);
    await writeAll(conn, message.slice(7));
    const answer = new Uint8Array(100);
    const n = await conn.read(answer);
    assertEquals(answer.slice(0, n!), framed("STILL HERE"));
    conn.close();
    assertEquals(await server.code(), 0);
    assertEquals(await isThere(path), false);
  },
);

Deno.test(
  needs("who looks whether somebody listens is no trouble to him", unix),
  async () => {
    await using service = await SERVICES.unix();
    await assertRejects(() => listenUnix(service.at), Deno.errors.AddrInUse);
    await assertServes(service);
    assertEquals(service.errors, []);
  },
);

/** Leaves the file of a socket that nobody listens on. */
const STALE =
  "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";

const KEPT: [name: string, make: (path: string) => Promise<unknown>][] = [
  ["a file", (path) => Deno.writeTextFile(path, "the only copy")],
  ["an empty file", (path) => Deno.writeTextFile(path, "")],
  ["a folder", (path) => Deno.mkdir(path)],
  ["a link to nowhere", (path) => Deno.symlink("nowhere", path)],
  ["a link to a socket that was left", async (path) => {
    await read("python3", "-c", STALE, `${path}2`);
    await Deno.symlink(`${path}2`, path);
  }],
];

for (const [name, make] of KEPT) {
  Deno.test(
    needs(`${name} in its place stays there`, python, unix),
    async () => {
      await using at = await place();
      const { path } = at;
      await make(path);
      const before = await Deno.lstat(path);
      await assertRejects(() => listenUnix(path), Deno.errors.AddrInUse);
      const after = await Deno.lstat(path);
      assertEquals([after.ino, after.size], [before.ino, before.size]);
    },
  );
}

Deno.test(
  needs("a socket that another program left is taken over", python, unix),
  async () => {
    await using at = await place();
    await read("python3", "-c", STALE, at.path);
    await using _ = serve(await listenUnix(at.path));
    await assertAnswers(at.path);
  },
);

/** Holds a path, and has no time for anybody who comes there. */
const HOLD = `
import socket, sys
kind, path = getattr(socket, sys.argv[1]), sys.argv[2]
held = socket.socket(socket.AF_UNIX, kind)
held.bind(path)
waiting = []
if kind == socket.SOCK_STREAM:
    held.listen(0)
    try:
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect(path)
    except BlockingIOError:
        pass # the backlog is full
print("held", flush=True)
sys.stdin.read()
`;

for (
  const [name, kind] of [
    ["a server that is too busy", "SOCK_STREAM"],
    ["a socket for datagrams", "SOCK_DGRAM"],
  ]
) {
  // Elsewhere a full backlog refuses, as if nobody were there.
  Deno.test(needs(`${name} keeps its place`, python, linux), async () => {
    await using at = await place();
    const args = ["-c", HOLD, kind, at.path];
    const stdin = { stdin: new Uint8Array(), keepOpen: true };
    await using holder = new Process("python3", args, stdin);
    await holder.out.until(/held/);
    const { ino } = await Deno.lstat(at.path);
    await assertRejects(() => listenUnix(at.path), Deno.errors.AddrInUse);
    assertEquals((await Deno.lstat(at.path)).ino, ino);
  });
}

// --- TLS: who believes whom --------------------------------------------------

/** Shakes hands with a server that should be who it is said to be. */
async function shakeHands(
  port: number,
  hostname: string,
  caCerts: string[] = [],
): Promise<void> {
  const plain = await Deno.connect({ hostname: "127.0.0.1", port });
  using conn = await Deno.startTls(plain, { hostname, caCerts });
  await conn.handshake();
}

Deno.test("over tls: only who has the certificate believes the server", async () => {
  await using service = await SERVICES.tls();
  const port = Number(service.at);
  const mine = await Deno.readTextFile(service.cert!);
  const { cert: another } = await selfSigned("localhost");
  for (
    const [hostname, caCerts] of [
      ["localhost", []],
      ["localhost", [another]], // of the same name, but not of the same key
      ["example.org", [mine]],
      ["127.0.0.2", [mine]],
    ] as [string, string[]][]
  ) {
    const told = service.errors.length;
    await assertRejects(
      () => shakeHands(port, hostname, caCerts),
      Deno.errors.InvalidData,
      "invalid peer certificate",
    );
    await assertServes(service);
    assertEquals(service.errors.slice(told), ["InvalidData"]);
  }
  for (const hostname of ["localhost", "127.0.0.1"]) {
    await shakeHands(port, hostname, [mine]);
  }
});

Deno.test(
  needs("over tls: openssl without the certificate refuses", openssl, unix),
  async () => {
    await using service = await SERVICES.tls();
    await using client = new Process("openssl", [
      ...["s_client", "-quiet", "-verify_return_error"],
      ...["-connect", `127.0.0.1:${service.at}`],
    ], { stdin: framed("hello"), keepOpen: true });
    assertEquals(await client.code(), 1);
    assertMatch(client.err.text, /verify error:num=18:self.signed certificate/);
    assertEquals(client.out.text, "");
    await assertServes(service);
    assertEquals(service.errors, ["InvalidData"]);
  },
);

for (
  const [name, given, host] of [
    ["without the certificate", false, "localhost"],
    ["with it, but for another name", true, "example.org"],
  ] as const
) {
  Deno.test(
    needs(`over tls: Python ${name} refuses`, python, unix),
    async () => {
      await using service = await SERVICES.tls();
      const { at, cert } = service;
      await using client = runPython(
        "tls",
        given ? { at, cert } : { at },
        host,
      );
      assertEquals(await client.code(), 1);
      assertStringIncludes(client.err.text, "SSLCertVerificationError");
      await assertServes(service);
      assertEquals(service.errors, ["InvalidData"]);
    },
  );
}

const NOT_TLS: [name: string, sent: Uint8Array, error: string][] = [
  ["a frame", framed("hello"), "InvalidData"],
  ["a web browser's words", bytes("GET / HTTP/1.1\r\n\r\n"), "InvalidData"],
  ["many zeros", new Uint8Array(2 ** 20), "InvalidData"],
  ["nothing at all", bytes(""), "UnexpectedEof"],
  ["half a hello", bytes([22, 3, 1, 0, 9, 1]), "UnexpectedEof"],
];

for (const [name, sent, error] of NOT_TLS) {
  Deno.test(`over tls: ${name} in plain text does no harm`, async () => {
    await using service = await SERVICES.tls();
    using conn = await Deno.connect({ port: Number(service.at) });
    // The server may be gone before it has taken all.
    await writeAll(conn, sent).catch(() => {});
    await conn.closeWrite().catch(() => {});
    await new Response(conn.readable).bytes().catch(() => {});
    await assertServes(service);
    assertEquals(service.errors, [error]);
  });
}

Deno.test(
  needs(
    "a certificate is a day's, of one name, and of a key of its own",
    openssl,
  ),
  async () => {
    await using at = await place();
    const [one, other] = [
      await selfSigned("a.test"),
      await selfSigned("a.test"),
    ];
    assert(one.key !== other.key);
    const file = `${at.folder}/cert.pem`;
    await Deno.writeTextFile(file, one.cert);
    const x509 = (...args: string[]) => {
      return read("openssl", "x509", "-in", file, "-noout", ...args);
    };
    assertMatch(
      await x509("-ext", "subjectAltName"),
      /\bDNS:a\.test, IP Address:127\.0\.0\.1\n$/,
    );
    await x509("-checkend", `${23 * 60 * 60}`); // it fails if it ends before
    await assertRejects(() => x509("-checkend", `${25 * 60 * 60}`));
    await read("openssl", "verify", "-x509_strict", "-CAfile", file, file);
  },
);
