/**
 * The stand-ins for @std, held to what the real packages document, on what this
 * project uses; and the kit that puts them in place. Each behaviour is asked of
 * the stand-in and of whatever `vendor/` has, which with JSR in reach is the
 * real package.
 */

import * as assertions from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { ProgressBar } from "@std/cli/unstable-progress-bar";
import { format } from "@std/fmt/bytes";
import * as colors from "@std/fmt/colors";
import * as standAssertions from "../../lib/offline/std/assert/mod.ts";
import { parseArgs as standParseArgs } from "../../lib/offline/std/cli/parse_args.ts";
import { ProgressBar as StandBar } from "../../lib/offline/std/cli/unstable_progress_bar.ts";
import { format as standFormat } from "../../lib/offline/std/fmt/bytes.ts";
import * as standColors from "../../lib/offline/std/fmt/colors.ts";
import { Process, ROOT } from "../harness.ts";

const { assertEquals, assertMatch, assertRejects, assertThrows } = assertions;

// --- The stand-ins -----------------------------------------------------------

const PARSED: [args: string[], result: Record<string, unknown>][] = [
  [[], {}],
  [["--port=80"], { port: "80" }],
  [["--port", "80"], { port: "80" }],
  [["--port=80", "--port=81"], { port: "81" }],
  [["--port="], { port: "" }],
  [["--port=-1"], { port: "-1" }],
  [["--port=--help"], { port: "--help" }],
  [["--port=a=b"], { port: "a=b" }],
  [["--port=a\nb"], { port: "a\nb" }],
  [["--port"], { port: "" }],
  [["--port", "-"], { port: "", _: ["-"] }],
  [["--port", "--once"], { port: "", once: true }],
  [["--max-bytes=7"], { "max-bytes": "7" }],
  [["--once"], { once: true }],
  [["--once", "--port=80"], { once: true, port: "80" }],
  [["--once=false"], { once: false }],
  [["--once=true"], { once: true }],
  [["--once=1"], { once: true }],
  [["--once", "false"], { once: false }],
  [["--once", "true", "x"], { once: true, _: ["x"] }],
  [["--once", "no"], { once: true, _: ["no"] }],
  [["-h", "false"], {}],
  [["--help"], { help: true, h: true }],
  [["-h"], { help: true, h: true }],
  [["here", "12"], { _: ["here", "12"] }],
  [["-"], { _: ["-"] }],
  [[""], { _: [""] }],
  [["--once", "--", "--port=80", "x"], { once: true, _: ["--port=80", "x"] }],
];

for (
  const [world, parse] of [["@std", parseArgs], [
    "stand-in",
    standParseArgs,
  ]] as const
) {
  Deno.test(`parseArgs() of ${world} reads what the scripts take`, () => {
    for (const [args, result] of PARSED) {
      const parsed = parse(args, {
        string: ["port", "max-bytes", "_"],
        boolean: ["once", "help"],
        alias: { help: "h" },
      });
      const expected = { _: [], once: false, help: false, h: false, ...result };
      assertEquals<unknown>(
        { ...parsed },
        expected,
        `for ${JSON.stringify(args)}`,
      );
    }
  });

  Deno.test(`parseArgs() of ${world} reports what it does not know`, () => {
    const unknown: string[] = [];
    const parsed = parse(
      ["--port=80", "--prot=80", "--on", "-x", "here", "-h"],
      {
        string: ["port", "_"],
        boolean: ["help"],
        alias: { help: "h" },
        unknown: (arg: string) => {
          unknown.push(arg);
          return false;
        },
      },
    );
    assertEquals(unknown, ["--prot=80", "--on", "-x"]);
    assertEquals<unknown>({ ...parsed }, {
      _: [],
      port: "80",
      help: true,
      h: true,
    });
  });

  Deno.test(`parseArgs() of ${world} lets unknown() throw`, () => {
    assertThrows(
      () =>
        parse(["--prot", "80"], {
          unknown(arg: string) {
            throw new TypeError(arg);
          },
        }),
      TypeError,
      "--prot",
    );
  });
}

Deno.test("format() of both counts bytes alike", () => {
  const table: [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [24, "24 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1024, "1.02 kB"],
    [1337, "1.34 kB"],
    [65_507, "65.5 kB"],
    [1_048_576, "1.05 MB"],
    [1e9, "1 GB"],
    [123_456_789_012, "123 GB"],
  ];
  for (const [bytes, text] of table) {
    assertEquals([format(bytes), standFormat(bytes)], [text, text]);
  }
});

Deno.test("the colours of both are the same, and off when turned off", () => {
  for (const name of ["bold", "dim", "red", "green", "yellow"] as const) {
    colors.setColorEnabled(true);
    standColors.setColorEnabled(true);
    assertEquals(standColors[name]("x"), colors[name]("x"));
    assertEquals(colors[name]("x") === "x", Deno.noColor);
    colors.setColorEnabled(false);
    standColors.setColorEnabled(false);
    assertEquals([colors[name]("x"), standColors[name]("x")], ["x", "x"]);
  }
});

for (
  const [world, std] of [["@std", assertions], [
    "stand-in",
    standAssertions,
  ]] as const
) {
  const { AssertionError } = std;
  const fails = (check: () => unknown) => assertThrows(check, AssertionError);

  Deno.test(`the assertions of ${world} hold and fail where they should`, async () => {
    (std.assert as (value: unknown) => void)(1);
    fails(() => (std.assert as (value: unknown) => void)(0));
    fails(() => std.fail("x"));
    const bare = Object.assign(Object.create(null), { a: [1, { b: 2 }] });
    std.assertEquals(bare, { a: [1, { b: 2 }] });
    std.assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 2]));
    fails(() => std.assertEquals<unknown>({ a: 1 }, { a: "1" }));
    fails(() => std.assertEquals([1, 2], [1, 2, 3]));
    fails(() => std.assertEquals<unknown>(0, -0 + 1));
    std.assertStringIncludes("abc", "b");
    fails(() => std.assertStringIncludes("abc", "d"));
    std.assertMatch("abc", /b/);
    fails(() => std.assertMatch("abc", /d/));
    const raise = () => {
      throw new RangeError("too far");
    };
    const error: Error = std.assertThrows(raise, RangeError, "far");
    assertEquals(error.message, "too far");
    fails(() => std.assertThrows(() => {}));
    fails(() => std.assertThrows(raise, TypeError));
    fails(() => std.assertThrows(raise, RangeError, "near"));
    const reject = () => Promise.reject(new RangeError("too late"));
    await std.assertRejects(reject, RangeError, "late");
    await assertRejects(
      () => std.assertRejects(reject, TypeError),
      AssertionError,
    );
    await assertRejects(
      () => std.assertRejects(() => Promise.resolve()),
      AssertionError,
    );
  });
}

// --- The kit -----------------------------------------------------------------

const PROBE =
  'import { format } from "@std/fmt/bytes"; console.log(format(1337));';
const LOUD = /^JSR is out of reach: .*@std\/assert, @std\/cli, @std\/fmt.*\n$/;

/** A copy of the project that has nothing in `vendor/`, and its own JSR. */
class Classroom implements AsyncDisposable {
  #env: Record<string, string>;
  private constructor(readonly folder: string, url: string) {
    this.#env = {
      JSR_URL: url,
      DENO_DIR: `${folder}/cache`,
      // A task's stand-in for Node is Deno itself under a second name, which
      // Windows removes no sooner than the Deno that runs this test has ended.
      DENO_DISABLE_NODE_SHIM: "1",
    };
  }

  static async open(url: string): Promise<Classroom> {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/lib/offline`, { recursive: true });
    for (const name of ["fmt", "cli", "assert"]) {
      await Deno.mkdir(`${folder}/lib/offline/std/${name}`, {
        recursive: true,
      });
    }
    for (
      const file of [
        "deno.json",
        "lib/offline/kit.ts",
        "lib/offline/std/assert/mod.ts",
        "lib/offline/std/cli/parse_args.ts",
        "lib/offline/std/cli/unstable_progress_bar.ts",
        "lib/offline/std/fmt/bytes.ts",
        "lib/offline/std/fmt/colors.ts",
      ]
    ) await Deno.copyFile(new URL(file, ROOT), `${folder}/${file}`);
    await Deno.writeTextFile(`${folder}/probe.ts`, PROBE);
    return new Classroom(folder, url);
  }

  /** Runs Deno in the folder, to its end: what it printed. */
  async deno(...args: string[]): Promise<{ out: string; err: string }> {
    const options = { cwd: this.folder, env: this.#env };
    await using process = new Process(Deno.execPath(), args, options);
    assertEquals(await process.code(), 0, process.err.text);
    return { out: process.out.text, err: process.err.text };
  }

  kit(): Promise<{ out: string; err: string }> {
    return this.deno("task", "-q", "kit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

for (
  const [world, Bar] of [["@std", ProgressBar], ["stand-in", StandBar]] as const
) {
  for (const clear of [true, false]) {
    Deno.test(`ProgressBar of ${world} shows how far it is (clear: ${clear})`, async () => {
      const { readable, writable } = new TransformStream<Uint8Array>();
      const shown = new Response(readable).text();
      const bar = new Bar({
        ...{ max: 4, writable, clear },
        formatter: ({ progressBar, styledTime, value, max }) =>
          `${styledTime} ${progressBar.length} ${value}/${max}`,
      });
      bar.value = 2;
      bar.max = 8;
      await bar.stop();
      await writable.close();
      const last = clear ? "\r\x1b[K" : "\r\x1b[K00:00 50 2/8\n";
      assertEquals(await shown, `\r\x1b[K00:00 50 0/4${last}`);
    });
  }
}

/**
 * A JSR of our own, whose `format` cannot be taken for the stand-in's. It first
 * answers when so many have asked it whether it is there.
 */
function openJsr(together = 1) {
  const all = Promise.withResolvers<void>();
  const files: Record<string, string> = {};
  for (
    const [name, version] of [["assert", "1.0.19"], ["cli", "1.0.32"], [
      "fmt",
      "1.0.10",
    ]]
  ) {
    files[`/@std/${name}/meta.json`] = JSON.stringify({
      versions: { [version]: {} },
    });
  }
  const source = 'export const format = () => "the real one";';
  const size = source.length;
  files["/@std/fmt/1.0.10/bytes.ts"] = source;
  const asked: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (asked.length >= together) all.resolve();
    await all.promise;
    if (pathname === "/@std/fmt/1.0.10_meta.json") {
      const hash = await crypto.subtle.digest(
        "SHA-256",
        new TextEncoder().encode(source),
      );
      const checksum = `sha256-${new Uint8Array(hash).toHex()}`;
      const manifest = { "/bytes.ts": { size, checksum } };
      return Response.json({ manifest, exports: { "./bytes": "./bytes.ts" } });
    }
    const type = pathname.endsWith(".ts")
      ? "text/typescript"
      : "application/json";
    const file = files[pathname];
    return file
      ? new Response(file, { headers: { "content-type": type } })
      : new Response(null, { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, asked, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("where nothing answers, the kit puts stand-ins, says so, and they work", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  await using room = await Classroom.open(
    `http://127.0.0.1:${closed.addr.port}`,
  );
  for (let run = 1; run <= 2; run++) assertMatch((await room.kit()).err, LOUD);
  assertEquals((await room.deno("run", "probe.ts")).out, "1.34 kB\n");
});

Deno.test("several kits at once do not disturb each other", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const url = `http://127.0.0.1:${closed.addr.port}`;
  await using room = await Classroom.open(url);
  const kits = Array.from({ length: 6 }, () => room.kit());
  for (const { err } of await Promise.all(kits)) assertMatch(err, LOUD);
  assertEquals((await room.deno("run", "probe.ts")).out, "1.34 kB\n");
});

Deno.test("where JSR is silent, the kit does not wait for ever", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using room = await Classroom.open(
    `http://127.0.0.1:${listener.addr.port}`,
  );
  assertMatch((await room.kit()).err, LOUD);
});

Deno.test("where JSR answers, the kit takes stand-ins out and leaves the rest to Deno", async () => {
  await using jsr = openJsr();
  await using room = await Classroom.open(jsr.url);
  assertEquals(await room.kit(), { out: "", err: "" });
  assertEquals(
    (await room.deno("run", "-q", "probe.ts")).out,
    "the real one\n",
  );
});

for (const kits of [1, 4]) {
  Deno.test(`stand-ins make way for the real packages as soon as JSR answers, to ${kits} at once`, async () => {
    await using jsr = openJsr(kits);
    await using room = await Classroom.open(jsr.url);
    const host = `http_127.0.0.1_${new URL(jsr.url).port}`;
    // What the kit leaves behind without JSR, put where it would be for this one.
    const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    closed.close();
    await using other = await Classroom.open(
      `http://127.0.0.1:${closed.addr.port}`,
    );
    await other.kit();
    await Deno.mkdir(`${room.folder}/vendor`);
    await Deno.rename(
      `${other.folder}/vendor/http_127.0.0.1_${closed.addr.port}`,
      `${room.folder}/vendor/${host}`,
    );
    assertEquals((await room.deno("run", "-q", "probe.ts")).out, "1.34 kB\n");
    const runs = Array.from({ length: kits }, () => room.kit());
    for (const said of await Promise.all(runs)) {
      assertEquals(said, { out: "", err: "" });
    }
    assertEquals(
      (await room.deno("run", "-q", "probe.ts")).out,
      "the real one\n",
    );
  });
}

Deno.test("with the real packages in place the kit asks nobody and changes nothing", async () => {
  await using jsr = openJsr();
  await using room = await Classroom.open(jsr.url);
  const std = `${room.folder}/vendor/http_127.0.0.1_${
    new URL(jsr.url).port
  }/@std`;
  for (
    const [name, version] of [["assert", "1.0.19"], ["cli", "1.0.32"], [
      "fmt",
      "1.0.10",
    ]]
  ) {
    await Deno.mkdir(`${std}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${std}/${name}/meta.json`, "{}");
    await Deno.writeTextFile(`${std}/${name}/${version}_meta.json`, "{}");
  }
  assertEquals(await room.kit(), { out: "", err: "" });
  assertEquals(jsr.asked, []);
  assertEquals(await Deno.readTextFile(`${std}/fmt/meta.json`), "{}");
});
