/**
 * HTTP/1.1 by hand: as much of it as a browser needs, and no less than it takes
 * to be safe. What a request is called (RFC 9110) and how it is written (RFC
 * 9112) is here, but for bodies whose length is not told before (chunks): they
 * are refused. A handler has all the time that it wants.
 *
 * @module
 */

import * as cli from "../../cli.ts";
import { ByteReader } from "./framing.ts";
import { serve as serveAll, type Server } from "./serve.ts";

/** Answers a request, as one would for `Deno.serve`. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** Options for {@linkcode serve}. */
export interface ServeOptions<A extends Deno.Addr> {
  /** Bytes that a request's body may have. @default {1048576} */
  maxBody?: number;
  /**
   * Seconds in which a request must have come, then the next one have begun, and
   * in which each further 64 KiB of an answer must be taken; 0 is for ever.
   * @default {30}
   */
  timeout?: number;
  /** A conversation failed, or (at the server's own address) the listening. */
  onError?(error: Error, at: A): void;
}

/**
 * Serves web pages, over any kind of stream.
 *
 * @example One page for everything
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./http.ts";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await using server = serve(listener, () => new Response("Hello!"));
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
 * assertEquals(await response.text(), "Hello!");
 * ```
 *
 * @param listener Where the browsers come in; it is closed at the shutdown.
 * @param handler Answers a request; its body and the answer's are held whole.
 * @param options Overrides of the defaults.
 * @returns The server; it accepts already.
 */
export function serve<C extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<C, A>,
  handler: Handler,
  { maxBody = 2 ** 20, timeout = 30, onError }: ServeOptions<A> = {},
): Server<A> {
  async function talk(conn: C): Promise<void> {
    const reader = new ByteReader(conn);
    // A browser keeps its connection for what else it may want. When it wants
    // nothing for long, or has ended, nothing is to be said.
    while (await cli.within(timeout, reader.atEnd()) === false) {
      const request = await hear(reader, conn);
      const refused = request instanceof Refusal;
      const answer = refused
        ? await whole(request.response)
        : await respond(request, conn);
      // Where a request was not understood, nobody knows where it ends.
      const last = refused || isLast(request.headers) || isLast(answer.headers);
      if (last) answer.headers.set("connection", "close");
      const bare = !refused && request.method === "HEAD";
      const bytes = await toBytes(answer, bare);
      for (let i = 0; i < bytes.length; i += PIECE) {
        await inTime(cli.writeAll(conn, bytes.subarray(i, i + PIECE)), timeout);
      }
      if (last) return;
    }
  }

  /** The next request, or why it cannot be answered. */
  async function hear(
    reader: ByteReader,
    conn: C,
  ): Promise<Request | Refusal> {
    try {
      return await inTime(readRequest(reader, conn, maxBody), timeout);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      onError?.(error, conn.remoteAddr);
      return error;
    }
  }

  /** What goes wrong while it is answered is our fault, and is not explained. */
  async function respond(request: Request, conn: C): Promise<Answer> {
    try {
      return await whole(await handler(request));
    } catch (error) {
      onError?.(error as Error, conn.remoteAddr);
      return await whole(
        new Refusal(500, "something went wrong here").response,
      );
    }
  }

  return serveAll(listener, talk, { onError, grace: 1 });
}

/** Whether headers say that nothing comes after this. */
function isLast(headers: Headers): boolean {
  return /(^|,)[ \t]*close[ \t]*(,|$)/i.test(headers.get("connection") ?? "");
}

/** A request that is not answered as it was meant. */
class Refusal extends Error {
  /** What is answered instead. */
  readonly response: Response;

  constructor(status: number, why: string) {
    super(why);
    this.response = new Response(`${status} ${why}\n`, { status });
  }
}

/** The same promise, but not for ever. */
async function inTime<T>(promise: Promise<T>, seconds: number): Promise<T> {
  const done = promise.then((value) => ({ value }));
  const result = await cli.within(seconds, done);
  if (result) return result.value;
  throw new Refusal(408, `that took more than ${seconds} s`);
}

// --- A request: its first line, its headers, its body ------------------------

/** Bytes of the first line and the headers together; ends of lines not counted. */
const MAX_HEAD = 16_384;

/** Headers that a request may have: a browser sends about twenty. */
const MAX_HEADERS = 100;

/** What we know; a browser asks for no more than that. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Reads a request. */
async function readRequest(
  reader: ByteReader,
  conn: Deno.Conn<Deno.Addr>,
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
  if (minor === "0") { // what came with 1.1, one cannot have meant
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
  conn: Deno.Conn<Deno.Addr>,
): URL {
  const host = headers.get("host") ?? "";
  if (!HOST.test(host)) {
    throw new Refusal(400, "a request has one Host, a name or an address");
  }
  const scheme = "handshake" in conn ? "https" : "http";
  const here = `${scheme}://${host}`;
  const whole = fullAddress(method, target, here);
  // Its host is read as strictly as ours: what else may stand there, such as
  // `user@`, a backslash or a percent sign, other programs read differently.
  const [, authority = ""] = ADDRESS.exec(whole) ?? [];
  const url = HOST.test(authority) && URL.parse(whole);
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

/** Reads the body, whose length must have been told before. */
async function readBody(
  reader: ByteReader,
  headers: Headers,
  conn: Deno.Conn<Deno.Addr>,
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
    await cli.writeAll(conn, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  return await reader.readExactly(length).catch(refuseHead);
}

// --- A response --------------------------------------------------------------

/** What is said beside a status for those who read along. */
const REASONS: Record<number, string> = {
  200: "OK",
  204: "No Content",
  303: "See Other",
  304: "Not Modified",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  505: "HTTP Version Not Supported",
};

/**
 * Bytes that are sent at once. The time for each is limited, and not for all of
 * them: a long answer may take long, as long as it gets on. We see that only
 * coarsely, because the system takes megabytes before the client has read any,
 * and the next ones when about a third of those is read: over loopback 1.3 MB,
 * measured, so that a client needs 45 kB/s there to be seen to read in 30 s.
 */
const PIECE = 2 ** 16;

/** A response of which everything is there. */
interface Answer {
  status: number;
  reason: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

/** Takes what a handler returned, to its end. */
async function whole(response: Response): Promise<Answer> {
  const { status, statusText } = response;
  if (status < 200) throw new RangeError(`${status} is no answer`);
  const reason = statusText || REASONS[status] || "";
  const headers = new Headers(response.headers);
  headers.delete("transfer-encoding"); // there is one length, which is ours
  return { status, reason, headers, body: await response.bytes() };
}

/** Writes an answer down; a bare one tells only how long its body would be. */
async function toBytes(
  { status, reason, headers, body }: Answer,
  bare: boolean,
): Promise<Uint8Array> {
  const bodiless = status === 204 || status === 304; // `Response` sees to that
  if (bodiless) headers.delete("content-length");
  else if (!bare || body.length > 0 || !headers.has("content-length")) {
    headers.set("content-length", `${body.length}`);
  }
  headers.set("date", new Date().toUTCString());
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    ...Array.from(headers, ([name, value]) => `${name}: ${value}`),
  ].map((line) => `${line}\r\n`).join("");
  const bytes = Uint8Array.from(`${head}\r\n`, (c) => c.charCodeAt(0));
  // One write for both: a small head alone would be a packet of its own.
  return await new Blob([bytes, bare ? "" : body]).bytes();
}
