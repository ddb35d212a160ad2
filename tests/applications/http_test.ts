/**
 * Our HTTP/1.1, as curl and a real Chromium speak it, and as those do who want
 * to break or to deceive it. After each of these the next client is served.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { escapeControls } from "../../lib/escape.ts";
import { withTimeout, writeAll } from "../../lib/io.ts";
import { selfSigned } from "../../notebook/applications/certificate.ts";
import {
  type Handler,
  serve,
  type ServeOptions,
} from "../../notebook/applications/http.ts";
import { launch, open } from "../browser.ts";
import {
  needs,
  noise,
  Parts,
  Process,
  program,
  read,
  unix,
} from "../harness.ts";

const curl = program("curl");

/** A page with a form. */
const PAGE = `<!doctype html><title>Door</title>
<form method="post" action="/door"><input name="name"><button>Knock</button></form>`;

/** A small site that has something of everything. */
async function site(request: Request): Promise<Response> {
  const { method, headers } = request;
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/":
      return new Response(PAGE, {
        headers: { "content-type": "text/html; charset=utf-8" },
      });
    case "/door": {
      if (method === "GET" || method === "HEAD") {
        return new Response(`Welcome, ${url.searchParams.get("name")}!`);
      }
      if (method !== "POST") {
        return new Response("no\n", {
          status: 405,
          headers: { allow: "POST" },
        });
      }
      const name = `${(await request.formData()).get("name")}`;
      const location = `/door?${new URLSearchParams({ name })}`;
      return new Response(null, { status: 303, headers: { location } });
    }
    case "/echo":
      return new Response(await request.bytes(), {
        headers: { "content-type": "application/octet-stream" },
      });
    case "/asked":
      return Response.json({
        method,
        url: url.href,
        asked: headers.get("x-asked"),
      });
    case "/named": // a character of a header is a byte, not one or two of UTF-8
      return new Response("", { headers: { "x-name": "caf\xe9" } });
    case "/cookies":
      return new Response("two", {
        headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      });
    case "/favicon.ico":
      return new Response(null, { status: 204 });
    case "/204":
    case "/304":
      return new Response(null, { status: Number(url.pathname.slice(1)) });
    case "/bytes":
      return new Response(noise(2 ** 20));
    case "/throws":
      throw new Error("a secret");
    default:
      return new Response("nothing here\n", { status: 404 });
  }
}

/** Serves over TCP on a free port, and keeps what it asks and what goes wrong. */
function listen(
  handler: Handler = site,
  options: ServeOptions<Deno.NetAddr> = {},
) {
  const asked: string[] = [];
  const errors: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = serve(listener, (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return handler(request);
  }, {
    onError: (error) => void errors.push(`${error.name}: ${error.message}`),
    ...options,
  });
  const { port } = server.addr;
  const origin = `http://127.0.0.1:${port}`;
  return Object.assign(server, { port, origin, asked, errors });
}

/** A text whose characters are bytes. */
function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A text whose bytes were taken for characters. */
function utf8(text: string): string {
  return new TextDecoder().decode(latin1(text));
}

/** Sends bytes, and reads until the server has ended the connection. */
async function say(
  { port }: { port: number },
  text: string,
  { closing = false } = {},
): Promise<Answer[]> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, latin1(text));
  if (closing) await conn.closeWrite();
  const all = new Response(conn.readable).bytes();
  return answersIn(await beforeDeadline(all), text);
}

/** The same promise, but a server that never comes to an end fails the test. */
async function beforeDeadline<T>(promise: Promise<T>): Promise<T> {
  const done = await withTimeout(30, promise.then((value) => ({ value })));
  assert(done, "Expected the server to answer, and to end the connection");
  return done.value;
}

/** What a client makes of an answer. */
interface Answer {
  status: number;
  reason: string;
  headers: Headers;
  body: string;
}

/**
 * Reads answers as strictly as a client may: each has a Content-Length, or is of
 * a kind that has no body, and nothing but answers is sent.
 */
function answersIn(bytes: Uint8Array, requests: string): Answer[] {
  const answers: Answer[] = [];
  const heads = requests.split(/^(?=[A-Z]+ )/m).map((r) => /^HEAD /.test(r));
  let rest = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  while (rest !== "") {
    const [head] = rest.split("\r\n\r\n", 1);
    const [first, ...lines] = head.split("\r\n");
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ([\w ]*)$/.exec(first) ??
      [, `no status line: ${first}`, ""];
    const headers = new Headers(lines.map((line) => {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(line)!;
      return [name, value];
    }));
    const length = headers.get("content-length");
    const bodiless = /^(1..|204|304)$/.test(status!) || heads[answers.length];
    if (!bodiless) assertMatch(`${length}`, /^\d+$/);
    const start = head.length + 4;
    const end = start + (bodiless ? 0 : Number(length));
    assert(end <= rest.length, `the body is too short: ${rest}`);
    answers.push({
      status: Number(status),
      reason,
      headers,
      body: rest.slice(start, end),
    });
    rest = rest.slice(end);
  }
  return answers;
}

/** A request, with a Host, that is the last of its connection. */
function last(line: string, headers: string[] = [], body = ""): string {
  const all = [`${line} HTTP/1.1`, "Host: a.example", "Connection: close"];
  return [...all, ...headers, "", body].join("\r\n");
}

/** Asserts that the server still serves. */
async function assertServes(server: { port: number }): Promise<void> {
  const [{ status, body }] = await say(server, last("GET /door?name=you"));
  assertEquals([status, body], [200, "Welcome, you!"]);
}

// --- curl --------------------------------------------------------------------

/** Runs curl, whatever the proxies and settings of this machine. */
async function run(...args: string[]): Promise<string> {
  const all = ["-q", "--silent", "--show-error", "--noproxy", "*", ...args];
  return (await read("curl", ...all)).replaceAll("\r", "");
}

const CURL: [name: string, args: string[], printed: RegExp][] = [
  [
    "GET",
    ["-i", "/door?name=you"],
    /^HTTP\/1.1 200 OK\n[^]*\n\nWelcome, you!$/,
  ],
  [
    "HEAD",
    ["-I", "/"],
    RegExp(
      `^HTTP/1.1 200 OK\n[^]*content-length: ${PAGE.length}\n[^]*\n\n$`,
    ),
  ],
  ["POST", ["-d", "a body", "/echo"], /^a body$/],
  ["PUT", ["-X", "PUT", "-d", "", "/asked"], /"method":"PUT"/],
  ["a header", ["-H", "X-Asked: a, \tb; c ", "/asked"], /"asked":"a, \\tb; c"/],
  ["a redirect", ["-L", "-d", "name=a%26b", "/door"], /^Welcome, a&b!$/],
  ["404", ["-i", "/none"], /^HTTP\/1.1 404 Not Found\n[^]*\n\nnothing here\n$/],
  [
    "405",
    ["-i", "-X", "DELETE", "/door"],
    /^HTTP\/1.1 405 Method Not Allowed\n[^]*^allow: POST$/m,
  ],
  ["HTTP/1.0", ["-i", "--http1.0", "/door?name=0"], /^connection: close$/m],
  ["a wish for HTTP/2", ["--http2", "/door?name=1.1"], /^Welcome, 1.1!$/],
  [
    "a wish to compress",
    ["--compressed", "/door?name=plain"],
    /^Welcome, plain!$/,
  ],
];

for (const [name, args, printed] of CURL) {
  Deno.test(needs(`curl: ${name}`, curl), async () => {
    await using server = listen();
    const path = args.pop()!;
    assertMatch(await run(...args, server.origin + path), printed);
    assertEquals(server.errors, []);
  });
}

for (const expect of ["100-continue", ""]) {
  Deno.test(
    needs(`curl: a megabyte comes back, with "Expect: ${expect}"`, curl),
    async () => {
      await using server = listen();
      const body = noise(2 ** 20);
      await using client = new Process("curl", [
        ...["-q", "-sS", "-v", "--noproxy", "*", "--data-binary", "@-"],
        // More than it waits for by itself: if nobody says go on, it stays here.
        ...["--max-time", "60", "--expect100-timeout", "1000"],
        ...["-H", `Expect: ${expect}`],
        `${server.origin}/echo`,
      ], { stdin: body });
      assertEquals(await client.code(), 0);
      assert(client.out.text === new TextDecoder().decode(body));
      const told = client.err.text.includes("< HTTP/1.1 100 Continue");
      assertEquals(told, expect !== "");
      assertEquals(server.errors, []);
    },
  );
}

Deno.test(
  needs("curl: who asks before sending too much is told before", curl),
  async () => {
    await using server = listen(site, { maxBody: 2 ** 20 - 1 });
    await using client = new Process("curl", [
      ...["-q", "-sS", "-v", "--noproxy", "*", "--data-binary", "@-"],
      ...["--max-time", "60", "--expect100-timeout", "1000"],
      ...["-H", "Expect: 100-continue"],
      `${server.origin}/echo`,
    ], { stdin: noise(2 ** 20) });
    assertEquals(await client.code(), 0);
    assertStringIncludes(client.err.text, "< HTTP/1.1 413 Content Too Large");
    assertEquals(client.err.text.includes("100 Continue"), false);
    assertEquals(server.asked, []);
    await assertServes(server);
  },
);

Deno.test(needs("curl: two pages over one connection", curl), async () => {
  await using server = listen();
  const urls = ["?name=1", "?name=2"].map((q) => `${server.origin}/door${q}`);
  const numbers = ["-w", " (%{num_connects} new)\n"];
  const printed = await run(...numbers, ...urls);
  assertEquals(printed, "Welcome, 1! (1 new)\nWelcome, 2! (0 new)\n");
});

Deno.test(
  needs("curl: over a Unix domain socket", curl, unix),
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/door`;
    await using _server = serve(Deno.listen({ transport: "unix", path }), site);
    const printed = await run("--unix-socket", path, "http://inside/asked");
    assertStringIncludes(printed, '"url":"http://inside/asked"');
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  needs("curl: over TLS, if it is given the certificate", curl),
  async () => {
    const identity = await selfSigned("localhost");
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, identity.cert);
    const errors: string[] = [];
    await using server = serve(
      Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...identity }),
      site,
      { onError: (error) => void errors.push(error.name) },
    );
    const { port } = server.addr;
    const resolve = ["--resolve", `localhost:${port}:127.0.0.1`];
    const url = `https://localhost:${port}/asked`;
    const args = ["-q", "-sS", "--noproxy", "*", ...resolve, url];
    await using stranger = new Process("curl", args);
    assertEquals(await stranger.code(), 60); // it cannot be authenticated
    const printed = await run("--cacert", file, ...resolve, url);
    assertStringIncludes(printed, `"url":"${url}"`);
    assertEquals(errors, ["InvalidData"]); // the stranger's
    await Deno.remove(file);
  },
);

// --- Chromium ----------------------------------------------------------------

Deno.test({
  ...needs(
    "Chromium shows a page, sends its form, and shows what comes of it",
    program("chromium"),
  ),
  async fn() {
    await using server = listen();
    await using browser = await launch();
    const { page, troubles } = await open(browser, { width: 800 });
    await page.goto(server.origin);
    assertEquals(await page.title(), "Door");
    await page.locator("input").fill("Zoë & 😀");
    await Promise.all([
      page.waitForNavigation(),
      page.locator("button").click(),
    ]);
    const text = await page.evaluate("document.body.innerText");
    assertEquals(text, "Welcome, Zoë & 😀!");
    // To go back and on again must not send the form again.
    await page.goBack();
    await page.goForward();
    assertEquals(await page.evaluate("document.body.innerText"), text);
    assertEquals(
      server.asked.filter((line) => line.startsWith("POST")),
      ["POST /door"],
    );
    assertEquals(troubles, [`303 ${server.origin}/door`]);
  },
});

// --- However it arrives ------------------------------------------------------

/**
 * Serves one client who is made up, so that each of its reads is known. Resolves
 * to what it was answered when the server has closed the connection.
 */
async function serveOne(
  client: Pick<Deno.Conn, "read"> & Partial<Pick<Deno.Conn, "write">>,
  options?: ServeOptions<Deno.NetAddr>,
  handler: Handler = site,
): Promise<string> {
  const closed = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<never>(); // once the listener is closed
  let open = true;
  let answer = "";
  const addr = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const conn = {
    remoteAddr: addr,
    read: async (buffer: Uint8Array) => open ? await client.read(buffer) : null,
    async write(bytes: Uint8Array) {
      const n = await client.write?.(bytes) ?? bytes.length;
      answer += new TextDecoder().decode(bytes.subarray(0, n));
      return n;
    },
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {
      open = false;
      closed.resolve();
    },
  };
  const coming = [conn];
  const listener = {
    addr,
    accept: async () => coming.pop() ?? await gone.promise,
    [Symbol.dispose]: () => gone.reject(new Deno.errors.BadResource("closed")),
  };
  const server = serve(
    listener as unknown as Deno.TcpListener,
    handler,
    options,
  );
  await beforeDeadline(closed.promise);
  await server.shutdown();
  return answer.replaceAll(/^date: .*\r\n/gm, "");
}

Deno.test("requests are the same at every cut, and byte by byte", async () => {
  // Within the body is what looks like a request. A newline without a carriage
  // return ends a line, too, and one empty line before a request is let pass.
  const whole = latin1(
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nGET / \r\n" +
      "HEAD /door?name=2 HTTP/1.1\r\nHost: a\r\n\r\n" +
      "\r\nGET /204 HTTP/1.1\nHost: a\n\n",
  );
  const expected = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n" +
    "content-type: application/octet-stream\r\n\r\nGET / \r" +
    "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n" +
    "content-type: text/plain;charset=UTF-8\r\n\r\n" +
    "HTTP/1.1 204 No Content\r\n\r\n";
  for (let i = 0; i <= whole.length; i++) {
    const parts = [whole.subarray(0, i), whole.subarray(i)];
    assertEquals(await serveOne(new Parts(...parts)), expected, `cut at ${i}`);
  }
  const each = Array.from(whole, (byte) => Uint8Array.of(byte));
  assertEquals(await serveOne(new Parts(...each)), expected);
});

Deno.test("requests that do not wait for answers are answered in turn", async () => {
  await using server = listen();
  const names = Array.from({ length: 100 }, (_, i) => `${i}`);
  const requests = names.map((name) => {
    return `GET /door?name=${name} HTTP/1.1\r\nHost: a\r\n\r\n`;
  });
  const answers = await say(server, requests.join("") + last("GET /none"));
  assertEquals(
    answers.map(({ body }) => body),
    [...names.map((name) => `Welcome, ${name}!`), "nothing here\n"],
  );
});

Deno.test("an answer is as long as it says, also without its body", async () => {
  await using server = listen();
  for (const path of ["/", "/none", "/bytes", "/throws"]) {
    // A second one follows, so that a body would be taken for its answer.
    const head = `HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const [bare, full] = await say(server, head + last(`GET ${path}`));
    const about = ({ status, headers }: Answer) => {
      return [
        status,
        headers.get("content-length"),
        headers.get("content-type"),
      ];
    };
    assertEquals(about(bare), about(full));
    assertEquals(Number(full.headers.get("content-length")), full.body.length);
  }
});

Deno.test("an answer has one length, whatever its handler says", async () => {
  const headers = { "content-length": "9", "transfer-encoding": "chunked" };
  await using server = listen(() => new Response("12345", { headers }));
  const [answer] = await say(server, last("GET /"));
  assertEquals(answer.headers.get("content-length"), "5");
  assertEquals(answer.headers.has("transfer-encoding"), false);
  assertEquals(answer.body, "12345");
  const [bare] = await say(server, last("HEAD /"));
  assertEquals(bare.headers.get("content-length"), "5");
});

Deno.test("an answer has its handler's reason, and a date", async () => {
  await using server = listen(() => {
    return new Response("", { status: 203, statusText: "As I heard" });
  });
  const [{ reason, headers }] = await say(server, last("GET /"));
  assertEquals(reason, "As I heard");
  const date = headers.get("date")!;
  assertEquals(new Date(date).toUTCString(), date);
});

Deno.test("an answer whose headers nobody may change is sent, too", async () => {
  const there = "http://b.example/";
  await using server = listen(() => Response.redirect(there, 303));
  const [{ status, headers }] = await say(server, last("GET /"));
  assertEquals([status, headers.get("location")], [303, there]);
});

Deno.test("a handler that answers HEAD by itself has its Content-Length told", async () => {
  // As the file server of Deno's standard library does.
  const headers = { "content-length": "5" };
  await using server = listen(({ method }) => {
    return new Response(method === "HEAD" ? null : "12345", { headers });
  });
  const [answer] = await say(server, last("HEAD /"));
  assertEquals(answer.headers.get("content-length"), "5");
});

for (const status of [204, 304]) {
  Deno.test(`an answer of ${status} has no body, and the next one follows`, async () => {
    await using server = listen();
    const first = `GET /${status} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const answers = await say(server, first + last("GET /none"));
    assertEquals(answers.map(({ status }) => status), [status, 404]);
    assertEquals(answers[0].headers.has("content-length"), false);
  });
}

Deno.test("the connection stays until one of both says that it is the last", async () => {
  await using server = listen();
  const lines = "Host: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n";
  for (
    const [first, answered] of [
      ["GET / HTTP/1.1\r\n", 2],
      ["GET / HTTP/1.1\r\nConnection: keep-alive\r\n", 2],
      ["GET / HTTP/1.1\r\nConnection: closed\r\n", 2], // that means nothing
      ["GET / HTTP/1.1\r\nConnection: \xa0close\r\n", 2], // nor does that
      ["GET / HTTP/1.1\r\nConnection: close\r\n", 1],
      ["GET / HTTP/1.1\r\nConnection: x, CLOSE\r\n", 1],
      ["GET / HTTP/1.1\r\nConnection: x\r\nConnection: close\r\n", 1],
      ["GET / HTTP/1.1\r\nConnection: close\t ,\r\n", 1],
      ["GET / HTTP/1.0\r\n", 1],
      ["GET / HTTP/1.0\r\nConnection: keep-alive\r\n", 1],
    ] as const
  ) {
    const answers = await say(server, first + lines, { closing: true });
    assertEquals(answers.length, answered, first);
    const { headers } = answers[0];
    assertEquals(headers.get("connection"), answered === 1 ? "close" : null);
  }
});

Deno.test("a handler may say that its answer is the last", async () => {
  const headers = { connection: "close" };
  await using server = listen(() => new Response("bye", { headers }));
  const answers = await say(server, get() + get());
  assertEquals(answers.map(({ body }) => body), ["bye"]);
  assertEquals(answers[0].headers.get("connection"), "close");
});

const URLS: [target: string, host: string, url: string][] = [
  ["/asked", "a.example", "http://a.example/asked"],
  ["/asked?a=b&c", "a.example:8080", "http://a.example:8080/asked?a=b&c"],
  ["/asked", "127.0.0.1:1", "http://127.0.0.1:1/asked"],
  ["/asked", "[::1]:8080", "http://[::1]:8080/asked"],
  ["/asked", "[FE80::A]", "http://[fe80::a]/asked"],
  ["/asked", "A.example:", "http://a.example/asked"],
  // It is a path, whatever it looks like.
  ["//evil.example/../asked", "a.example", "http://a.example//asked"],
  ["/@evil.example/../asked", "a.example", "http://a.example/asked"],
  ["/\\evil.example/../asked", "a.example", "http://a.example//asked"],
  [
    "/http://evil.example/../../../asked",
    "a.example",
    "http://a.example/asked",
  ],
  // The whole address counts more than Host (RFC 9112, 3.2.2).
  ["http://b.example/asked", "a.example", "http://b.example/asked"],
  ["HTTP://B.example:81/asked?q", "a.example", "http://b.example:81/asked?q"],
  ["http://b.example", "a.example", "http://b.example/"],
  ["http://b.example?q", "a.example", "http://b.example/?q"],
  ["http://[::1]:81/", "a.example", "http://[::1]:81/"],
];

for (const [target, host, url] of URLS) {
  Deno.test(`${target} at Host ${host} is ${url}`, async () => {
    await using server = listen(({ url, headers }) => {
      return new Response(`${url} of ${headers.get("host")}`);
    });
    const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n` +
      "Connection: close\r\n\r\n";
    const [{ status, body }] = await say(server, request);
    // A handler that looks at the one must see the same as one that looks at
    // the other.
    assertEquals([status, body], [200, `${url} of ${new URL(url).host}`]);
  });
}

Deno.test("OPTIONS may ask about the server itself, of no path", async () => {
  await using server = listen(({ method, url }) => {
    return new Response(`${method} ${url}`);
  });
  // RFC 9112, 3.2.4: the path is empty then; a URL has a slash in its place.
  const [{ status, body }] = await say(server, last("OPTIONS *"));
  assertEquals([status, body], [200, "OPTIONS http://a.example/"]);
});

Deno.test("HTTP/1.0 needs no Host, and is never told to go on", async () => {
  await using server = listen();
  const headers = ["Expect: 100-continue", "Content-Length: 2", "", "ab"];
  const post = (line: string) => [line, ...headers].join("\r\n");
  const old = await say(server, post("POST /echo HTTP/1.0"));
  assertEquals(old.map(({ status, body }) => [status, body]), [[200, "ab"]]);
  const today = await say(server, last("POST /echo", headers));
  assertEquals(today.map(({ status }) => status), [100, 200]);
  headers[0] = "EXPECT: 100-CONTINUE";
  const loud = await say(server, last("POST /echo", headers));
  assertEquals(loud.map(({ status }) => status), [100, 200]);
  headers[0] = "Expect: 100-continue, and more";
  const strange = await say(server, last("POST /echo", headers));
  assertEquals(strange.map(({ status }) => status), [200]);
  for (const [header, host] of [["", "localhost"], ["Host: a\r\n", "a"]]) {
    const request = `GET /asked HTTP/1.0\r\n${header}\r\n`;
    const [{ body }] = await say(server, request);
    assertEquals(JSON.parse(body).url, `http://${host}/asked`);
  }
});

// --- What is refused ---------------------------------------------------------

/** What would be answered, were it taken for a request of its own. */
const SMUGGLED = last("GET /smuggled");

/** A POST with these headers, and a request where its body should be. */
function post(...headers: string[]): string {
  const lines = ["POST /echo HTTP/1.1", "Host: a", ...headers, "", ""];
  return lines.join("\r\n") + SMUGGLED;
}

/** A GET with these headers, a Host among them. */
function get(...headers: string[]): string {
  return ["GET / HTTP/1.1", "Host: a", ...headers, "", ""].join("\r\n");
}

const REFUSED: [name: string, status: number, request: string][] = [
  // The first line.
  ["no words", 400, "\r\n\r\n\r\n\r\n"],
  ["a word", 400, "hello\r\n\r\n"],
  ["a method alone", 400, "GET\r\nHost: a\r\n\r\n"],
  ["HTTP/0.9", 400, "GET /\r\n\r\n"],
  ["two spaces", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a tab for a space", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a space in the path", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a space at the start", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a space at the end", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"],
  ["a byte order mark", 400, "\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a path that is not ASCII", 400, "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["NUL in the path", 400, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a bare CR after the version", 400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"],
  ["a lower case version", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"],
  ["a version of two digits", 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"],
  ["HTTP/2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ["HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/0.1", 505, "GET / HTTP/0.1\r\nHost: a\r\n\r\n"],
  ["a method nobody knows", 501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a lower case method", 501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["TRACE", 501, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["CONNECT", 501, "CONNECT evil.example:25 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method that is no word", 400, "G{T / HTTP/1.1\r\nHost: a\r\n\r\n"],
  // The target and the Host.
  ["no Host", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["an empty Host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"],
  ["two Hosts", 400, get("Host: b")],
  ["the same Host twice", 400, get("Host: a")],
  ...[
    "a b",
    "a/b",
    "user@a",
    "a?b",
    "a#b",
    "a:port",
    "a:99999",
    "[::1",
    "[1::2::3]",
    "http://a",
    "a, b",
    "a\\b",
    "a%00",
  ].map((host): [string, number, string] => {
    return [`Host ${host}`, 400, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`];
  }),
  ...[
    "path",
    "?",
    "a.example:80",
    "ftp://a/",
    "file:///etc/passwd",
    "javascript:1",
    "http://",
    "http://a:99999/",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "http://?",
    "http://a:port/",
    "http://[a/",
    // What others may take for another host than we do.
    "http://user@a/",
    "http://a@/",
    "http://a\\@evil.example/",
    "http://a\\evil.example/",
    "http://%61/",
    "http://a,b/",
    "http://a#b",
    "/a#b",
    "*", // is for OPTIONS
  ].map((target): [string, number, string] => {
    return [
      `target ${target}`,
      400,
      `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
    ];
  }),
  ["https where it is not spoken", 421, last("GET https://a/")],
  ["a path like an asterisk", 400, "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["no Host beside a whole address", 400, "GET http://a/ HTTP/1.1\r\n\r\n"],
  // The headers.
  ["a space before the colon", 400, get("X : y")],
  ["a tab before the colon", 400, get("X\t: y")],
  ["no colon", 400, get("X")],
  ["no name", 400, get(": y")],
  ["a name of two words", 400, get("X Y: z")],
  ["a folded header", 400, get("X: y", " z")],
  ["a header folded by a tab", 400, get("X: y", "\tz")],
  ["a first header that is folded", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"],
  ["a bare CR in a header", 400, get("X: y\rContent-Length: 5")],
  ["NUL in a header", 400, get("X: y\0z")],
  ["a vertical tab before a value", 400, get("X:\x0by")],
  ["a form feed after a value", 400, get("X: y\x0c")],
  ["DEL in a header", 400, get("X: y\x7f")],
  ["NUL in a name", 400, get("X\0: y")],
  ["a name that is not ASCII", 400, get("\xc3\xa9: y")],
  // The length of the body, about which two readers must never differ.
  ["Content-Length twice", 400, post("Content-Length: 5", "Content-Length: 0")],
  ["the same twice", 400, post("Content-Length: 5", "Content-Length: 5")],
  ...[
    "5, 5",
    "5,",
    "-1",
    "+5",
    "0x5",
    "5e0",
    "5.0",
    "5 5",
    "",
    "five",
    "5;",
    "٥",
    "5\u2028",
  ]
    .map((length): [string, number, string] => {
      const bytes = String.fromCharCode(...new TextEncoder().encode(length));
      const name = `Content-Length "${length}"`;
      return [name, 400, post(`Content-Length: ${bytes}`)];
    }),
  ...[
    "Content-Length:5\xa0",
    "Content-Length:\x0b5",
    "Content-Length: 5\0",
    "Content-Length: 5\r",
    "Content-Length: 5\r\t",
    "Content-Length : 5",
    "Content-Length\xa0: 5",
    " Content-Length: 5",
    "Content-Length: 1\r\n 5",
    "Content-Length:\r\n 5",
    "\rContent-Length: 5",
    "\0Content-Length: 5",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\x0bchunked",
    "Transfer-Encoding\0: chunked",
    "X: y\r\n\tTransfer-Encoding: chunked",
  ].map((header): [string, number, string] => {
    return [JSON.stringify(header), 400, post(header)];
  }),
  ["an empty line of two CRs", 400, get().replace(/\r\n$/, "\r\r\n")],
  ["a length of 2 to the 64th", 400, post(`Content-Length: ${2n ** 64n}`)],
  ["a length of 2 to the 40th", 413, post(`Content-Length: ${2 ** 40}`)],
  ["a body of 1 byte too many", 413, post("Content-Length: 1001")],
  ["Transfer-Encoding", 501, post("Transfer-Encoding: chunked")],
  ...["chunked", "identity", "xchunked", "chunked, identity", ""]
    .flatMap((coding): [string, number, string][] => {
      const te = `Transfer-Encoding: ${coding}`;
      const both: string[][] = [[te, "Content-Length: 0"], [
        "Content-Length: 0",
        te,
      ]];
      return both.map((headers) => [headers.join(", "), 400, post(...headers)]);
    }),
  [
    "chunked in HTTP/1.0",
    501,
    `POST /echo HTTP/1.0\r\n${"Transfer-Encoding: chunked\r\n\r\n" + SMUGGLED}`,
  ],
  // Too much.
  ["an endless first line", 431, `GET /${"a".repeat(100_000)}`],
  ["an endless header", 431, `GET / HTTP/1.1\r\nX: ${"a".repeat(100_000)}`],
  ["endless headers", 431, "GET / HTTP/1.1\r\n" + "X: a\r\n".repeat(20_000)],
  ["endless names", 431, "GET / HTTP/1.1\r\n" + "a:\r\n".repeat(20_000)],
  ["24,000 bytes in short lines", 431, get(...Array(6000).fill("a:"))],
  // Bytes are counted, not characters.
  [
    "headers of two-byte characters",
    431,
    get(
      ...Array(10).fill(`X: ${"\xc3\xa9".repeat(1000)}`),
    ),
  ],
];

for (const [name, status, request] of REFUSED) {
  Deno.test(`refused with ${status}: ${name}`, async () => {
    await using server = listen(site, { maxBody: 1000 });
    // What follows must not be answered, as nobody knows what it is.
    const answers = await say(server, request + SMUGGLED);
    assertEquals(answers.map(({ status }) => status), [status]);
    const [{ reason, headers, body }] = answers;
    assertMatch(reason, /^[A-Z]/);
    assertMatch(body, RegExp(`^${status} .+\n$`));
    assertEquals(headers.get("connection"), "close");
    assertEquals(headers.get("content-type"), "text/plain;charset=UTF-8");
    assertEquals([server.asked, server.errors.length], [[], 1]);
    await assertServes(server);
  });
}

/** A GET whose head has so many bytes, the ends of its lines not counted. */
function getOf(bytes: number): string {
  const least = get("X: ").replaceAll("\r\n", "").length;
  return get(`X: ${"a".repeat(bytes - least)}`);
}

/** Headers of so many names, which all differ. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: y`);
}

for (
  const [name, most, tooMuch] of [
    ["16,384 bytes", getOf(16_384), getOf(16_385)],
    ["100 headers", get(...names(99)), get(...names(100))],
    [
      "100 headers of one name",
      get(...Array(99).fill("X: y")),
      get(...Array(100).fill("X: y")),
    ],
  ]
) {
  Deno.test(`a head of ${name} is let in, and nothing more`, async () => {
    await using server = listen();
    const answers = await say(server, most + tooMuch, { closing: true });
    assertEquals(answers.map(({ status }) => status), [200, 431]);
  });
}

for (
  const [name, header] of [
    ["blanks", `X: ${" ".repeat(16_000)}\x01`],
    ["blanks in a value", `X: a${"\t ".repeat(8000)}b\x01`],
    ["blanks, but no colon", `X${" ".repeat(16_000)}`],
    ["blanks that are none", `X: ${"\xa0".repeat(16_000)}\x01`],
  ]
) {
  Deno.test(`a header of many ${name} does not stop the server`, async () => {
    // In a process of its own: in ours, it would stop the deadline, too.
    const code = `
      import { serve } from "./notebook/applications/http.ts";
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      console.log(listener.addr.port);
      serve(listener, () => new Response("still here"));
    `;
    await using child = new Process(
      Deno.execPath(),
      ["run", "-q", "--no-prompt", "--allow-net=127.0.0.1:0", "-"],
      { stdin: new TextEncoder().encode(code) },
    );
    const [, line] = await child.out.until(/^(\d+)\n/);
    const server = { port: Number(line) };
    const [{ status }] = await say(server, get(header));
    assertEquals(status, 400);
    const [{ body }] = await say(server, last("GET /"));
    assertEquals(body, "still here");
  });
}

for (
  const [sent, value] of [
    ["", ""],
    [" \t ", ""],
    ["a", "a"],
    [" \ta\t b \t", "a\t b"],
    ["\xa0a\xa0", "\xa0a\xa0"],
    [": a:", ": a:"],
  ]
) {
  Deno.test(`only blanks around a value are no part of it: ${JSON.stringify(sent)}`, async () => {
    await using server = listen();
    // Headers would trim them, too, but in a time that grows with their square.
    const append = Headers.prototype.append;
    const appended: string[] = [];
    Headers.prototype.append = function (name, value) {
      if (name === "X-Asked") appended.push(value);
      append.call(this, name, value);
    };
    try {
      const request = last("GET /asked", [`X-Asked:${sent}`]);
      const [{ body }] = await say(server, request);
      assertEquals(JSON.parse(utf8(body)).asked, value);
      assertEquals(appended, [value]);
    } finally {
      Headers.prototype.append = append;
    }
  });
}

Deno.test("a body is let in to the last byte that is allowed", async () => {
  await using server = listen(site, { maxBody: 1000 });
  const body = "x".repeat(1000);
  const answers = await say(
    server,
    last("POST /echo", ["Content-Length: 1000"], body),
  );
  assertEquals([answers[0].status, answers[0].body], [200, body]);
});

Deno.test("who sends all of a body that is too long hears that it is", async () => {
  await using server = listen(site, { maxBody: 1000 });
  // More than the kernel would take for a server that does not read.
  const length = 2 ** 24;
  const head = last("POST /echo", [`Content-Length: ${length}`]);
  const answers = await say(server, head + "x".repeat(length));
  assertEquals(answers.map(({ status }) => status), [413]);
});

Deno.test("the body of a GET is read, and not taken for a request", async () => {
  await using server = listen();
  const length = `Content-Length: ${SMUGGLED.length}`;
  const answers = await say(server, get(length) + SMUGGLED + last("GET /none"));
  assertEquals(answers.map(({ status }) => status), [200, 404]);
  assertEquals(server.asked, ["GET /", "GET /none"]);
});

for (
  const part of ["GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHo"]
    .concat(get("Content-Length: 9") + "part")
) {
  const name = JSON.stringify(part);
  Deno.test(`a request that ends too early is refused: ${name}`, async () => {
    await using server = listen();
    const answers = await say(server, part, { closing: true });
    assertEquals(answers.map(({ status }) => status), [400]);
    assertEquals(server.asked, []);
    await assertServes(server);
  });

  Deno.test(`a request that stops before its end is given up: ${name}`, async () => {
    await using server = listen(site, { timeout: 0.1 });
    const answers = await say(server, part);
    assertEquals(answers.map(({ status }) => status), [408]);
    assertEquals(server.asked, []);
    await assertServes(server);
  });

  Deno.test(`a client that is gone in a request does no harm: ${name}`, async () => {
    await using server = listen();
    const conn = await Deno.connect({ port: server.port });
    await writeAll(conn, part);
    conn.close();
    await assertServes(server);
  });
}

Deno.test("who sends a byte now and then is given up, too", async () => {
  let byte = Promise.resolve(1);
  const slow = {
    read(buffer: Uint8Array) {
      buffer[0] = 97;
      return byte = new Promise((resolve) => setTimeout(resolve, 1, 1));
    },
  };
  const answer = await serveOne(slow, { timeout: 0.1 });
  assertMatch(answer, /^HTTP\/1.1 408 Request Timeout\r\n/);
  await byte; // on which a read still waited
});

/** One who asks for a page, and then neither says more nor ends. */
function quiet(request: string): Pick<Deno.Conn, "read"> {
  const parts = new Parts(latin1(request));
  const never = new Promise<null>(() => {});
  return {
    read: (buffer) => parts.reads === 0 ? parts.read(buffer) : never,
  };
}

for (const [name, request] of [["nothing", ""], ["nothing more", get()]]) {
  Deno.test(`who says ${name} is let go, and nobody complains`, async () => {
    const errors: Error[] = [];
    const answer = await serveOne(quiet(request), {
      timeout: 0.1,
      onError: (error) => void errors.push(error),
    });
    assertEquals(answer.startsWith("HTTP/1.1 200 OK\r\n"), request !== "");
    assertEquals(errors, []);
  });
}

Deno.test("a connection that breaks within a request is reported as that", async () => {
  const parts = new Parts(latin1(get("X: y").slice(0, -2)));
  const errors: string[] = [];
  const answer = await serveOne({
    read(buffer) {
      if (parts.reads === 0) return parts.read(buffer);
      return Promise.reject(new Deno.errors.ConnectionReset("gone"));
    },
  }, { onError: ({ name }) => void errors.push(name) });
  assertEquals([answer, errors], ["", ["ConnectionReset"]]);
});

Deno.test("who does not take the answer is given up", async () => {
  const errors: string[] = [];
  const client = {
    ...quiet(get()),
    write: () => new Promise<number>(() => {}),
  };
  const answer = await serveOne(client, {
    timeout: 0.1,
    onError: ({ message }) => void errors.push(message),
  });
  assertEquals(answer, "");
  assertEquals(errors, ["that took more than 0.1 s"]);
});

Deno.test("who takes the answer, a bit at a time, may take long for all of it", async () => {
  // 128 pieces take 2 ms each at least: more than the limit, which is for one.
  const page = noise(2 ** 23);
  const errors: Error[] = [];
  const client = {
    ...quiet(last("GET /")),
    write: ({ length }: Uint8Array) => {
      const n = Math.min(length, 2 ** 16);
      return new Promise<number>((resolve) => setTimeout(resolve, 2, n));
    },
  };
  const answer = await serveOne(client, {
    timeout: 0.2,
    onError: (error) => void errors.push(error),
  }, () => new Response(page));
  assertEquals(errors, []);
  assert(answer.endsWith(`\r\n\r\n${new TextDecoder().decode(page)}`));
});

Deno.test("a client that comes and goes is nobody to complain of", async () => {
  await using server = listen();
  assertEquals(await say(server, "", { closing: true }), []);
  await assertServes(server);
  assertEquals(server.errors, []);
});

// --- Trouble of our own ------------------------------------------------------

/** A body that breaks in its middle. */
function broken(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(5)),
    pull: (controller) => controller.error(new Error("a secret")),
  });
}

const used = new Response("once");
await used.text();

const BROKEN: [name: string, handler: Handler][] = [
  ["throws", () => {
    throw new Error("a secret");
  }],
  ["is rejected", () => Promise.reject(new Error("a secret"))],
  ["answers with nothing", () => undefined as unknown as Response],
  ["answers with an error", () => Response.error()],
  ["answers with 101", () => new Response(null, { status: 101 })],
  ["answers with a body that breaks", () => new Response(broken())],
  ["answers with what was used before", () => used],
];

for (const [name, handler] of BROKEN) {
  Deno.test(`a handler that ${name} is a 500 without details`, async () => {
    await using server = listen((request) => {
      return new URL(request.url).pathname === "/"
        ? handler(request)
        : site(request);
    });
    const answers = await say(server, get() + last("GET /none"));
    assertEquals(answers.map(({ status }) => status), [500, 404]);
    assertEquals(answers[0].body, "500 something went wrong here\n");
    assertEquals(server.errors.length, 1);
  });
}

// --- As Deno does it ---------------------------------------------------------

const ORDINARY: [line: string, headers?: string[], body?: string][] = [
  ["GET /"],
  ["HEAD /"],
  ["GET /door?name=%F0%9F%98%80"],
  ["POST /door", [
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 8",
  ], "name=you"],
  ["DELETE /door"],
  ["PUT /echo", ["Content-Length: 5"], "a\0\r\n\xff"],
  ["POST /echo", ["Content-Length: 0"]],
  ["GET /asked", ["X-Asked: a", "x-asked:   b  "]],
  ["GET /asked", ["X-Asked: caf\xe9"]], // Latin-1, and UTF-8 as in a cookie
  ["GET /asked", ["X-Asked: \xe2\x82\xac"]],
  ["GET /named"],
  ["GET //evil.example/asked"],
  ["OPTIONS /asked"],
  ["POST /asked", ["Content-Length: 2"], "ab"],
  ["POST /asked", ["Content-Length: 0"]],
  ["PUT /asked"],
  ["GET http://b.example/asked"],
  ["GET /cookies"],
  ["GET /204"],
  ["GET /304"],
  ["GET /none"],
  ["GET /bytes"],
];

/** What of an answer is the handler's: the server adds a date, and more. */
const OWN = ["content-type", "allow", "location", "set-cookie", "x-name"];

for (const [line, headers, body] of ORDINARY) {
  const about = escapeControls([line, ...headers ?? []].join(", "));
  Deno.test(`the same is answered under Deno.serve: ${about}`, async () => {
    await using ours = listen();
    await using theirs = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      site,
    );
    const [here, there] = await Promise.all([ours, theirs].map(
      async ({ addr: { port } }) => {
        const [answer] = await say({ port }, last(line, headers, body));
        const own = OWN.map((name) => answer.headers.get(name));
        return { ...answer, headers: own };
      },
    ));
    assertEquals(here, there);
  });
}
