/**
 * Bytes, put together, compared and shown.
 *
 * @module
 */

import { encode } from "../../../lib/io.ts";

/** Puts parts together. */
export function concat(...parts: (Uint8Array | string)[]): Uint8Array {
  const all = parts.map(encode);
  const whole = new Uint8Array(
    all.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where two pieces of bytes first differ; the shorter length if nowhere. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** Whether some bytes are the beginning of others. */
export function begins(whole: Uint8Array, part: Uint8Array): boolean {
  return part.length <= whole.length &&
    firstDifference(whole, part) === part.length;
}

/** Longer pieces are shown by their beginning. */
const SHOWN = 32;

const ESCAPES: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

/**
 * Bytes as a string in quotes; what is not text, as `\xNN`.
 *
 * @param bytes The bytes.
 * @param most How many are shown. @default {32}
 */
export function show(bytes: Uint8Array, most = SHOWN): string {
  const some = `"${escape(bytes.subarray(0, most))}`;
  if (bytes.length <= most) return `${some}"`;
  return `${some}…" (${bytes.length.toLocaleString("en")} bytes)`;
}

function escape(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    return text.replace(
      // deno-lint-ignore no-control-regex
      /[\x00-\x1f"\\\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
      (sign) => ESCAPES[sign] ?? hex(sign.charCodeAt(0)),
    );
  } catch {
    return Array.from(bytes, (byte) => {
      const sign = String.fromCharCode(byte);
      return ESCAPES[sign] ?? (byte >= 32 && byte < 127 ? sign : hex(byte));
    }).join("");
  }
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
