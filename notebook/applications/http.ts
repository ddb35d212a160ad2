/**
 * HTTP/1.1 by hand: as much of it as a browser needs, and no less than it takes
 * to be safe. What a request is called (RFC 9110) and how it is written (RFC
 * 9112) is here, except for bodies whose length isn't given beforehand (chunks):
 * they are refused. A handler has all the time that it wants.
 *
 * @module
 */

import type { Connection } from "../../lib/connection.ts";
import { ByteReader } from "../../lib/framing.ts";
import { withTimeout, writeAll } from "../../lib/io.ts";
import { guard } from "../../lib/reports.ts";
import { serve as serveListener, type Server } from "../../lib/serve.ts";
import { readRequest, Refusal } from "./request.ts";

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
export function serve<S extends Deno.Conn<A>, A extends Deno.Addr>(
  listener: Deno.Listener<S, A>,
  handler: Handler,
  { maxBody = 2 ** 20, timeout = 30, ...reports }: ServeOptions<A> = {},
): Server<A> {
  const { onError } = guard<A, ServeOptions<A>>(reports);

  async function handle(conn: Connection<S>): Promise<void> {
    const reader = new ByteReader(conn);
    // A browser keeps its connection for what else it may want. When it wants
    // nothing for long, or has ended, nothing is to be said.
    while (await withTimeout(timeout, reader.atEnd()) === false) {
      const request = await nextRequest(reader, conn);
      const refused = request instanceof Refusal;
      const answer = refused
        ? await complete(request.response)
        : await respond(request, conn);
      // Where a request was not understood, nobody knows where it ends.
      const last = refused || isLast(request.headers) || isLast(answer.headers);
      if (last) answer.headers.set("connection", "close");
      const bare = !refused && request.method === "HEAD";
      const bytes = await toBytes(answer, bare);
      for (let i = 0; i < bytes.length; i += PIECE) {
        await inTime(writeAll(conn, bytes.subarray(i, i + PIECE)), timeout);
      }
      if (last) return;
    }
  }

  /** The next request, or why it cannot be answered. */
  async function nextRequest(
    reader: ByteReader,
    conn: Connection<S>,
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
  async function respond(
    request: Request,
    conn: Connection<S>,
  ): Promise<Answer> {
    try {
      return await complete(await handler(request));
    } catch (error) {
      onError?.(error as Error, conn.remoteAddr);
      return await complete(
        new Refusal(500, "something went wrong here").response,
      );
    }
  }

  return serveListener(listener, handle, { onError, grace: 1 });
}

/** Whether headers say that nothing comes after this. */
function isLast(headers: Headers): boolean {
  return /(^|,)[ \t]*close[ \t]*(,|$)/i.test(headers.get("connection") ?? "");
}

/** The same promise, but not for ever. */
async function inTime<T>(promise: Promise<T>, seconds: number): Promise<T> {
  const done = promise.then((value) => ({ value }));
  const result = await withTimeout(seconds, done);
  if (result) return result.value;
  throw new Refusal(408, `that took more than ${seconds} s`);
}

// --- A response --------------------------------------------------------------

/** The words after a status, for people who read along. */
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
async function complete(response: Response): Promise<Answer> {
  const { status, statusText } = response;
  if (status < 200) throw new RangeError(`${status} is no answer`);
  const reason = statusText || REASONS[status] || "";
  const headers = new Headers(response.headers);
  headers.delete("transfer-encoding"); // there is one length, which is ours
  return { status, reason, headers, body: await response.bytes() };
}

/** Writes an answer; a bare one says only how long its body would be. */
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
