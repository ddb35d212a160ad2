/**
 * Other programs, and what they print: the transcripts of streams that a test
 * writes itself, and a few real processes.
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { isInstalled, Process, Transcript } from "../../lib/process.ts";
import { FakeTime, replace } from "../harness.ts";
import { bytes } from "./bytes.ts";
import { turn } from "./fakes.ts";

/** A deadline: a program that waits for us should not make us wait for it. */
const LIMITED = { timeout: 10_000 };

/** A transcript of streams that the test writes. */
function collect(count = 1, onOutput?: (all: string) => void) {
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const streams = Array.from(
    { length: count },
    () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => void controllers.push(controller),
      }),
  );
  const transcript = new Transcript(streams, onOutput);
  return {
    transcript,
    /** Writes to one of the streams. */
    async write(part: string | Uint8Array, stream = 0): Promise<void> {
      controllers[stream].enqueue(
        typeof part === "string" ? bytes(part) : part,
      );
      await turn();
    },
    /** Ends one of them. */
    async end(stream = 0): Promise<void> {
      controllers[stream].close();
      await turn();
    },
  };
}

// --- What was printed --------------------------------------------------------

Deno.test("a transcript has all that was printed, as text and as bytes", async () => {
  const { transcript, write, end } = collect();
  assertEquals([transcript.text, transcript.bytes], ["", bytes()]);
  await write("\ufeffone ");
  await write(bytes(0xc3)); // half a character
  assertEquals(transcript.text, "\ufeffone ");
  await write(bytes(0xa9, "\n"));
  assertEquals(transcript.text, "\ufeffone é\n");
  await write("\ufeff");
  await write(bytes(0xf0, 0x9f)); // half a character, to the end
  await end();
  await transcript.ended;
  assertEquals(transcript.text, "\ufeffone é\n\ufeff\ufffd");
  assertEquals(transcript.bytes, bytes("\ufeffone é\n\ufeff", 0xf0, 0x9f));
});

Deno.test("two streams are one transcript, which ends with the later one", async () => {
  const { transcript, write, end } = collect(2);
  let ended = false;
  transcript.ended.then(() => ended = true);
  await write("a", 0);
  await write("b", 1);
  await end(1);
  assertEquals(ended, false);
  await write("c", 0);
  await end(0);
  assertEquals([ended, transcript.text], [true, "abc"]);
  assertEquals(transcript.bytes, bytes("abc"));
});

Deno.test("a transcript of nothing has ended", async () => {
  const { transcript } = collect(0);
  await transcript.ended;
  assertEquals(transcript.text, "");
});

Deno.test("whenever there is more, somebody may see all of it", async () => {
  const seen: string[] = [];
  const { write, end } = collect(1, (all) => seen.push(all));
  await write("a");
  await write("b");
  await end();
  assertEquals(seen, ["a", "ab"]);
});

// --- Waiting for it ----------------------------------------------------------

Deno.test(
  "until() waits once for each part, and is not busy meanwhile",
  LIMITED,
  async () => {
    const { transcript, write } = collect();
    let waits = 0;
    {
      using _timeout = replace(AbortSignal, "timeout", () => {
        if (++waits > 10) throw new RangeError("it waits again and again");
        return new AbortController().signal;
      });
      const waiting = transcript.until(/done/);
      waiting.catch(() => {});
      for (let i = 0; i < 100; i++) await Promise.resolve();
      _timeout[Symbol.dispose]();
      await write("do");
      await write("ne");
      assertEquals([(await waiting)[0], waits], ["done", 1]);
    }
  },
);

Deno.test(
  "until() finds what is there already, and what comes in parts",
  LIMITED,
  async () => {
    const { transcript, write } = collect();
    await write("port 80\n");
    const [all, port] = await transcript.until(/port (\d+)\n/);
    assertEquals([all, port], ["port 80\n", "80"]);
    const waiting = transcript.until(/done: (.)/);
    for (const part of ["do", "ne", ": ", "x"]) await write(part);
    assertEquals((await waiting)[1], "x");
  },
);

Deno.test(
  "until() with a number waits for so many, and returns the first",
  LIMITED,
  async () => {
    const { transcript, write } = collect();
    let found: string[] | undefined;
    const waiting = transcript.until(/(\d);/g, 3).then((match) =>
      found = match
    );
    for (const part of ["1;", "2", ";"]) {
      await write(part);
      assertEquals(found, undefined);
    }
    await write("3;4;");
    assertEquals((await waiting)[1], "1");
  },
);

Deno.test("until() keeps the flags of its pattern", LIMITED, async () => {
  const { transcript, write } = collect();
  await write("first\nSECOND\n");
  assertEquals((await transcript.until(/^second$/mi))[0], "SECOND");
});

Deno.test(
  "until() fails when the program has ended, with what it printed",
  LIMITED,
  async () => {
    const { transcript, write, end } = collect();
    await write("1;");
    const waiting = [
      transcript.until(/x/),
      transcript.until(/\d;/, 2),
      transcript.until(/1/),
    ];
    assertEquals((await waiting[2])[0], "1");
    const failing = waiting.slice(0, 2).map((promise) =>
      promise.catch(({ message }) => message)
    );
    await end();
    assertEquals(await Promise.all(failing), [
      "none of /x/ in: 1;",
      "1 of 2 of /\\d;/ in: 1;",
    ]);
    await assertRejects(() => transcript.until(/x/), Error, "none of /x/");
    assertEquals((await transcript.until(/1/))[0], "1");
  },
);

Deno.test("the last words of an ended program count", LIMITED, async () => {
  const { transcript, write, end } = collect();
  await write(bytes("half ", 0xf0));
  const waiting = transcript.until(/half \ufffd/);
  await end();
  assertEquals((await waiting)[0], "half \ufffd");
});

Deno.test(
  "until() gives up after a minute, but not while nothing was asked",
  LIMITED,
  async () => {
    using time = new FakeTime();
    const { transcript } = collect();
    await time.pass(3_600_000);
    const waiting = transcript.until(/x/).catch(({ message }) => message);
    await time.pass(59_999);
    assertEquals(time.delays, [1]);
    await time.pass(2);
    // It looks once more, and then the minute is over.
    await time.pass(60_000);
    assertEquals(await waiting, "none of /x/ in: ");
  },
);

Deno.test(
  "what is waited for in vain is not waited for again and again",
  LIMITED,
  async () => {
    using time = new FakeTime();
    const { transcript } = collect();
    const waiting = transcript.until(/x/).catch(() => "failed");
    await time.pass(0);
    assertEquals(time.delays, [60_000]); // one timer, and no polling
    await time.pass(60_001);
    await time.pass(60_001);
    assertEquals(await waiting, "failed");
  },
);

// --- The cost of much output -------------------------------------------------

Deno.test("a big output is copied once, however many parts it came in", async () => {
  const parts = 10_000;
  const size = 100;
  const transcript = new Transcript([
    ReadableStream.from(
      Array.from({ length: parts }, () => new Uint8Array(size).fill(120)),
    ),
  ]);
  let copied = 0;
  let created = 0;
  const { set } = Uint8Array.prototype;
  function counting(this: Uint8Array, from: ArrayLike<number>, at?: number) {
    copied += from.length;
    created++;
    set.call(this, from, at);
  }
  Uint8Array.prototype.set = counting;
  try {
    await transcript.ended;
    assertEquals(copied, 0, "nothing is copied while it comes");
    assertEquals(transcript.bytes.length, parts * size);
  } finally {
    Reflect.deleteProperty(Uint8Array.prototype, "set");
  }
  assertEquals([copied, created], [parts * size, parts]);
  assertEquals(transcript.text.length, parts * size);
});

// --- Real processes ----------------------------------------------------------

/** A shell, which every Unix has; Windows' own is cmd.exe. */
const onUnix = { ignore: Deno.build.os === "windows", ...LIMITED };

function shell(
  script: string,
  options?: ConstructorParameters<typeof Process>[2],
): Process {
  return new Process("sh", ["-c", script], options);
}

Deno.test(
  "a process has its own outputs, and its exit code",
  onUnix,
  async () => {
    await using process = shell("echo out; echo err >&2; exit 3");
    assertEquals(await process.code(), 3);
    assertEquals([process.out.text, process.err.text], ["out\n", "err\n"]);
  },
);

Deno.test("merged, both outputs are one", onUnix, async () => {
  const seen: string[] = [];
  await using process = shell("echo out; echo err >&2", {
    stdout: "merge",
    onOutput: (all) => void seen.push(all),
  });
  assertEquals(await process.code(), 0);
  assertEquals(process.out.text.split("\n").sort(), ["", "err", "out"]);
  assertEquals([process.err.text, seen.at(-1)], ["", process.out.text]);
});

Deno.test("an unread output can be read at last", onUnix, async () => {
  await using process = shell("echo out; echo err >&2", { stdout: "unread" });
  await process.err.until(/err/);
  assertEquals(process.out.text, "");
  assertEquals(await process.readOutput(), "out\n");
  assertEquals(await process.readOutput(), ""); // once
  assertEquals(await process.code(), 0);
});

Deno.test(
  "an unread output can be closed: the program notices",
  onUnix,
  async () => {
    const script = "read line; trap 'echo piped >&2' PIPE; echo out || true";
    await using process = shell(script, {
      stdin: bytes("go\n"),
      keepOpen: true,
      stdout: "unread",
    });
    await process.closeOutput();
    assertEquals(await process.readOutput(), "");
    await process.code();
  },
);

Deno.test("an output of no interest isn't kept", onUnix, async () => {
  await using process = shell("echo out", { stdout: "null" });
  assertEquals(await process.code(), 0);
  assertEquals(process.out.text, "");
});

Deno.test("a process reads what it is given, and its end", onUnix, async () => {
  await using process = shell("cat; echo end", { stdin: bytes("one\n") });
  assertEquals(await process.code(), 0);
  assertEquals(process.out.text, "one\nend\n");
});

Deno.test("a process without input reads its end at once", onUnix, async () => {
  await using process = shell("cat; echo end");
  assertEquals([await process.code(), process.out.text], [0, "end\n"]);
});

Deno.test("standard input can be kept open", onUnix, async () => {
  const script = "read line; echo $line; cat; echo end";
  const { close } = WritableStreamDefaultWriter.prototype;
  let closed = 0;
  using _close = replace(
    WritableStreamDefaultWriter.prototype,
    "close",
    function (this: WritableStreamDefaultWriter) {
      closed++;
      return close.call(this);
    },
  );
  const options = { stdin: bytes("one\n"), keepOpen: true };
  const process = shell(script, options);
  await process.out.until(/one/);
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(closed, 0);
  await process[Symbol.asyncDispose](); // cat still reads
  assertEquals(process.out.text, "one\n");
});

Deno.test(
  "a process that reads nothing of its input does no harm",
  onUnix,
  async () => {
    const stdin = new Uint8Array(2 ** 20);
    await using process = shell("exit 4", { stdin });
    assertEquals(await process.code(), 4);
  },
);

Deno.test(
  "a process has our environment, no colours, and what it is given besides",
  onUnix,
  async () => {
    const script = "echo $NO_COLOR,$GIVEN,${PATH:+path}; pwd";
    await using process = shell(script, { env: { GIVEN: "1" }, cwd: "/" });
    await process.code();
    assertEquals(process.out.text, "1,1,path\n/\n");
    await using colourful = shell(script, { env: { NO_COLOR: "" } });
    await colourful.code();
    assertEquals(colourful.out.text.split("\n")[0], ",,path");
  },
);

Deno.test("deno is the Deno that runs this, wherever it is", async () => {
  await using process = new Process("deno", ["--version"]);
  assertEquals(await process.code(), 0);
  assert(process.out.text.startsWith(`deno ${Deno.version.deno} `));
});

Deno.test(
  "a process can be sent a signal, and is ended with its scope",
  onUnix,
  async () => {
    const script = "trap 'echo ended; exit 5' TERM; echo ready; " +
      "while :; do sleep 0.01; done";
    const process = shell(script);
    assert(process.pid > 0);
    await process.out.until(/ready/);
    process.kill();
    assertEquals([await process.code(), process.out.text], [
      5,
      "ready\nended\n",
    ]);
    await process[Symbol.asyncDispose](); // it has ended already
    const endless = new Process("sleep", ["1000"]);
    await endless[Symbol.asyncDispose]();
    assertEquals(await endless.code(), 128 + 9);
  },
);

Deno.test(
  "a failure to end a process that isn't its end is passed on",
  onUnix,
  async () => {
    const process = shell("exit 0");
    await process.code();
    using _kill = replace(Deno.ChildProcess.prototype, "kill", () => {
      throw new Deno.errors.PermissionDenied("no");
    });
    await assertRejects(
      () => process[Symbol.asyncDispose](),
      Deno.errors.PermissionDenied,
    );
  },
);

Deno.test("a program that isn't there is an error", () => {
  assertThrows(() => new Process("no-such-program"), Deno.errors.NotFound);
});

Deno.test("isInstalled() tries the program", () => {
  assertEquals(isInstalled(Deno.execPath()), true);
  assertEquals(isInstalled("no-such-program"), false);
});

Deno.test("isInstalled() knows Windows' placeholder, and passes other errors on", () => {
  function starting(outputSync: () => { code: number }): Disposable {
    return replace(
      Deno.Command.prototype,
      "outputSync",
      outputSync as typeof Deno.Command.prototype.outputSync,
    );
  }
  for (const [code, there] of [[0, true], [1, true], [9009, false]] as const) {
    using _command = starting(() => ({ code }));
    assertEquals(isInstalled("python3"), there);
  }
  using _command = starting(() => {
    throw new Deno.errors.PermissionDenied("no");
  });
  assertThrows(() => isInstalled("python3"), Deno.errors.PermissionDenied);
});
