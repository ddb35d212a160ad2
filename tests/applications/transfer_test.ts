/**
 * Files that are sent and received: of any size with little memory, torn and
 * gone on with, and refused where something about them is wrong. Whatever a
 * sender does, a name stands for a whole and right file, in its folder.
 */

import { createHash } from "node:crypto";
import type net from "node:net";
import { join } from "node:path";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  fail,
} from "@std/assert";
import { format as formatBytes } from "@std/fmt/bytes";
import { writeAll } from "../../lib/io.ts";
import { Transcript } from "../../lib/process.ts";
import { Store } from "../../notebook/applications/store.ts";
import {
  serve,
  type ServeOptions,
} from "../../notebook/applications/receive.ts";
import { send, type SendOptions } from "../../notebook/applications/send.ts";
import {
  audited,
  connect,
  descriptorsOf,
  failure,
  linux,
  memoryOf,
  needs,
  noise,
  Process,
  program,
  read,
  ROOT,
  type ScriptOptions,
  start,
  superuser,
  times,
  unix,
  untilClosed,
} from "../harness.ts";

const RECEIVE = "notebook/applications/receive.ts";
const SEND = "notebook/applications/send.ts";
const TAKEN = "there is another file of that name already";
const WRONG_SHA = "the SHA-256 of what came is another one";

/** Runs one of the two scripts under these grants. */
function run(
  path: string,
  grants: string[],
  args: string[],
  { wrap = [], ...options }: ScriptOptions = {},
): Process {
  const all = ["run", "-q", "--no-prompt", ...grants, path, ...args];
  const [command, ...rest] = [...wrap, Deno.execPath(), ...all];
  return new Process(command, rest, options);
}

/** A folder that is gone after the test; files are received into `in`. */
async function workshop() {
  const path = await Deno.makeTempDir();
  const folder = `${path}/in`;
  return {
    path,
    folder,
    /** Puts bytes into a file beside the folder; resolves to its path. */
    async file(name: string, bytes: Uint8Array): Promise<string> {
      await Deno.writeFile(`${path}/${name}`, bytes);
      return `${path}/${name}`;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Starts a receiver on a free port, under its exact grants. */
async function receiver(
  folder: string,
  args: string[] = [],
  options?: ScriptOptions,
) {
  const process = run(
    RECEIVE,
    [
      "--allow-net=127.0.0.1:0",
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
    ],
    ["--port", "0", "--folder", folder, ...args],
    options,
  );
  const [, port] = await process.err.until(/^server: listening on \S+:(\d+)\n/);
  return Object.assign(process, { port: Number(port) });
}

/** Starts a sender, under its exact grants. */
function sender(
  port: number,
  file: string,
  args: string[] = [],
  options?: ScriptOptions,
): Process {
  return run(
    SEND,
    [`--allow-net=127.0.0.1:${port}`, `--allow-read=${file}`],
    ["--port", `${port}`, "--file", file, ...args],
    options,
  );
}

/** Connects as a sender that is not ours would. */
async function dial(port: number) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const heard = new Transcript([conn.readable]);
  heard.ended.catch(() => {}); // when we close it
  return {
    heard,
    say: (text: string | Uint8Array) => writeAll(conn, text),
    /** Says that no more comes; resolves to all that was heard. */
    async end(): Promise<string> {
      await conn.closeWrite().catch(() => {}); // the other end was first
      await heard.ended;
      return heard.text.replaceAll("WAIT\n", ""); // where a second was over
    },
    [Symbol.dispose]: () => conn[Symbol.dispose](),
  };
}

/** Says something, and no more; resolves to all that is answered. */
async function ask(port: number, said: string | Uint8Array): Promise<string> {
  using call = await dial(port);
  await call.say(said).catch(() => {}); // it may be refused before its end
  return await call.end();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The line that offers some bytes under a name. */
function offer(name: string, bytes: Uint8Array): string {
  return `FILE ${bytes.length} ${sha256(bytes)} ${name}\n`;
}

/** Where a receiver keeps what it has of some bytes. */
function part(folder: string, bytes: Uint8Array, size = bytes.length): string {
  return `${folder}/.${sha256(bytes)}.${size}.part`;
}

/** The names in a folder, hidden ones, too. */
async function names(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).sort();
}

/** The size of a file; -1 if there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return -1;
    throw error;
  }
}

/** Resolves when a file has that size. */
async function untilSize(path: string, size: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (await sizeOf(path) !== size) {
    if (performance.now() > deadline) fail(`Expected ${path} to have ${size}`);
  }
}

/** Asserts that a file has these bytes, without printing them all. */
async function assertBytes(path: string, bytes: Uint8Array): Promise<void> {
  assertEquals(sha256(await Deno.readFile(path)), sha256(bytes));
}

// --- Any size ----------------------------------------------------------------

/** Makes a file of so many mebibytes, no two of them alike. */
async function makeLarge(path: string, mebibytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const bytes = noise(2 ** 20);
  for (let i = 0; i < mebibytes; i++) {
    new DataView(bytes.buffer).setUint32(0, i);
    await writeAll(file, bytes);
  }
}

/** Runs a command, and tells the kilobytes it had in memory at most. */
const MEASURE = ["python3", "-c"].concat(`
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
`);

Deno.test(
  needs(
    "1 GiB takes no more memory than 64 MiB, on neither side",
    linux,
    program("python3"),
    program("sha256sum"),
  ),
  async () => {
    await using place = await workshop();
    const peaks: Record<"sender" | "receiver", number[]> = {
      sender: [],
      receiver: [],
    };
    for (const size of [64, 1024]) {
      const file = `${place.path}/${size}.bin`;
      await makeLarge(file, size);
      await using server = await receiver(place.folder);
      await using client = sender(server.port, file, [], { wrap: MEASURE });
      assertEquals(await client.code(), 0, client.err.text);
      peaks.sender.push(Number(client.err.text));
      peaks.receiver.push(await memoryOf(server, "VmHWM"));

      // What both print is what sha256sum reads, and it agrees.
      await server.out.until(/\n$/);
      const [digest] = server.out.text.split(" ");
      assertEquals(client.out.text, `${digest}  ${file}\n`);
      await using check = new Process("sha256sum", ["--check"], {
        stdin: server.out.bytes,
      });
      assertEquals([await check.code(), check.out.text], [
        0,
        `${place.folder}/${size}.bin: OK\n`,
      ]);
      assertEquals(await names(place.folder), [`${size}.bin`]);
      await Deno.remove(place.folder, { recursive: true });
    }
    for (const [side, [small, large]] of Object.entries(peaks)) {
      console.log(`${side}: ${small} kB, and ${large} kB`);
      // Sixteen times the bytes: a sixteenth of the difference would show.
      assert(large < small + 32 * 1024, `${side}: ${small} kB, ${large} kB`);
    }
  },
);

for (const size of [0, 1, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1]) {
  Deno.test(`a file of ${size} bytes arrives, and both sides tell its SHA-256`, async () => {
    await using place = await workshop();
    const file = await place.file("some file.txt", noise(size));
    await using server = await receiver(place.folder);
    await using client = sender(server.port, file);
    assertEquals([await client.code(), client.err.text], [0, ""]);
    const digest = sha256(noise(size));
    assertEquals(client.out.text, `${digest}  ${file}\n`);
    await server.out.until(/\n$/);
    assertEquals(
      server.out.text,
      `${digest}  ${place.folder}/some file.txt\n`,
    );
    await assertBytes(`${place.folder}/some file.txt`, noise(size));
    assertEquals(await names(place.folder), ["some file.txt"]);
  });
}

Deno.test("--name gives a file another name, in any language", async () => {
  await using place = await workshop();
  const file = await place.file("a", noise(100));
  await using server = await receiver(place.folder);
  const all = [
    "日本 🐍.tar.gz",
    "👩\u200d💻", // joined by what is invisible, and seen
    "a-rf",
    "a'b$(c)",
    "console",
    "COM10",
    "x".repeat(200),
  ];
  for (const name of all) {
    await using client = sender(server.port, file, [`--name=${name}`]);
    assertEquals([await client.code(), client.err.text], [0, ""]);
    await assertBytes(`${place.folder}/${name}`, noise(100));
  }
});

// --- A sender that is not ours -----------------------------------------------

/** Sends a file with what every machine has. */
const SHELL = `
size=$(wc -c < "$2")
digest=$(sha256sum < "$2" | cut -d " " -f 1)
{ echo "FILE" $size $digest "from a shell.bin"; cat "$2"; } | nc -N 127.0.0.1 "$1"
`;

/** Sends a file, and goes on where the receiver says. */
const PYTHON = `
import hashlib, socket, sys
with open(sys.argv[2], "rb") as file:
    bytes = file.read()
digest = hashlib.sha256(bytes).hexdigest()
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    answers = s.makefile("r")
    s.sendall(f"FILE {len(bytes)} {digest} from Python.bin\\n".encode())
    while (begin := answers.readline()) == "WAIT\\n":
        pass
    print(begin, end="")
    s.sendall(bytes[int(begin.split()[1]):])
    while (verdict := answers.readline()) == "WAIT\\n":
        pass
    print(verdict, end="")
`;

Deno.test(
  needs("a shell sends a file with nc", unix, program("nc")),
  async () => {
    await using place = await workshop();
    const bytes = noise(3_000_000);
    const file = await place.file("a", bytes);
    await using server = await receiver(place.folder);
    const args = ["-c", SHELL, "sh", `${server.port}`, file];
    assertMatch(await read("sh", ...args), /^FROM 0\n(WAIT\n)*DONE\n$/);
    await assertBytes(`${place.folder}/from a shell.bin`, bytes);
  },
);

Deno.test(
  needs("Python sends the rest of what a shell began", program("python3")),
  async () => {
    await using place = await workshop();
    const bytes = noise(3_000_000);
    const file = await place.file("a", bytes);
    await using server = await receiver(place.folder);
    const begun = offer("begun.bin", bytes);
    using call = await dial(server.port);
    await call.say(begun);
    await call.say(bytes.subarray(0, 1_234_567));
    await call.end();
    const args = ["-c", PYTHON, `${server.port}`, file];
    assertEquals(await read("python3", ...args), "FROM 1234567\nDONE\n");
    await assertBytes(`${place.folder}/from Python.bin`, bytes);
    assertEquals(await names(place.folder), ["from Python.bin"]);
  },
);

// --- Torn, and gone on with --------------------------------------------------

/** Sends a file within this process; where it went on, beside what was sent. */
async function resend(port: number, file: string, options: SendOptions = {}) {
  let from = 0;
  const sent = await send(file, {
    port,
    onResume: (bytes) => from = bytes,
    ...options,
  });
  return { from, sent: sent.sent };
}

/**
 * Stands between a sender and a receiver: passes on an offer and so many bytes
 * of the file, and then cuts.
 */
function relay(
  port: number,
  most: number,
  cut: (far: net.Socket) => void | Promise<void>,
) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  async function pass(): Promise<void> {
    using near = await listener.accept();
    const far = await connect(port);
    far.on("data", (answer) => {
      near.write(answer as Uint8Array<ArrayBuffer>).catch(() => {});
    });
    const closed = new Promise((resolve) => far.on("close", resolve));
    const buffer = new Uint8Array(2 ** 16);
    let left = Infinity; // the offer is not over
    while (left > 0) {
      const n = await near.read(buffer);
      assert(n !== null, "the sender has ended too early");
      if (left === Infinity) left = buffer.indexOf(10) + 1 + most;
      const passed = buffer.slice(0, Math.min(n, left));
      far.write(passed);
      left -= passed.length;
    }
    await cut(far);
    await closed;
  }
  return {
    port: listener.addr.port,
    done: pass(),
    [Symbol.dispose]: () => listener.close(),
  };
}

const SIZE = 2 ** 20;

/** Bytes as the scripts write them. */
function shown(bytes: number): string {
  return formatBytes(bytes);
}

for (const most of [0, 1, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, SIZE - 1]) {
  for (const how of ["the sender is killed", "the connection is reset"]) {
    Deno.test(
      needs(`after ${most} of ${SIZE} bytes ${how}: it goes on there`, unix),
      async () => {
        await using place = await workshop();
        const bytes = noise(SIZE);
        const file = await place.file("a.bin", bytes);
        await using server = await receiver(place.folder);
        const kept = part(place.folder, bytes);
        using wire = relay(server.port, most, async (far) => {
          await untilSize(kept, most); // a reset may destroy what was not read
          if (how.includes("reset")) return void far.resetAndDestroy();
          first.kill("SIGKILL");
          far.end();
        });
        await using first = sender(wire.port, file);
        await wire.done;
        assert(await first.code() > 0);
        assertEquals(first.out.text, ""); // nothing is claimed
        await server.err.until(
          how.includes("reset")
            ? /^server: \S+ reset the connection before its end\n/m
            : RegExp(
              `^server: \\S+: a\\.bin was interrupted; ${most} of its ${SIZE} bytes are kept\\n`,
              "m",
            ),
        );
        assertEquals(await names(place.folder), [kept.split("/").at(-1)]);
        await assertBytes(kept, bytes.subarray(0, most));

        const again = await resend(server.port, file);
        assertEquals(again, { from: most, sent: SIZE - most });
        assertEquals(await names(place.folder), ["a.bin"]);
        await assertBytes(`${place.folder}/a.bin`, bytes);
      },
    );
  }
}

Deno.test("a file that is torn again and again arrives in the end", async () => {
  await using place = await workshop();
  const bytes = noise(100_000);
  const file = await place.file("a.bin", bytes);
  await using server = await receiver(place.folder);
  for (let have = 0; have < 90_000; have += 10_000) {
    const answer = await ask(
      server.port,
      offer("a.bin", bytes) +
        new TextDecoder().decode(bytes.subarray(have, have + 10_000)),
    );
    assertEquals(
      answer,
      `FROM ${have}\nNO a.bin was interrupted; ${
        have + 10_000
      } of its 100000 bytes ` +
        "are kept\n",
    );
  }
  await using client = sender(server.port, file, ["--verbose"]);
  assertEquals(await client.code(), 0);
  assertMatch(
    client.err.text,
    /^client: 90 kB are there already\nclient: 10 kB sent\b.*\n$/,
  );
  await assertBytes(`${place.folder}/a.bin`, bytes);
});

Deno.test("a part that was damaged meanwhile is begun anew, at once", async () => {
  await using place = await workshop();
  const bytes = noise(SIZE);
  const file = await place.file("a.bin", bytes);
  await using server = await receiver(place.folder);
  const begun = new TextDecoder().decode(bytes.subarray(0, 1000));
  await ask(server.port, offer("a.bin", bytes) + begun);
  const kept = part(place.folder, bytes);
  await Deno.writeTextFile(kept, begun.replace(/^./, "~"));

  await using second = sender(server.port, file, ["--verbose"]);
  assertEquals(await second.code(), 0, second.err.text);
  assertMatch(
    second.err.text,
    RegExp(
      "^client: 1 kB are there already\n" +
        "client: what was there is damaged; all of it is sent\n" +
        "client: 2\\.1 MB sent in .+\n$",
    ),
  );
  assertEquals(second.out.text, `${sha256(bytes)}  ${file}\n`);
  assertEquals(await names(place.folder), ["a.bin"]);
  await assertBytes(`${place.folder}/a.bin`, bytes);
});

Deno.test("a damaged part, and a sender who is no better: nothing is kept", async () => {
  await using place = await workshop();
  const bytes = noise(1000);
  await using server = await receiver(place.folder);
  await Deno.writeFile(part(place.folder, bytes), bytes.subarray(500));
  using call = await dial(server.port);
  await call.say(offer("a.bin", bytes));
  await call.heard.until(/^FROM 500\n/m);
  await call.say(bytes.subarray(500));
  await call.heard.until(/^FROM 0\n/m); // all of it comes from one sender now
  await call.say(bytes.toReversed());
  assertEquals(await call.end(), `FROM 500\nFROM 0\nNO ${WRONG_SHA}\n`);
  assertEquals(await names(place.folder), []);
});

Deno.test("a part that is longer than the file is begun anew", async () => {
  await using place = await workshop();
  const bytes = noise(1000);
  const file = await place.file("a.bin", bytes);
  await using server = await receiver(place.folder);
  await Deno.writeFile(part(place.folder, bytes), noise(2000));
  assertEquals(await resend(server.port, file), { from: 0, sent: 1000 });
  await assertBytes(`${place.folder}/a.bin`, bytes);
});

Deno.test(
  needs("a sender is told to wait while a large part is read", linux),
  async () => {
    await using place = await workshop();
    // Meanwhile the sender may be silent for longer than it else could.
    await using server = await receiver(place.folder, ["--timeout", "0.2"]);
    // Nobody reads and hashes 2 GiB in a second. (They are zeros that take no
    // room on the disk, and not of this SHA-256, which is not known until the
    // end.)
    const have = 2 ** 31;
    await makeSparse(part(place.folder, noise(3), have + 1), have);
    using call = await dial(server.port);
    await call.say(`FILE ${have + 1} ${sha256(noise(3))} large.bin\n`);
    await call.heard.until(/^(WAIT\n)+FROM 2147483648\n$/);
  },
);

Deno.test("a sender waits for as long as it is told to", async () => {
  await using place = await workshop();
  const file = await place.file("a.bin", noise(1000));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sending = resend(listener.addr.port, file);
  using conn = await listener.accept();
  await conn.read(new Uint8Array(512));
  await writeAll(conn, "WAIT\n".repeat(1000) + "FROM 999\n");
  const bytes = new Uint8Array(512);
  assertEquals(await conn.read(bytes), 1);
  assertEquals(bytes[0], noise(1000)[999]);
  await writeAll(conn, "DONE\n");
  assertEquals(await sending, { from: 999, sent: 1 });
});

Deno.test("a receiver that only ever says WAIT is given up, in the end", async () => {
  await using place = await workshop();
  const file = await place.file("a.bin", noise(1000));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  // The receiver is never silent: it says so as often as it is listened to.
  await using script = sender(port, file, ["--timeout=0", "--max-wait=0.5"]);
  using conn = await listener.accept();
  await assertRejects(async () => {
    for (;;) await writeAll(conn, "WAIT\n".repeat(1000));
  });
  assertEquals(await failure(script), [
    1,
    `client: 127.0.0.1:${port}: it has said WAIT for 0.5 s (--max-wait)`,
  ]);
});

/** Passes on what two sides say; the end of one of them is the end of both. */
function proxy(port: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  async function pass(): Promise<void> {
    using near = await listener.accept();
    using far = await Deno.connect({ hostname: "127.0.0.1", port });
    async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
      const buffer = new Uint8Array(2 ** 16);
      for (let n; (n = await from.read(buffer)) !== null;) {
        await writeAll(to, buffer.subarray(0, n));
      }
    }
    const both = [copy(near, far), copy(far, near)];
    await Promise.race(both);
    near[Symbol.dispose]();
    far[Symbol.dispose]();
    await Promise.allSettled(both);
  }
  return {
    port: listener.addr.port,
    done: pass(),
    [Symbol.dispose]: () => listener.close(),
  };
}

for (const size of [0, 1000, 2 ** 24]) {
  Deno.test(`${size} bytes go through a proxy that knows no half-close`, async () => {
    await using place = await workshop();
    const bytes = noise(size);
    const file = await place.file("a.bin", bytes);
    await using server = await receiver(place.folder);
    for (const sent of [size, 0]) { // the second time it is there already
      using wire = proxy(server.port);
      await using script = sender(wire.port, file);
      assertEquals([await script.code(), script.err.text], [
        0,
        sent === size ? "" : `client: ${shown(size)} are there already\n`,
      ]);
      await wire.done;
    }
    await assertBytes(`${place.folder}/a.bin`, bytes);
  });
}

/** What happens to a file while it is sent, and what comes of that. */
const CHANGES: [what: string, change: (file: string) => void, no?: string][] = [
  ["grows", (file) => Deno.writeFileSync(file, noise(9), { append: true })],
  ["changes", (file) => {
    using open = Deno.openSync(file, { write: true });
    open.seekSync(-1, Deno.SeekMode.End);
    open.writeSync(Uint8Array.of(0));
  }, WRONG_SHA],
  [
    "becomes shorter",
    (file) => Deno.truncateSync(file, SIZE - 1),
    `a.bin was interrupted; ${SIZE - 1} of its ${SIZE} bytes are kept`,
  ],
];

for (const [what, change, no] of CHANGES) {
  Deno.test(`a file that ${what} while it is sent: ${no ?? "what was offered arrives"}`, async () => {
    await using place = await workshop();
    const bytes = noise(SIZE);
    const file = await place.file("a.bin", bytes);
    await using server = await receiver(place.folder);
    const sending = send(file, {
      port: server.port,
      onProgress(sent) {
        if (sent < SIZE / 2) change(file); // its end has not been read by then
      },
    });
    if (no === undefined) {
      assertEquals((await sending).sent, SIZE);
      assertEquals(await names(place.folder), ["a.bin"]);
      return await assertBytes(`${place.folder}/a.bin`, bytes);
    }
    const { InvalidData } = Deno.errors;
    const error = await assertRejects(() => sending, InvalidData);
    assertEquals(error.message, `the receiver says no: ${no}`);
    assertEquals(await sizeOf(`${place.folder}/a.bin`), -1);
    // The file as it is now is another one, and goes its own way.
    await resend(server.port, file);
    await assertBytes(`${place.folder}/a.bin`, await Deno.readFile(file));
  });
}

// --- What is there already ---------------------------------------------------

Deno.test("what is there already is not sent again", async () => {
  await using place = await workshop();
  const bytes = noise(SIZE);
  const file = await place.file("a.bin", bytes);
  await using server = await receiver(place.folder);
  await resend(server.port, file);
  const before = await Deno.stat(`${place.folder}/a.bin`);
  assertEquals(await resend(server.port, file), { from: SIZE, sent: 0 });
  const after = await Deno.stat(`${place.folder}/a.bin`);
  assertEquals([after.ino, after.mtime], [before.ino, before.mtime]);
  // Under another name it is another file.
  await resend(server.port, file, { name: "b.bin" });
  assertEquals(await names(place.folder), ["a.bin", "b.bin"]);
  await assertBytes(`${place.folder}/b.bin`, bytes);
});

/** Makes a file of zeros that take no room on the disk. */
async function makeSparse(path: string, size: number): Promise<void> {
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, size);
}

/** More than anybody reads, and hashes, while a test waits. */
const TIB = 2 ** 40;

for (const what of ["whole file", "part"]) {
  Deno.test(
    needs(`a ${what} is not read on for a sender who has left`, linux),
    async () => {
      await using place = await workshop();
      await using server = await receiver(place.folder);
      const isPart = what === "part";
      const kept = part(place.folder, noise(3), TIB + 1);
      await makeSparse(isPart ? kept : `${place.folder}/large.bin`, TIB);
      const before = await descriptorsOf(server);
      const size = isPart ? TIB + 1 : TIB;
      const call = await dial(server.port);
      await call.say(`FILE ${size} ${sha256(noise(3))} large.bin\n`);
      await call.heard.until(/^WAIT\n/); // so it reads
      call[Symbol.dispose]();
      await untilClosed(server, before);
      // Nothing was wrong with what is there.
      assertEquals(
        await sizeOf(isPart ? kept : `${place.folder}/large.bin`),
        TIB,
      );
    },
  );
}

/** Bytes that a process has read so far, from anywhere. */
async function bytesRead({ pid }: Process): Promise<number> {
  const text = await read("cat", `/proc/${pid}/io`);
  return Number(/^rchar: (\d+)$/m.exec(text)![1]);
}

Deno.test(
  needs(
    "what is there is read once for all who offer it, and remembered",
    linux,
  ),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    const there = `${place.folder}/large.bin`;
    const size = 2 ** 28;
    await makeSparse(there, size);
    const digest = (await read("sha256sum", there)).split(" ")[0];
    const line = `FILE ${size} ${digest} large.bin\n`;
    async function readFor(senders: number): Promise<number> {
      const before = await bytesRead(server);
      await times(senders, async () => {
        assertEquals(await ask(server.port, line), `FROM ${size}\nDONE\n`);
      });
      return await bytesRead(server) - before;
    }
    const first = await readFor(20);
    assert(first >= size && first < 2 * size, `${first} bytes for 20 senders`);
    const then = await readFor(20);
    assert(then < size, `${then} bytes for 20 more`);
    // Changed in place, it is another file, though as long as before.
    await Deno.writeTextFile(there, "!", { append: true });
    await Deno.truncate(there, size - 1);
    await Deno.truncate(there, size);
    using file = await Deno.open(there, { write: true });
    await file.write(Uint8Array.of(1));
    assertEquals(await ask(server.port, line), `NO ${TAKEN}\n`);
  },
);

Deno.test(
  needs("a file of another size is another one, and not read for it", linux),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    await makeSparse(`${place.folder}/large.bin`, TIB);
    using call = await dial(server.port);
    await call.say(`FILE ${TIB - 1} ${DIGEST} large.bin\n`);
    await call.heard.until(/^NO .+\n/);
    assertEquals(call.heard.text, `NO ${TAKEN}\n`);
  },
);

Deno.test("another file of that name is refused before a byte is sent", async () => {
  await using place = await workshop();
  const file = await place.file("a.bin", noise(SIZE));
  await using server = await receiver(place.folder);
  await Deno.writeTextFile(`${place.folder}/a.bin`, "Do not touch.");
  using call = await dial(server.port);
  await call.say(offer("a.bin", noise(SIZE)));
  await call.heard.ended;
  assertEquals(call.heard.text, `NO ${TAKEN}\n`);
  let progress = 0;
  const { InvalidData } = Deno.errors;
  await assertRejects(
    () => send(file, { port: server.port, onProgress: () => progress++ }),
    InvalidData,
    `the receiver says no: ${TAKEN}`,
  );
  assertEquals(progress, 0);
  assertEquals(
    await Deno.readTextFile(`${place.folder}/a.bin`),
    "Do not touch.",
  );
  assertEquals(await names(place.folder), ["a.bin"]);
});

Deno.test("the same file by two senders at once: one is enough", async () => {
  await using place = await workshop();
  const bytes = noise(SIZE);
  const file = await place.file("a.bin", bytes);
  await using server = await receiver(place.folder);
  using first = await dial(server.port);
  await first.say(offer("a.bin", bytes));
  await first.heard.until(/^FROM 0\n/m);
  await first.say(bytes.subarray(0, 1000));
  for (const name of ["a.bin", "b.bin"]) {
    await assertRejects(
      () => send(file, { port: server.port, name }),
      Deno.errors.InvalidData,
      "the receiver says no: the same file is on its way already",
    );
  }
  await first.say(bytes.subarray(1000));
  assertEquals(await first.end(), "FROM 0\nDONE\n");
  assertEquals(await resend(server.port, file), { from: SIZE, sent: 0 });
  assertEquals(await names(place.folder), ["a.bin"]);
  await assertBytes(`${place.folder}/a.bin`, bytes);
});

Deno.test("the same file by many senders: each is served, or told why not", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder);
  const answers = new Set<string>();
  for (let round = 0; round < 100; round++) {
    const bytes = noise(1000 + round);
    const name = `${round}.bin`;
    const file = await place.file(name, bytes);
    await times(20, async () => {
      try {
        await send(file, { port: server.port });
      } catch (error) {
        answers.add((error as Error).message);
      }
    }, 20);
    await assertBytes(`${place.folder}/${name}`, bytes);
  }
  answers.delete("the receiver says no: the same file is on its way already");
  assertEquals([...answers], []);
  assertEquals((await names(place.folder)).length, 100); // no part is left
});

Deno.test("two files under one name at once: one has it, the other is refused", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder);
  const [one, other] = [noise(SIZE), noise(SIZE).reverse()];
  for (let round = 0; round < 20; round++) {
    const name = `${round}.bin`;
    using first = await dial(server.port);
    using second = await dial(server.port);
    await first.say(offer(name, one));
    await second.say(offer(name, other));
    await first.heard.until(/^FROM 0\n/m);
    await second.heard.until(/^FROM 0\n/m);
    await Promise.all([first.say(one), second.say(other)]);
    const ends = await Promise.all([first.end(), second.end()]);
    assertEquals(ends.toSorted(), ["FROM 0\nDONE\n", `FROM 0\nNO ${TAKEN}\n`]);
    const winner = ends[0].includes("DONE") ? one : other;
    await assertBytes(`${place.folder}/${name}`, winner);
  }
  assertEquals((await names(place.folder)).length, 20);
});

// --- Hostile senders ---------------------------------------------------------

/** Names that are refused. */
const NAMES: [what: string, name: string][] = [
  ["the folder above", "../evil"],
  ["the folder above, alone", ".."],
  ["the folder itself", "."],
  ["the folder above, from within", "a/../../evil"],
  ["a folder", "a/b"],
  ["the root", "/evil"],
  ["a backslash", "a\\b"],
  ["the folder above, for Windows", "..\\evil"],
  ["a drive", "C:evil"],
  ["a stream", "a.txt:evil"],
  ["a wildcard", "*"],
  ["NUL", "evil\0.txt"],
  ["a hidden file", ".profile"],
  ["a dot at the end", "evil."],
  ["a space at the end", "evil "],
  ["201 letters", "x".repeat(201)],
  ["letters of more bytes than a file system takes", "日".repeat(100)],
  ["a device", "CON"],
  ["a device with an ending", "nul.txt"],
  ["a device, a space and an ending", "CON .txt"],
  ["a device of consoles to read", "CONIN$"],
  ["a device of consoles to write", "conout$.txt"],
  ["a port", "com1"],
  ["a port with a raised digit", "COM¹"],
  ["another port with a raised digit", "lpt³.txt"],
  ["a flag", "-rf"],
  ["a dash", "-"],
  ["a space without width", "\u200b"],
  ["a filler", "\u3164"],
  ["a soft hyphen", "\u00ad"],
  ["a blank of Braille", "\u2800"],
  ["all kinds of nothing", "\u00a0\u200d\u3164\ufe0f\u3000"],
  ["an escape sequence", "\x1b[31mevil"],
  ["DEL", "evil\x7f"],
  ["a carriage return within", "evil\rgood"],
  ["a one-byte control sequence", "\u009b31m"],
  ["a line separator", "evil\u2028good"],
  ["reversed writing", "evil\u202egpj.exe"],
  ["isolated writing", "evil\u2066gpj\u2069.exe"],
  ["a mark of direction", "evil\u200f"],
];

/** Offers that are none. */
const DIGEST = sha256(noise(3));
const OFFERS: [what: string, said: string | Uint8Array][] = [
  ["a negative size", `FILE -1 ${DIGEST} a\n`],
  ["a size with a sign", `FILE +3 ${DIGEST} a\n`],
  ["a size in hexadecimal digits", `FILE 0x3 ${DIGEST} a\n`],
  ["a size with an exponent", `FILE 3e0 ${DIGEST} a\n`],
  ["a size with a point", `FILE 3.0 ${DIGEST} a\n`],
  ["a size that is no number", `FILE NaN ${DIGEST} a\n`],
  ["a size of 16 digits", `FILE 9007199254740993 ${DIGEST} a\n`],
  ["a size of 40 digits", `FILE ${"9".repeat(40)} ${DIGEST} a\n`],
  ["no size", `FILE ${DIGEST} a\n`],
  ["a short digest", `FILE 3 ${DIGEST.slice(1)} a\n`],
  ["a long digest", `FILE 3 ${DIGEST}0 a\n`],
  ["a digest in capitals", `FILE 3 ${DIGEST.toUpperCase()} a\n`],
  ["a path for a digest", `FILE 3 ${"../".repeat(21)}a a\n`],
  ["no name", `FILE 3 ${DIGEST}\n`],
  ["an empty name", `FILE 3 ${DIGEST} \n`],
  ["two spaces", `FILE 3  ${DIGEST} a\n`],
  ["an empty line", "\n"],
  ["HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["bytes of no text", Uint8Array.of(0x16, 3, 1, 0, 0xff, 10)],
];

const NO_OFFER = "that is no offer: FILE size sha256 name";
const LONG = "a line has at most 512 bytes, and this one has more";
const STOPS = "the stream ended within a line";

/** What is answered with NO, and why. */
const REFUSED: [what: string, said: string | Uint8Array, why: RegExp][] = [
  ...NAMES.map(([what, name]) => {
    const why = /^the name .+ is not plain: it has .+$|^that is no offer: /;
    return [`a name that is ${what}`, offer(name, noise(3)), why];
  }) as [string, string, RegExp][],
  ...OFFERS.map(([what, said]) => {
    return [what, said, /^that is no offer: FILE size sha256 name$/];
  }) as [string, string, RegExp][],
  ["a name of 1000 bytes", offer("x".repeat(1000), noise(3)), RegExp(LONG)],
  ["20 MiB without a newline", noise(20 * 2 ** 20), RegExp(LONG)],
  ["nothing", "", RegExp(STOPS)],
  ["half an offer", `FILE 3 ${DIGEST}`, RegExp(STOPS)],
];

Deno.test(
  needs(`${REFUSED.length} offers that are refused in one line`, linux),
  async (test) => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    const before = await descriptorsOf(server);
    for (const [what, said, why] of REFUSED) {
      await test.step(what, async () => {
        const told = server.err.text.length;
        const answer = await ask(server.port, said);
        const stored = await names(place.folder);
        await Promise.all(
          stored.map((name) => Deno.remove(`${place.folder}/${name}`)),
        );
        assertEquals([stored, await names(place.path)], [[], ["in"]]);
        const [, reason] = /^NO (.+)\n$/.exec(answer) ?? [answer, answer];
        assertMatch(reason, why);
        // What is told is safe to look at, there and here.
        const unsafe = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
        assert(!unsafe.test(answer + server.err.text.slice(told)), answer);
      });
    }
    // After all that, the next one is served.
    const file = await place.file("good", noise(3));
    await resend(server.port, file);
    assertEquals(await names(place.folder), ["good"]);
    await untilClosed(server, before);
  },
);

Deno.test("a sender does not offer what would break its own line", async () => {
  await using place = await workshop();
  const file = await place.file("a", noise(3));
  await using server = await receiver(place.folder);
  for (const name of ["a\nb", "a\rb", "\x1b[2J"]) {
    await using client = sender(server.port, file, ["--name", name]);
    const [code, line] = await failure(client);
    assertEquals(code, 1);
    assertMatch(line, /\bname\b.*\bnot plain\b/);
  }
  assertEquals(await names(place.folder), []);
});

Deno.test("a size that is enormous takes no memory, and no disk", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder);
  const huge = `FILE 999999999999999 ${DIGEST} a\n`;
  assertEquals(
    await ask(server.port, `${huge}abc`),
    "FROM 0\nNO a was interrupted; 3 of its 999999999999999 bytes are kept\n",
  );
  const kept = await Deno.stat(
    `${place.folder}/.${DIGEST}.999999999999999.part`,
  );
  assertEquals(kept.size, 3);
});

Deno.test("a wrong SHA-256 is refused when all is there, and nothing is kept", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder);
  assertEquals(
    await ask(server.port, `FILE 3 ${DIGEST} a\nabc`),
    `FROM 0\nNO ${WRONG_SHA}\n`,
  );
  assertEquals(await names(place.folder), []);
});

Deno.test("more bytes than offered are not stored", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder);
  const bytes = noise(SIZE);
  using call = await dial(server.port);
  await call.say(offer("a", bytes.subarray(0, 1000)));
  await call.say(bytes);
  assertEquals(await call.end(), "FROM 0\nDONE\n");
  await assertBytes(`${place.folder}/a`, bytes.subarray(0, 1000));
  assertEquals(await names(place.folder), ["a"]);
});

Deno.test("--max-bytes is what a file may have, and not one more", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder, ["--max-bytes", "1000"]);
  assertEquals(
    await ask(server.port, offer("a", noise(1001))),
    "NO a file has at most 1000 bytes\n",
  );
  assertEquals(await names(place.folder), []);
  const file = await place.file("b", noise(1000));
  await resend(server.port, file);
  assertEquals(await names(place.folder), ["b"]);
});

Deno.test("who is silent is told so, and what came is kept", async () => {
  await using place = await workshop();
  await using server = await receiver(place.folder, ["--timeout", "0.2"]);
  const bytes = noise(2000);
  using silent = await dial(server.port);
  using stopping = await dial(server.port);
  await stopping.say(offer("a", bytes));
  await stopping.say(bytes.subarray(0, 1000));
  await Promise.all([silent.heard.ended, stopping.heard.ended]);
  await server.err.until(
    /^server: \S+ was silent for 0\.2 s, and is given up \(--timeout\)\n/m,
    2,
  );
  assertEquals(await sizeOf(part(place.folder, bytes)), 1000);
  assertEquals([await silent.end(), await stopping.end()], [
    "NO silent for 0.2 s\n",
    "FROM 0\nNO silent for 0.2 s\n",
  ]);
  const file = await place.file("a", bytes);
  assertEquals(await resend(server.port, file), { from: 1000, sent: 1000 });
});

Deno.test(
  needs("a link that leads out of the folder is not followed", unix),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    const outside = await place.file("outside", noise(10));
    await Deno.symlink(outside, `${place.folder}/link`);
    await Deno.symlink(`${place.path}/nowhere`, `${place.folder}/dangling`);
    await Deno.mkdir(`${place.folder}/folder`);
    for (const name of ["link", "dangling", "folder"]) {
      assertEquals(
        await ask(server.port, offer(name, noise(1000))),
        `NO ${TAKEN}\n`,
      );
    }
    // Not even where the very same bytes lie outside.
    assertEquals(
      await ask(server.port, offer("link", noise(10))),
      `NO ${TAKEN}\n`,
    );
    await assertBytes(outside, noise(10));
    assertEquals(await names(place.path), ["in", "outside"]);
  },
);

Deno.test(
  needs("a link in the place of a part is not followed", unix),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    const outside = await place.file("outside", noise(10));
    const bytes = noise(1000);
    for (const to of ["outside", "nowhere"]) {
      const kept = part(place.folder, bytes);
      await Deno.symlink(`${place.path}/${to}`, kept);
      using call = await dial(server.port);
      await call.say(offer("a", bytes));
      await call.say(bytes);
      assertMatch(await call.end(), /^NO .+\n$/);
      assertEquals(await names(place.path), ["in", "outside"]);
      await assertBytes(outside, noise(10));
      await Deno.remove(kept);
    }
    assertEquals(await names(place.folder), []);
  },
);

Deno.test(
  needs("a pipe in the place of a part makes nobody wait", unix),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder, ["--timeout", "0"]);
    const bytes = noise(1000);
    const kept = part(place.folder, bytes);
    await read("mkfifo", kept);
    assertEquals(
      await ask(server.port, offer("a", bytes)),
      "NO it cannot be stored here\n",
    );
    await server.err.until(/^server: \S+\.part is no file\n/m);
    assertEquals(await names(place.folder), [kept.split("/").at(-1)]);
  },
);

Deno.test("a sender that sends next to nothing is given up, and its part kept", async () => {
  await using place = await workshop();
  const args = ["--timeout=0.5", "--min-rate=1000000000"];
  await using server = await receiver(place.folder, args);
  const [size, digest] = [1e12, "0".repeat(64)]; // a byte at a time has no end
  for (const begin of [`FILE ${size} ${digest} a\n`, ""]) { // also in its offer
    using call = await dial(server.port);
    await call.say(begin);
    // A byte as often as it goes: never silent, and never done.
    for (let open = true; open;) {
      await call.say("x").catch(() => open = false);
      if (call.heard.text.includes("NO")) open = false;
    }
    await call.heard.ended;
    assertMatch(
      call.heard.text,
      begin
        ? /^FROM 0\n(WAIT\n)*NO slower than 1000000000 bytes a second\n$/
        : /^NO (slower than 1000000000 bytes a second|a line has at most 512 .+)\n$/,
    );
  }
  await server.err.until(
    /^server: \S+ was slower than 1000000000 bytes a second, and is given up \(--timeout\)\n/m,
  );
  assert(await sizeOf(`${place.folder}/.${digest}.${size}.part`) > 0);
});

// --- Callbacks ---------------------------------------------------------------

/** What a callback may do that should end nothing but itself. */
const THROWS: [how: string, call: () => void][] = [
  ["throws", () => {
    throw new Error("thrown");
  }],
  ["rejects", () => Promise.reject(new Error("thrown"))],
];

for (const name of ["onOpen", "onFile", "onDone"] as const) {
  for (const [how, call] of THROWS) {
    Deno.test(`receive.ts: ${name} ${how}: that is reported, and the file arrives`, async () => {
      await using place = await workshop();
      const file = await place.file("a.bin", noise(1000));
      const reported: string[] = [];
      const options: ServeOptions = {
        port: 0,
        folder: place.folder,
        onError: (error) => void reported.push(error.message),
        [name]: call,
      };
      await using server = serve(options);
      const { port } = server.addr;
      assertEquals(await resend(port, file), { from: 0, sent: 1000 });
      await resend(port, file, { name: "b.bin" });
      await server.shutdown();
      assertEquals(reported, ["thrown", "thrown"]);
      assertEquals(await names(place.folder), ["a.bin", "b.bin"]);
    });
  }
}

for (const [how, call] of THROWS) {
  Deno.test(`receive.ts: onError ${how}: that goes to the console, and no further`, async () => {
    await using place = await workshop();
    const file = await place.file("a.bin", noise(1000));
    const said: unknown[] = [];
    const { error } = console;
    console.error = (what) => said.push((what as Error).message);
    try {
      await using server = serve({
        port: 0,
        folder: place.folder,
        onError: call,
      });
      const { port } = server.addr;
      assertEquals(await ask(port, "HELO\n"), `NO ${NO_OFFER}\n`);
      await resend(port, file);
      await server.shutdown();
    } finally {
      console.error = error;
    }
    assertEquals(said, ["thrown"]);
    assertEquals(await names(place.folder), ["a.bin"]);
  });
}

Deno.test("receive.ts: who is silent is reported once", async () => {
  await using place = await workshop();
  const reported: string[] = [];
  await using server = serve({
    port: 0,
    folder: place.folder,
    timeout: 0.2,
    onError: (error) => void reported.push(error.message),
  });
  using call = await dial(server.addr.port);
  await call.heard.ended;
  await server.shutdown();
  assertEquals(reported, ["silent for 0.2 s"]);
});

for (const name of ["onRead", "onResume", "onProgress"] as const) {
  Deno.test(`send.ts: what ${name} throws ends the transfer, at once`, async () => {
    await using place = await workshop();
    const bytes = noise(SIZE);
    const file = await place.file("a.bin", bytes);
    await using server = await receiver(place.folder);
    await Deno.writeFile(part(place.folder, bytes), bytes.subarray(0, 10));
    const [[, call]] = THROWS;
    const options = { port: server.port, timeout: 0, [name]: call };
    await assertRejects(() => send(file, options), Error, "thrown");
  });
}

// --- The folder --------------------------------------------------------------

/** A day in milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** Puts a part into a folder that was last written to so many days ago. */
async function agePart(path: string, days: number): Promise<void> {
  await Deno.writeFile(path, noise(10));
  const then = new Date(Date.now() - days * DAY);
  await Deno.utime(path, then, then);
}

for (const [days, left] of [[7, 1], [9, 2], [0, 2]]) {
  Deno.test(`--keep-days ${days}: of parts 6 and 8 days old ${left} are left`, async () => {
    await using place = await workshop();
    await Deno.mkdir(place.folder);
    await agePart(part(place.folder, noise(60)), 6);
    await agePart(part(place.folder, noise(80)), 8);
    // What is not ours stays, however old it is.
    await agePart(`${place.folder}/.profile`, 1000);
    await agePart(`${place.folder}/a.bin`, 1000);
    await using _ = await receiver(place.folder, [`--keep-days=${days}`]);
    const all = await names(place.folder);
    assertEquals(all.filter((name) => name.endsWith(".part")).length, left);
    assertEquals(all.length, left + 2);
    assert(await sizeOf(part(place.folder, noise(60))) === 10);
  });
}

Deno.test("of more than a thousand parts the oldest go, also while it runs", async () => {
  await using place = await workshop();
  await Deno.mkdir(place.folder);
  const path = (i: number) => part(place.folder, noise(5000 + i));
  for (let i = 0; i < 1001; i++) await agePart(path(i), 1 + (i === 7 ? 1 : 0));
  await using server = await receiver(place.folder);
  assertEquals((await names(place.folder)).length, 1000);
  assertEquals(await sizeOf(path(7)), -1);
  // Another hundred is begun, and left.
  await times(100, (i) => ask(server.port, offer(`${i}`, noise(100 + i))), 10);
  assertEquals((await names(place.folder)).length, 1000);
});

Deno.test("a part that somebody is at work on is not removed for its age", async () => {
  await using place = await workshop();
  const bytes = noise(100);
  const store = new Store(place.folder, 7);
  const { length: size } = bytes;
  using at = await store.begin({ size, digest: sha256(bytes), name: "a" });
  await at!.append(bytes);
  await Deno.utime(at!.path, 0, 0);
  new Store(place.folder, 7);
  assertEquals((await names(place.folder)).length, 1);
});

Deno.test(
  needs(
    "killed before the part's name is gone: it goes at the next start",
    unix,
  ),
  async () => {
    await using place = await workshop();
    await Deno.mkdir(place.folder);
    const bytes = noise(1000);
    const file = await place.file("a.bin", bytes);
    await Deno.writeFile(`${place.folder}/a.bin`, bytes);
    const kept = part(place.folder, bytes);
    await Deno.link(`${place.folder}/a.bin`, kept);
    await using server = await receiver(place.folder);
    assertEquals(await names(place.folder), ["a.bin"]);
    assertEquals(await resend(server.port, file), { from: 1000, sent: 0 });
  },
);

Deno.test(
  needs("a part that has a name as well is never written to", unix),
  async () => {
    await using place = await workshop();
    const bytes = noise(1000);
    const file = await place.file("a.bin", bytes);
    await using server = await receiver(place.folder);
    // Its owner has gone on with the file, whose first name was not removed.
    const own = `${place.folder}/mine.bin`;
    await Deno.writeFile(own, noise(2000));
    await Deno.link(own, part(place.folder, bytes));
    assertEquals(await resend(server.port, file), { from: 0, sent: 1000 });
    await assertBytes(own, noise(2000));
    await assertBytes(`${place.folder}/a.bin`, bytes);
    assertEquals(await names(place.folder), ["a.bin", "mine.bin"]);
  },
);

Deno.test("a part that another sender is done with, between our opening and our locking it", async () => {
  await using place = await workshop();
  const bytes = noise(100);
  const offered = { size: 100, digest: sha256(bytes), name: "a" };
  const store = new Store(place.folder, 7);
  await Deno.writeFile(part(place.folder, bytes), bytes);
  const open = Deno.open;
  Deno.open = async (...args) => {
    const file = await open(...args);
    await Deno.remove(args[0]);
    return file;
  };
  try {
    await assertRejects(
      () => store.begin(offered),
      Deno.errors.InvalidData,
      "the same file is on its way already",
    );
  } finally {
    Deno.open = open;
  }
});

/** Runs a command, itself and not its child, with calls that fail or are noted. */
const STRACE = ["strace", "-D", "-f", "-qq", "-y", "-o"];

Deno.test(
  needs(
    "where there are no hard links a file arrives all the same",
    linux,
    program("strace"),
  ),
  async () => {
    await using place = await workshop();
    const none = "inject=link,linkat:error=EPERM";
    const wrap = [...STRACE, `${place.path}/calls`, "-e", none];
    await using server = await receiver(place.folder, [], { wrap });
    const file = await place.file("a.bin", noise(SIZE));
    assertEquals(await resend(server.port, file), { from: 0, sent: SIZE });
    await assertBytes(`${place.folder}/a.bin`, noise(SIZE));
    assertEquals(await names(place.folder), ["a.bin"]);
    // Nor is another file replaced there.
    const [one, other] = [noise(1000), noise(1000).reverse()];
    using first = await dial(server.port);
    using second = await dial(server.port);
    await first.say(offer("b", one));
    await second.say(offer("b", other));
    await first.heard.until(/^FROM 0\n/m);
    await second.heard.until(/^FROM 0\n/m);
    await first.say(one);
    assertEquals(await first.end(), "FROM 0\nDONE\n");
    await second.say(other);
    assertEquals(await second.end(), `FROM 0\nNO ${TAKEN}\n`);
    await assertBytes(`${place.folder}/b`, one);
    assertEquals(await names(place.folder), ["a.bin", "b"]);
  },
);

Deno.test(
  needs(
    "the disk has the bytes, then the name; only then the part goes",
    linux,
    program("strace"),
  ),
  async () => {
    await using place = await workshop();
    const file = await place.file("a.bin", noise(SIZE));
    const calls = `${place.path}/calls`;
    const which = "trace=fsync,fdatasync,link,linkat,unlink,unlinkat";
    const wrap = [...STRACE, calls, "-e", which];
    await using server = await receiver(place.folder, [], { wrap });
    await resend(server.port, file);
    const kept = part(place.folder, noise(SIZE));
    const lines = (await Deno.readTextFile(calls)).split("\n")
      .filter((line) =>
        line.includes(kept) || line.includes(`${place.folder}>`)
      )
      .map((line) => /^\d+ +(?:<\.\.\. )?(\w+)/.exec(line)![1]);
    const order = lines.map((name) => name.replace(/at$|^fdata/, ""));
    assertEquals(order, ["fsync", "link", "fsync", "unlink"]);
  },
);

/** Runs a command where a folder cannot be written to, whoever one is. */
const READ_ONLY = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"',
];

Deno.test(
  needs(
    "a folder that cannot be written to is told at the start",
    linux,
    superuser,
    program("unshare"),
  ),
  async () => {
    await using place = await workshop();
    await Deno.mkdir(place.folder);
    const { folder } = place;
    const grants = [
      "--allow-net=127.0.0.1:0",
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
    ];
    const args = ["--port=0", "--folder", folder];
    const wrap = [...READ_ONLY, folder];
    await using script = run(RECEIVE, grants, args, { wrap });
    await script.err.until(/^server: nothing/);
    const [code, line] = await failure(script);
    assertEquals(code, 1);
    assertMatch(
      line,
      /^server: nothing can be stored in ".+\/in": Read-only .+--folder$/,
    );
  },
);

/** Runs a command where a folder is a file system of 1 MiB. */
const SMALL = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
];

Deno.test(
  needs(
    "a full disk is told, and serves what still fits",
    linux,
    superuser,
    program("unshare"),
  ),
  async () => {
    await using place = await workshop();
    await Deno.mkdir(place.folder);
    const wrap = [...SMALL, place.folder];
    await using server = await receiver(place.folder, [], { wrap });
    const large = await place.file("large", noise(3 * 2 ** 20));
    await using client = sender(server.port, large);
    assertEquals([await client.code(), client.out.text, client.err.text], [
      1,
      "",
      `client: 127.0.0.1:${server.port}: the receiver says no: ` +
      "it cannot be stored here\n",
    ]);
    await server.err.until(/: No space left on device \(os error 28\)\n$/);
    // Its disk is to be seen through the eyes of the process.
    const folder = `/proc/${server.pid}/root${place.folder}`;
    const [kept] = (await read("ls", "-A", folder)).trim().split("\n");
    assertEquals(kept, part("", noise(3 * 2 ** 20)).slice(1));
    await read("rm", `${folder}/${kept}`);
    const small = await place.file("small", noise(1000));
    await resend(server.port, small);
    assertEquals(await read("ls", "-A", folder), "small\n");
  },
);

Deno.test(
  needs(
    "500 senders that reset, and 50 that offer nothing, leave nothing",
    linux,
  ),
  async () => {
    await using place = await workshop();
    await using server = await receiver(place.folder);
    const file = await place.file("a", noise(1000));
    await resend(server.port, file);
    const before = await descriptorsOf(server);
    await times(500, async (i) => {
      const socket = await connect(server.port);
      const text = offer(`${i}`, noise(5000)) + "x".repeat(i);
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      socket.resetAndDestroy();
    });
    await times(50, async () => {
      assertEquals(await ask(server.port, ""), `NO ${STOPS}\n`);
    });
    await untilClosed(server, before);
    assert(
      !/^\s+at |Uncaught|error:|cut off/m.test(server.err.text),
      server.err.text,
    );
    assertEquals(
      (await names(place.folder)).filter((name) => name[0] !== "."),
      [
        "a",
      ],
    );
    await resend(server.port, file, { name: "b" });
  },
);

Deno.test(
  needs(
    "SIGTERM lets a file in flight arrive, and ends the receiver with 0",
    unix,
  ),
  async () => {
    await using place = await workshop();
    const bytes = noise(SIZE);
    await using server = await receiver(place.folder);
    using call = await dial(server.port);
    await call.say(offer("a", bytes));
    await call.heard.until(/^FROM 0\n/m);
    server.kill("SIGTERM");
    await server.err.until(/ stopping: /);
    await call.say(bytes);
    assertEquals(await call.end(), "FROM 0\nDONE\n");
    assertEquals(await server.code(), 0);
    await assertBytes(`${place.folder}/a`, bytes);
  },
);

// --- The command lines -------------------------------------------------------

Deno.test("receive.ts: first line and help agree on the grants", async () => {
  const grants = "--allow-net=127.0.0.1:1234 --allow-read=incoming " +
    "--allow-write=incoming";
  const source = await Deno.readTextFile(new URL(RECEIVE, ROOT));
  const first = `#!/usr/bin/env -S deno run ${grants}`;
  assertEquals(source.split("\n")[0], first);
  await assertHelp(RECEIVE, source, `deno run ${grants} ${RECEIVE} [flags]`);
});

Deno.test("send.ts: first line and help agree on the grants", async () => {
  // The first line cannot know the file, and takes it from the current folder.
  const source = await Deno.readTextFile(new URL(SEND, ROOT));
  const first = "#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234 " +
    "--allow-read=.";
  assertEquals(source.split("\n")[0], first);
  await assertHelp(
    SEND,
    source,
    "deno run --allow-net=127.0.0.1:1234 --allow-read=FILE " +
      `${SEND} --file FILE [flags]`,
  );
});

/** Asserts that the help has that usage, and names every flag. */
async function assertHelp(
  path: string,
  source: string,
  usage: string,
): Promise<void> {
  await using long = start(path, undefined, ["--help"]);
  await using short = start(path, undefined, ["-h"]);
  assertEquals([await long.code(), long.err.text], [0, ""]);
  assertEquals([await short.code(), short.out.text], [0, long.out.text]);
  assertStringIncludes(long.out.text, `Usage:\n  ${usage}\n`);
  for (const [, name] of source.matchAll(/^ {2}(\w+): cli\.\w+\(/gm)) {
    const flag = name.replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`);
    assertStringIncludes(long.out.text, `  --${flag} `);
  }
}

Deno.test(
  needs("nothing is asked for but the address, the folder and the file", unix),
  async () => {
    await using place = await workshop();
    const file = await place.file("a", noise(1000));
    let port = 0;
    const byReceiver = await audited(async (options) => {
      await using server = await receiver(place.folder, ["--verbose"], options);
      port = server.port;
      const bySender = await audited(async (options) => {
        await using client = sender(port, file, ["--verbose"], options);
        assertEquals(await client.code(), 0);
      });
      assertEquals(bySender, [`net 127.0.0.1:${port}`, `read ${file}`]);
      server.kill("SIGTERM");
      assertEquals(await server.code(), 0);
    });
    const outside = byReceiver.filter((asked) => {
      const [, path] = /^(?:read|write) (.+)$/.exec(asked) ?? [];
      return path !== place.folder && !path?.startsWith(`${place.folder}/`);
    });
    assertEquals(outside, ["net 127.0.0.1:0"]); // it asked for any free port
  },
);

/** The grants of each script at an address, and what lacks without each. */
const ALL: Record<string, (place: string) => [grant: string, lacks: string][]> =
  {
    [RECEIVE]: (place) => [
      ["--allow-net=127.0.0.1:0", "127.0.0.1:0"],
      [`--allow-read=${place}/in`, `read access to ${join(place, "in")}`],
      [`--allow-write=${place}/in`, `write access to ${join(place, "in")}`],
    ],
    [SEND]: (place) => [
      ["--allow-net=127.0.0.1:1234", "127.0.0.1:1234"],
      [
        `--allow-read=${place}/a file`,
        `read access to ${join(place, "a file")}`,
      ],
    ],
  };

for (const [path, all] of Object.entries(ALL)) {
  for (const [i, [missing]] of all("").entries()) {
    const flag = missing.split("=")[0];
    Deno.test(`${path}: without ${flag} it is refused, and says what to type`, async () => {
      await using place = await workshop();
      await place.file("a file", noise(1000));
      const grants = all(place.path);
      const args = path === RECEIVE
        ? ["--port", "0", "--folder", place.folder]
        : ["--file", `${place.path}/a file`];
      const left = grants.filter((_, j) => j !== i).map(([grant]) => grant);
      await using script = run(path, left, args);
      const mark = Deno.build.os === "windows" ? '"' : "'";
      const quoted = [...grants.map(([grant]) => grant), path, ...args].map(
        (word) => word.includes(" ") ? `${mark}${word}${mark}` : word,
      );
      const role = path === RECEIVE ? "server" : "client";
      const [line] = await script.err.until(/^.*\n/); // before anything works
      assertEquals(
        line,
        `${role}: Deno's sandbox does not allow ${grants[i][1]}; ` +
          `run it as: deno run ${quoted.join(" ")}\n`,
      );
      assertEquals(await failure(script), [1, line.trimEnd()]);
    });
  }
}

Deno.test(
  needs("what the refusals say to type works, on both sides", unix),
  async () => {
    await using place = await workshop();
    await place.file("it's a file", noise(1000));

    /** Runs a script without grants, and then what it says to type. */
    async function obey(path: string, args: string[]): Promise<Process> {
      await using refused = start(path, undefined, args);
      const [, line] = await failure(refused);
      const [, command] = /; run it as: deno (.+)$/.exec(line)!;
      const shell = ["-c", `exec "$0" ${command}`, Deno.execPath()];
      return new Process("sh", shell);
    }

    const folder = `${place.path}/what is sent`;
    await using server = await obey(RECEIVE, ["--port=0", "--folder", folder]);
    const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
    await using client = await obey(SEND, [
      `--port=${port}`,
      `--file=${place.path}/it's a file`,
    ]);
    assertEquals([await client.code(), client.err.text], [0, ""]);
    await assertBytes(`${folder}/it's a file`, noise(1000));
  },
);

/** Command lines that are wrong, and what is said of them. */
const WRONG: [path: string, args: string[], words: string][] = [
  [SEND, [], "--file is needed"],
  [SEND, ["--file"], "--file needs a value, written --file=VALUE"],
  [SEND, ["--file="], "--file is needed"],
  [SEND, ["--file=a", "--port=0"], 'from 1 to 65535, not "0"'],
  [SEND, ["--file=a", "b"], 'unexpected argument "b"'],
  [SEND, ["--file=a", "--flie=b"], "unknown flag --flie=b; --help lists them"],
  [SEND, ["--file=a", "--timeout=soon"], "--timeout takes seconds from 0 to"],
  [RECEIVE, ["--file=a"], "unknown flag --file=a; --help lists them"],
  [RECEIVE, ["--max-bytes=-1"], "--max-bytes takes a whole number from 0 to"],
  [RECEIVE, ["--timeout=-1"], "--timeout takes seconds from 0 to 86400"],
];

for (const [path, args, words] of WRONG) {
  Deno.test(`${path}: a wrong command line ends with 2: "${args.join(" ")}"`, async () => {
    await using script = start(path, undefined, args);
    const [code, line] = await failure(script);
    assertStringIncludes(line, words);
    assertEquals(code, 2);
  });
}

Deno.test("receive.ts: a port in use", async () => {
  await using place = await workshop();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const grants = [
    `--allow-net=127.0.0.1:${port}`,
    `--allow-read=${place.folder}`,
    `--allow-write=${place.folder}`,
  ];
  const args = ["--port", `${port}`, "--folder", place.folder];
  await using script = run(RECEIVE, grants, args);
  assertEquals(await failure(script), [
    1,
    `server: port ${port} is in use; stop the program that has it, ` +
    "or choose another with --port",
  ]);
});

Deno.test("receive.ts: a folder that is a file", async () => {
  await using place = await workshop();
  const file = await place.file("in", noise(3));
  const grants = [
    "--allow-net",
    `--allow-read=${file}`,
    `--allow-write=${file}`,
  ];
  const args = ["--port=0", "--folder", file];
  await using script = run(RECEIVE, grants, args);
  const [code, line] = await failure(script);
  assertEquals(code, 1);
  assertMatch(
    line,
    /^server: (?!127\.0\.0\.1).*(exists|not a directory)/,
  );
});

Deno.test("send.ts: no such file", async () => {
  await using place = await workshop();
  const file = `${place.path}/missing`;
  await using script = sender(1234, file);
  const [code, line] = await failure(script);
  assertEquals(code, 1);
  assertMatch(line, /^client: .*\(os error 2\).*missing/);
});

Deno.test(needs("send.ts: a folder is no file", unix), async () => {
  await using place = await workshop();
  await using script = sender(1234, place.path);
  const [code, line] = await failure(script);
  assertEquals(code, 1);
  // It has nothing to do with the receiver, which nobody has asked yet.
  assertMatch(line, /^client: (?!127\.0\.0\.1).*\b(directory|folder)\b/);
});

Deno.test("send.ts: nobody listens there", async () => {
  await using place = await workshop();
  const file = await place.file("a", noise(3));
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  await using script = sender(port, file);
  assertEquals(await failure(script), [
    1,
    `client: nobody listens on 127.0.0.1:${port}; start the server first`,
  ]);
});

Deno.test("send.ts: the receiver says no", async () => {
  await using place = await workshop();
  const file = await place.file("a", noise(11));
  await using server = await receiver(place.folder, ["--max-bytes", "10"]);
  await using script = sender(server.port, file);
  assertEquals(await failure(script), [
    1,
    `client: 127.0.0.1:${server.port}: the receiver says no: ` +
    "a file has at most 10 bytes",
  ]);
});

/** Receivers that are none, and what is said of them. */
const STRANGE: [what: string, says: string, words: RegExp][] = [
  ["that is gone", "", /: the receiver is gone; send the file again, /],
  [
    "of another kind",
    "220 smtp.example\r\n",
    /"220 .*" is not what a receiver/,
  ],
  ["of rude words", "NO \x1b[2J\n", /the receiver says no: \\x1b\[2J$/],
  ["that has too much", "FROM 1001\nDONE\n", /is not what a receiver says$/],
  ["that has less than nothing", "FROM -1\n", /is not what a receiver says$/],
  ["that is never done", "FROM 0\n", /: the receiver is gone; send the file/],
  ["without an end", "x".repeat(5000), /a line has at most 1000 bytes/],
];

for (const [what, says, words] of STRANGE) {
  Deno.test(`send.ts: a receiver ${what} is told in one line`, async () => {
    await using place = await workshop();
    const file = await place.file("a", noise(1000));
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    async function answer(): Promise<void> {
      using conn = await listener.accept();
      await conn.read(new Uint8Array(512));
      await writeAll(conn, says);
      await conn.closeWrite();
      const buffer = new Uint8Array(2 ** 16);
      try {
        while (await conn.read(buffer) !== null);
      } catch { /* it need not end in order */ }
    }
    const answered = answer();
    await using script = sender(listener.addr.port, file);
    const [code, line] = await failure(script);
    assertEquals(code, 1);
    assertMatch(line, words);
    await answered;
  });
}

/** What a receiver may say of a file of which it reads nothing more. */
const EARLY: [says: string, words: string][] = [
  ["FROM 0\nNO room\n", "the receiver says no: room"],
  ["FROM 0\nDONE\n", '"DONE" is not what a receiver says'],
  ["FROM 0\nFROM 0\n", '"FROM 0" is not what a receiver says'],
];

for (const [says, words] of EARLY) {
  Deno.test(`send.ts: a receiver that says ${Deno.inspect(says)} at once`, async () => {
    await using place = await workshop();
    // Far more than the buffers of a kernel take.
    const file = await place.file("a", noise(64 * 2 ** 20));
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    async function answer(): Promise<void> {
      using conn = await listener.accept();
      await conn.read(new Uint8Array(512));
      const [from, reply] = says.split(/(?<=FROM 0\n)/);
      if (reply.startsWith("NO")) { // in the middle of a write
        await writeAll(conn, from);
        await conn.read(new Uint8Array(512));
        await writeAll(conn, reply);
        return await answered.promise; // and reads no more
      }
      await writeAll(conn, says);
      const buffer = new Uint8Array(2 ** 16);
      try {
        while (await conn.read(buffer) !== null);
      } catch { /* it need not end in order */ }
    }
    const answered = Promise.withResolvers<void>();
    const answering = answer();
    const { port } = listener.addr;
    await using script = sender(port, file, ["--timeout=0"]);
    assertEquals(await failure(script), [
      1,
      `client: 127.0.0.1:${port}: ${words}`,
    ]);
    answered.resolve();
    await answering;
  });
}

Deno.test(
  needs("send.ts: an address that never answers is given up", linux),
  async () => {
    await using place = await workshop();
    const file = await place.file("a", noise(3));
    // Of those who wait to be accepted one fits in; the others are not answered.
    using listener = Deno.listen({
      hostname: "127.0.0.1",
      port: 0,
      tcpBacklog: 0,
    });
    const { port } = listener.addr;
    using _ = await Deno.connect({ hostname: "127.0.0.1", port });
    await using script = sender(port, file, ["--timeout=0.2"]);
    await script.err.until(/\n$/);
    const [code, line] = await failure(script);
    assertEquals(code, 1);
    assertStringIncludes(line, `: silent for 0.2 s; is the server there? `);
  },
);

Deno.test(
  needs(
    "send.ts: on a terminal a bar shows how far it is",
    linux,
    program("script"),
  ),
  async () => {
    await using place = await workshop();
    const file = await place.file("a", noise(SIZE));
    await using server = await receiver(place.folder);
    const net = `--allow-net=127.0.0.1:${server.port}`;
    const command = `${Deno.execPath()} run -q --no-prompt ${net} ` +
      `--allow-read=${file} ${SEND} --port ${server.port} --file ${file}`;
    await using script = new Process("script", ["-qec", command, "/dev/null"]);
    assertEquals(await script.code(), 0, script.out.text);
    assertMatch(script.out.text, /\[[#-]+\] .+ of 1\.05 MB read/);
    assertMatch(script.out.text, /\[[#-]+\] .+ of 1\.05 MB sent/);
    assertStringIncludes(script.out.text, sha256(noise(SIZE)));
  },
);

Deno.test("send.ts: a receiver that is silent is given up", async () => {
  await using place = await workshop();
  const file = await place.file("a", noise(1000));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using script = sender(listener.addr.port, file, ["--timeout=0.2"]);
  assertEquals(await failure(script), [
    1,
    `client: 127.0.0.1:${listener.addr.port}: silent for 0.2 s; is the server ` +
    "there? Wait longer with --timeout (0: for ever)",
  ]);
});

Deno.test(
  needs("send.ts: SIGINT in the middle of a file ends it with 130", unix),
  async () => {
    await using place = await workshop();
    // Far more than the buffers of a kernel take.
    const file = await place.file("a", noise(64 * 2 ** 20));
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using script = sender(listener.addr.port, file);
    using conn = await listener.accept();
    await conn.read(new Uint8Array(512));
    await writeAll(conn, "FROM 0\n");
    await conn.read(new Uint8Array(512));
    script.kill("SIGINT");
    assertEquals(await failure(script), [130, "client: interrupted"]);
  },
);
