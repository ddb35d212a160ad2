/**
 * Stand-in for `@std/assert`, over `node:assert`: the assertions that this
 * project's tests and examples use.
 *
 * @module
 */

import node from "node:assert/strict";

/** An assertion that did not hold. */
export const AssertionError: typeof node.AssertionError = node.AssertionError;

/** Asserts that something is truthy. */
export function assert(expression: unknown, message = ""): asserts expression {
  if (!expression) fail(message || "Expected a truthy value");
}

/** Fails. */
export function fail(message?: string): never {
  throw new AssertionError({ message: message ?? "Failed assertion" });
}

/** Asserts that two values are equal, however deep; prototypes do not matter. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  node.deepEqual(plain(actual), plain(expected), message);
}

// Deno's addresses have no prototype, and @std/assert does not mind.
function plain<T>(value: T): T {
  const bare = value && typeof value === "object" &&
    Object.getPrototypeOf(value) === null;
  return bare ? { ...value } : value;
}

/** Asserts that a text contains another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  const words = `Expected actual: "${actual}" to contain: "${expected}"`;
  assert(actual.includes(expected), message ?? words);
}

/** Asserts that a text matches a pattern. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  const words = `Expected actual: "${actual}" to match: "${expected}"`;
  assert(expected.test(actual), message ?? words);
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Asserts that a function throws, and returns what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  kind?: ErrorClass<E>,
  includes = "",
): E {
  try {
    fn();
  } catch (error) {
    return thrown(error, kind, includes);
  }
  fail("Expected function to throw");
}

/** Asserts that a promise is rejected, and resolves to the reason. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  kind?: ErrorClass<E>,
  includes = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return thrown(error, kind, includes);
  }
  fail("Expected function to reject");
}

function thrown<E extends Error>(
  error: unknown,
  kind: ErrorClass<E> | undefined,
  includes: string,
): E {
  assert(error instanceof (kind ?? Error), `Unexpected error: ${error}`);
  assertStringIncludes(error.message, includes);
  return error as E;
}
