/**
 * Bytes, put together, compared and shown.
 *
 * @module
 */

import { encode } from "../../../lib/io.ts";
import { columnsOf } from "./columns.ts";

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

/** Columns that are shown of a piece; of a longer one, its beginning. */
const SHOWN = 36;

/** Bytes of which all is looked at, to see whether they are text. */
const LOOKED_AT = 1024;

/**
 * Bytes as a string in quotes; what is not text, as `\xNN`.
 *
 * @param bytes The bytes.
 * @param most How many columns may stand between the quotes. @default {36}
 */
export function show(bytes: Uint8Array, most = SHOWN): string {
  const characters = charactersOf(bytes.subarray(0, LOOKED_AT));
  let text = "";
  let shown = 0;
  while (
    shown < characters.length && columnsOf(text + characters[shown]) <= most
  ) text += characters[shown++];
  if (shown === characters.length && bytes.length <= LOOKED_AT) {
    return `"${text}"`;
  }
  return `"${text}…" (${count(bytes.length, "byte")})`;
}

/** So many of something: `1 byte`, `1,018 bytes`. */
export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

/** Bytes that are shown before those that differ. */
const BEFORE = 4;

/** Shows where two pieces differ: both from the beginning if that is near enough. */
export function contrast(got: Uint8Array, expected: Uint8Array): string {
  const at = firstDifference(got, expected);
  if (columnsOf(charactersOf(expected.subarray(0, at)).join("")) < SHOWN - 8) {
    return `${show(got)} instead of ${show(expected)}`;
  }
  const from = at - BEFORE;
  const [one, other] = [got, expected].map((bytes) => {
    const some = charactersOf(bytes.subarray(from, from + 2 * BEFORE));
    return bytes.length > from + 2 * BEFORE
      ? `"…${some.join("")}…"`
      : `"…${some.join("")}"`;
  });
  const place = (from + 1).toLocaleString("en");
  return `${one} instead of ${other}, from byte number ${place} on`;
}

const ESCAPES: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

/** What moves a cursor, or turns the direction of writing. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** The characters of a text, or the bytes of what is none, each as it is shown. */
function charactersOf(bytes: Uint8Array): string[] {
  const text = decode(bytes);
  if (text === undefined) {
    return Array.from(bytes, (byte) => {
      const sign = String.fromCharCode(byte);
      return ESCAPES[sign] ?? (byte >= 32 && byte < 127 ? sign : hex(byte));
    });
  }
  return Array.from(
    text,
    (sign) =>
      ESCAPES[sign] ??
        (CONTROLS.test(sign) ? hex(sign.codePointAt(0)!) : sign),
  );
}

/** The text that these bytes are, the last character perhaps cut by ourselves. */
function decode(bytes: Uint8Array): string | undefined {
  const most = bytes.length === LOOKED_AT ? 3 : 0;
  for (let cut = 0; cut <= most; cut++) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(bytes.subarray(0, bytes.length - cut));
    } catch { /* not text, or not all of it */ }
  }
}

function hex(code: number): string {
  return code < 256
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u{${code.toString(16)}}`;
}
