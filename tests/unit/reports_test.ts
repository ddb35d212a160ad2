import { assert, assertEquals } from "@std/assert";
import { attempt, guard, type Reports, throttle } from "../../lib/reports.ts";
import { FakeTime } from "../harness.ts";
import { consoleOf, turn } from "./fakes.ts";

const AT = { transport: "tcp", hostname: "127.0.0.1", port: 5 } as const;
const TOTALS = { received: 1, sent: 2, reads: 3 };

// --- throttle() --------------------------------------------------------------

Deno.test("throttle() reports again only after a second's quiet", async () => {
  using time = new FakeTime();
  const reported: unknown[] = [];
  const report = throttle<Deno.NetAddr>((error, at) => {
    reported.push([performance.now(), error.message, at]);
  });
  for (const pause of [0, 900, 900, 900, 1001, 900, 1000]) {
    await time.pass(pause);
    report(new Error("again"), AT);
  }
  assertEquals(reported, [[0, "again", AT], [3701, "again", AT]]);
});

Deno.test("throttle() keeps one error from hiding another", () => {
  using _time = new FakeTime();
  const reported: string[] = [];
  const report = throttle<string>((error, at) => {
    reported.push(`${at}: ${error.message}`);
  });
  for (const words of ["one", "two", "one"]) report(new Error(words), "here");
  assertEquals(reported, ["here: one", "here: two"]);
});

// --- attempt() ---------------------------------------------------------------

Deno.test("attempt() passes on what is thrown, now or later", async () => {
  const thrown: string[] = [];
  const onThrow = ({ message }: Error) => void thrown.push(message);
  assertEquals(
    attempt(() => {
      throw new Error("now");
    }, onThrow),
    undefined,
  );
  assertEquals(thrown, ["now"]);
  const later = attempt(() => Promise.reject(new Error("later")), onThrow);
  assert(later instanceof Promise);
  await later;
  assertEquals(thrown, ["now", "later"]);
});

Deno.test("attempt() returns what to wait for, if there is anything", async () => {
  const onThrow = (error: Error) => {
    throw error;
  };
  assertEquals(attempt(() => 5, onThrow), undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  let over = false;
  const waiting = attempt(() => promise, onThrow);
  assert(waiting instanceof Promise);
  waiting.then(() => over = true);
  await turn();
  assertEquals(over, false);
  resolve();
  await waiting;
});

// --- guard() -----------------------------------------------------------------

/** Calls each of the reports, and waits where there is something to wait for. */
const CALLS: Record<string, (reports: Reports) => unknown> = {
  onListen: (reports) => reports.onListen!(AT),
  onOpen: (reports) => reports.onOpen?.(AT),
  onText: (reports) => reports.onText?.("text", AT),
  onDone: (reports) => reports.onDone?.(AT, TOTALS),
  onError: (reports) => reports.onError!(new Error("an error"), AT),
};

/** Ways in which a callback may fail. */
const FAILURES: [how: string, fail: () => Promise<void>][] = [
  ["throws", () => {
    throw new Error("a bug");
  }],
  ["rejects", () => Promise.reject(new Error("a bug"))],
];

Deno.test("guard() passes on what each report is given", async () => {
  const given: unknown[] = [];
  const note = (name: string) => (...args: unknown[]) => {
    given.push([name, ...args]);
  };
  const names = Object.keys(CALLS);
  const reports = guard<Deno.NetAddr, Reports>(
    Object.fromEntries(names.map((name) => [name, note(name)])),
  );
  for (const call of Object.values(CALLS)) await call(reports);
  assertEquals(given, [
    ["onListen", AT],
    ["onOpen", AT],
    ["onText", "text", AT],
    ["onDone", AT, TOTALS],
    ["onError", new Error("an error"), AT],
  ]);
});

Deno.test("guard() lets reports be left out, and keeps what else there is", async () => {
  const options = { port: 80 };
  const reports = guard<Deno.NetAddr, Reports & { port: number }>(options);
  const written = await consoleOf(async () => {
    for (const call of Object.values(CALLS)) await call(reports);
  });
  assertEquals([written, reports.port], ["", 80]);
});

for (const [how, fail] of FAILURES) {
  for (const name of ["onListen", "onOpen", "onText", "onDone"]) {
    Deno.test(`an ${name} that ${how} is reported, where it was called`, async () => {
      const reported: unknown[] = [];
      const reports = guard<Deno.NetAddr, Reports>({
        [name]: fail,
        onError: (error, at) => void reported.push([error.message, at]),
      });
      await CALLS[name](reports);
      await turn(); // a report that returns nothing to wait for
      assertEquals(reported, [["a bug", AT]]);
    });

    Deno.test(`an ${name} that ${how} goes to the console, where nobody takes errors`, async () => {
      const written = await consoleOf(async () => {
        await CALLS[name](guard<Deno.NetAddr, Reports>({ [name]: fail }));
        await turn();
      });
      assertEquals(written, "Error: a bug");
    });
  }

  Deno.test(`an onError that ${how} goes to the console`, async () => {
    const written = await consoleOf(async () => {
      await CALLS.onError(guard<Deno.NetAddr, Reports>({ onError: fail }));
      await turn();
    });
    assertEquals(written, "Error: a bug");
  });

  Deno.test(`an onError that ${how} about another report goes to the console`, async () => {
    const written = await consoleOf(async () => {
      const all = { onText: fail, onError: fail };
      await CALLS.onText(guard<Deno.NetAddr, Reports>(all));
      await turn();
    });
    assertEquals(written, "Error: a bug");
  });
}

for (const name of ["onOpen", "onText"]) {
  Deno.test(`what ${name} returns can be waited for`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const reports = guard<Deno.NetAddr, Reports>({ [name]: () => promise });
    let over = false;
    const waiting = Promise.resolve(CALLS[name](reports))
      .then(() => over = true);
    await turn();
    assertEquals(over, false);
    resolve();
    assertEquals(await waiting, true);
  });
}
