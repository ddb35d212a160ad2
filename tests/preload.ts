/**
 * What each test is given before its file is loaded: a deadline of its own, and
 * words about its failure at once. Deno itself keeps them for the end, which a
 * run that is cut short never reaches.
 *
 * `deno task test` loads this file by `--preload`; no test knows of it.
 *
 * @module
 */

/**
 * Seconds that a test may take, unless it asks for another `timeout`. A slow
 * machine may be given more: `TEST_DEADLINE=600 deno task test`.
 */
const DEADLINE = Number(Deno.env.get("TEST_DEADLINE") ?? 120);

/** Where Deno looks up the place of a test that another file declares for it. */
const PLACE = Symbol.for("Deno.test.location");

type Options = Omit<Deno.TestDefinition, "name" | "fn">;
type Run = Deno.TestDefinition["fn"];

const declare = Deno.test;

/** Declares a test, in any of the forms that `Deno.test()` takes. */
function test(...form: unknown[]): void {
  const { fn, ...options } = definitionOf(form);
  declare({
    timeout: DEADLINE * 1000,
    ...options,
    fn: Object.assign(loudly(options.name, fn), { [PLACE]: callSite() }),
  });
}

/** One form for all: the name and the function may each stand alone. */
function definitionOf(form: unknown[]): Deno.TestDefinition {
  const fn = form.find((part): part is Run => typeof part === "function");
  const name = form.find((part) => typeof part === "string");
  const options = form.find((part): part is Options => {
    return typeof part === "object";
  });
  const all = { ...name && { name }, ...options, ...fn && { fn } };
  const definition = all as Deno.TestDefinition;
  return { ...definition, name: definition.name ?? definition.fn.name };
}

/** A test that says at once how it has failed. */
function loudly(name: string, fn: Run): Run {
  return async (context) => {
    try {
      await fn(context);
    } catch (error) {
      const words = error instanceof Error ? error.stack : Deno.inspect(error);
      console.error(`FAILED: ${name}\n${words}`);
      throw error;
    }
  };
}

/** Where the test is declared, which is two calls up: `file:…:LINE:COLUMN`. */
function callSite(): string | undefined {
  const [, , , line = ""] = new Error().stack!.split("\n");
  return /file:.+:\d+:\d+/.exec(line)?.[0];
}

Object.assign(Deno, { test: Object.assign(test, declare) });
