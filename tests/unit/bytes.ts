/**
 * Bytes, and lists of what a stream brings, for the tests of framing.
 *
 * @module
 */

/** Bytes that are the test's own. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of texts, and of numbers that are bytes already. */
export function bytes(...parts: (string | number | Uint8Array)[]): Bytes {
  const encoder = new TextEncoder();
  return Uint8Array.from(parts.flatMap((part) => {
    if (typeof part === "number") return [part];
    return [...typeof part === "string" ? encoder.encode(part) : part];
  }));
}

/** All that comes, and last of it, if there was one, the name of the error. */
export async function listed<T>(
  items: AsyncIterable<T>,
): Promise<(T | string)[]> {
  const list: (T | string)[] = [];
  try {
    for await (const item of items) list.push(item);
  } catch (error) {
    list.push((error as Error).name);
  }
  return list;
}

/** Bytes as plain numbers. */
export function readable(item: unknown): unknown {
  return item instanceof Uint8Array ? [...item] : item;
}
