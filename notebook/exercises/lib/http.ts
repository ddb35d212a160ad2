/**
 * As much of HTTP/1.1 as a judge needs to read an answer.
 *
 * @module
 */

import { concat, show } from "./bytes.ts";
import { Symptom } from "./symptom.ts";
import type { Wire } from "./wire.ts";

/** An answer. */
export interface Answer {
  /** Its status: 200, 404. */
  status: number;
  /** Its fields, their names in small letters. */
  fields: Map<string, string>;
  /** Its body. */
  body: Uint8Array;
}

/**
 * Reads one answer, and makes sure that nothing comes after it.
 *
 * @throws {Symptom} If it is none, or not of the length that it says.
 */
export async function readAnswer(client: Wire): Promise<Answer> {
  let all = new Uint8Array() as Uint8Array;
  let head: number;
  while ((head = findEnd(all)) < 0) {
    all = await more(client, all, "an answer that is not complete");
  }
  const [first, ...rest] = new TextDecoder().decode(all.subarray(0, head))
    .split("\r\n");
  const [, status] = /^HTTP\/1\.[01] (\d{3})\b/.exec(first) ?? [];
  if (!status) {
    throw new Symptom(
      "changed",
      `is answered with ${show(all)}, which is not HTTP`,
    );
  }
  const fields = new Map(rest.map((line) => {
    const [name, ...value] = line.split(":");
    return [name.trim().toLowerCase(), value.join(":").trim()];
  }));
  const length = Number(fields.get("content-length") ?? NaN);
  if (Number.isNaN(length)) {
    throw new Symptom("changed", "is answered without a Content-Length");
  }
  const end = head + 4 + length;
  const short = `fewer bytes than the ${length} that its Content-Length says`;
  while (all.length < end) all = await more(client, all, short);
  if (all.length > end) throw tooMuch(all.length - end, length);
  const part = await client.nextWithin(0.02);
  if (part instanceof Uint8Array) throw tooMuch(part.length, length);
  return { status: Number(status), fields, body: all.subarray(head + 4) };
}

function tooMuch(bytes: number, length: number): Symptom {
  const seen =
    `is answered with ${bytes} bytes more than the ${length} that the Content-Length says`;
  return new Symptom("extra", seen);
}

async function more(
  client: Wire,
  all: Uint8Array,
  what: string,
): Promise<Uint8Array> {
  const part = await client.next();
  if (part instanceof Uint8Array) return concat(all, part);
  const kind = part === "FIN" ? "ended" : part === "RST" ? "reset" : "silent";
  const seen = all.length ? `is answered with ${what}` : "is not answered";
  throw new Symptom(kind, seen, { got: all });
}

function findEnd(bytes: Uint8Array): number {
  return String.fromCharCode(...bytes.subarray(0, 16_384)).indexOf("\r\n\r\n");
}
