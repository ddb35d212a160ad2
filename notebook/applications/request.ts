/**
 * A request of HTTP/1.1, read by hand and in no more time than its length takes.
 * What two readers could understand differently is refused: that is how requests
 * are smuggled past one of them.
 *
 * @module
 */

import type { Connection, Socket } from "../../lib/connection.ts";
import type { ByteReader } from "../../lib/framing.ts";
import { writeAll } from "../../lib/io.ts";

/** A request that is not answered as it was meant. */
export class Refusal extends Error {
  /** What is answered instead. */
  readonly response: Response;

  /** Says with which status, and why. */
  constructor(status: number, why: string) {
    super(why);
    this.response = new Response(`${status} ${why}\n`, { status });
  }
}

/** Bytes of the first line and the headers together; ends of lines not counted. */
const MAX_HEAD = 16_384;

/** Headers that a request may have: a browser sends about twenty. */
const MAX_HEADERS = 100;

/** What we know; a browser asks for no more than that. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Reads a request: its first line, its headers, its body.
 *
 * @param reader What the browser sends.
 * @param conn Its connection, for a word in between.
 * @param maxBody Bytes that the body may have.
 * @returns The request.
 * @throws {Refusal} If it cannot be answered as it was meant.
 */
export async function readRequest(
  reader: ByteReader,
  conn: Connection<Socket>,
  maxBody: number,
): Promise<Request> {
  const { line, headers } = await readHead(reader);
  // https://www.rfc-editor.org/rfc/rfc9112#name-request-line
  const parts = /^([!#$%&'*+.^`|~\w-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/.exec(line);
  if (!parts) throw new Refusal(400, "the first line is no request");
  const [, method, target, major, minor] = parts;
  if (major !== "1") throw new Refusal(505, "only HTTP/1.1 is spoken here");
  if (!METHODS.includes(method)) {
    throw new Refusal(501, `nobody knows ${method} here`);
  }
  if (minor === "0") { // it can't have meant what came with 1.1
    headers.set("connection", "close");
    headers.delete("expect");
    if (!headers.has("host")) headers.set("host", "localhost");
  }
  const url = urlOf(method, target, headers, conn);
  headers.set("host", url.host);
  const body = await readBody(reader, headers, conn, maxBody);
  const carries = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers, body: carries ? body : null });
}

/** Reads lines up to the empty one. */
async function readHead(
  reader: ByteReader,
): Promise<{ line: string; headers: Headers }> {
  let room = MAX_HEAD;
  async function readLine(): Promise<string> {
    const line = await reader.readLineBytes(room).catch(refuseHead);
    room -= line.length;
    return String.fromCharCode(...line); // bytes, and not UTF-8
  }
  const line = await readLine() || await readLine(); // one empty line is let pass
  const headers = new Headers();
  for (let count = 0;; count++) {
    const header = await readLine();
    if (header === "") return { line, headers };
    // Deno compares each name with those before it, so that the time it takes
    // grows with the square of their number.
    if (count === MAX_HEADERS) {
      throw new Refusal(431, `a request has at most ${MAX_HEADERS} headers`);
    }
    headers.append(...parseHeader(header));
  }
}

/** A name, a colon, and a value without control characters. */
const HEADER = /^([!#$%&'*+.^`|~\w-]+):([\t -~\x80-\xff]*)$/;

/**
 * Splits a header at its colon. No space before that, and none before the name:
 * others would read it as something else, and what two readers understand
 * differently is how requests are smuggled.
 */
function parseHeader(header: string): [name: string, value: string] {
  const [, name, value] = HEADER.exec(header) ?? [];
  if (!name) throw new Refusal(400, "a header is malformed");
  return [name, trimBlanks(value)];
}

/**
 * A value without the spaces and tabs around it. By hand, because a pattern that
 * may begin to match at every blank takes the square of their number, or worse:
 * one long header, and the whole server stands still. (Deno's own `Headers` trims
 * by patterns like that, but only where blanks are left.) And not by `trim()`,
 * which takes away what belongs to the value, such as `\xa0`.
 */
function trimBlanks(value: string): string {
  const isBlank = (i: number) => value[i] === " " || value[i] === "\t";
  let [start, end] = [0, value.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return value.slice(start, end);
}

function refuseHead(error: unknown): never {
  if (error instanceof Deno.errors.InvalidData) {
    throw new Refusal(431, `the headers have more than ${MAX_HEAD} bytes`);
  }
  if (error instanceof Deno.errors.UnexpectedEof) {
    throw new Refusal(400, "the request ended too early");
  }
  throw error;
}

/** A host, which is a name or an address, and perhaps its port. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d*)?$/i;

/** A whole address: its host, and what else it says. */
const ADDRESS = /^https?:\/\/([^/?#]*)([/?][^#]*)?$/i;

/** What is asked for, of which host: one machine may serve many. */
function urlOf(
  method: string,
  target: string,
  headers: Headers,
  conn: Connection<Socket>,
): URL {
  const host = headers.get("host") ?? "";
  if (!HOST.test(host)) {
    throw new Refusal(400, "a request has one Host, a name or an address");
  }
  const scheme = "handshake" in conn.socket ? "https" : "http";
  const here = `${scheme}://${host}`;
  const full = fullAddress(method, target, here);
  // Its host is read as strictly as ours: what else may stand there, such as
  // `user@`, a backslash or a percent sign, other programs read differently.
  const [, authority = ""] = ADDRESS.exec(full) ?? [];
  const url = HOST.test(authority) && URL.parse(full);
  if (!url) throw new Refusal(400, "the first line asks for no path");
  if (url.protocol !== `${scheme}:`) {
    throw new Refusal(421, `only ${scheme} is spoken on this connection`);
  }
  return url;
}

/**
 * Usually the target is a path. A proxy is sent the whole address. And OPTIONS
 * may be asked, by an asterisk, about the server and none of its paths.
 */
function fullAddress(method: string, target: string, here: string): string {
  if (target.startsWith("/")) return here + target;
  return target === "*" && method === "OPTIONS" ? here : target;
}

/** Reads the body, whose length must be given beforehand. */
async function readBody(
  reader: ByteReader,
  headers: Headers,
  conn: Connection<Socket>,
  maxBody: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = headers.get("content-length");
  if (headers.has("transfer-encoding")) {
    // With both, one reader would believe the one, and another the other.
    if (text !== null) throw new Refusal(400, "a body has one length, not two");
    throw new Refusal(501, "only bodies with a Content-Length are read here");
  }
  // Two of them would be "5, 6" here, and that is no number.
  if (!/^\d{1,15}$/.test(text ?? "0")) {
    throw new Refusal(400, "the Content-Length is no length");
  }
  const length = Number(text ?? 0);
  if (length > maxBody) {
    throw new Refusal(413, `a body has at most ${maxBody} bytes`);
  }
  // A client with much to say may ask first whether it is welcome.
  if (/^100-continue$/i.test(headers.get("expect") ?? "")) {
    await writeAll(conn, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  return await reader.readExactly(length).catch(refuseHead);
}
