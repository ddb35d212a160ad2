import { firstDifference, show } from "../lib/bytes.ts";
import { cause, type Exercise, Symptom } from "../lib/exercise.ts";
import { encode } from "../../../lib/io.ts";
import { readAnswer } from "../lib/http.ts";
import { ask } from "../lib/system.ts";
import type { Wire } from "../lib/wire.ts";

const BODY = "Grüß Gott!\n";

const request = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

/** The answer to "/" is what it should be. */
async function isRoot(client: Wire): Promise<void> {
  const { status, body } = await readAnswer(client);
  if (status !== 200) {
    throw new Symptom(
      "changed",
      `is answered with status ${status} instead of 200`,
    );
  }
  const expected = encode(BODY);
  if (
    body.length !== expected.length ||
    firstDifference(body, expected) < body.length
  ) {
    const details = { got: body, expected };
    throw new Symptom(
      "changed",
      `is answered with the body ${show(body)} instead of ${show(expected)}`,
      details,
    );
  }
}

async function gets(client: Wire, path = "/"): Promise<void> {
  await client.send(request(path));
  await isRoot(client);
}

const wrongLength = cause(
  "wrong-length",
  "Content-Length counts bytes, and not characters. Encode the body first, then measure it.",
);

export const web: Exercise = {
  number: 20,
  slug: "web",
  kind: "server",
  concept: "HTTP by hand",
  task:
    'A web server, by hand: "GET /" is answered with status 200 and the body "Grüß Gott!" and a newline (UTF-8, with its Content-Length), any other path with status 404. A connection stays open for further requests.',
  hints: [
    "A request ends with an empty line: \\r\\n\\r\\n. Collect until that has come.",
    'An answer: "HTTP/1.1 200 OK\\r\\n", fields such as "Content-Length: 13\\r\\n", an empty line, the body.',
    "The length is that of the encoded body: in Python len(body.encode()). What comes after the empty line is the next request.",
  ],
  next: {
    file: "notebook/applications/http.ts",
    code: "async function nextRequest(",
    why: "collects a request, and answers it by hand",
    chapter: "applications.ipynb",
    heading: "3. A web page",
  },
  serves: (client) => gets(client),
  steps: [
    {
      name: "whole",
      title: "a request in one piece",
      what: 'The request "GET /" in one piece',
      run: async (lab) => await gets(await lab.connect()),
      causes: {
        silent: ({ details }) =>
          details.got?.length ? wrongLength : cause(
            "no-answer",
            "Your program does not answer when the empty line at the end of the request has come.",
          ),
        ended: ({ details }) =>
          details.got?.length
            ? wrongLength
            : cause("no-answer", "Your program closes without an answer."),
        extra: wrongLength,
        changed: ({ details: { got, expected } }) =>
          got && expected && expected.length > got.length &&
            firstDifference(got, expected) === got.length
            ? wrongLength
            : cause(
              "changed",
              "An answer has a first line, fields with a Content-Length among them, an empty line (each line ends in \\r\\n) and the body.",
            ),
      },
    },
    {
      name: "missing",
      title: "a path that is not there",
      what: 'The request "GET /nowhere"',
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await client.send(request("/nowhere"));
        const { status } = await readAnswer(client);
        if (status !== 404) {
          throw new Symptom(
            "changed",
            `is answered with status ${status} instead of 404`,
          );
        }
      },
      causes: {
        changed: cause(
          "no-404",
          "What is not there is answered with 404: look at the path in the first line of the request.",
        ),
        extra: wrongLength,
        other: cause(
          "no-404",
          "What is not there is answered, too: with status 404, and a Content-Length.",
        ),
      },
    },
    {
      name: "two",
      title: "two requests on one connection",
      what: "The second request on the same connection",
      twin: "whole",
      async run(lab) {
        const client = await lab.connect();
        await gets(client);
        await gets(client);
      },
      causes: {
        extra: wrongLength,
        other: cause(
          "closes-after-one",
          "A connection of HTTP/1.1 stays open for the next request.",
        ),
      },
    },
    {
      name: "cut",
      title: "a request cut at each of its bytes",
      what: "The same request, cut into pieces,",
      twin: "two",
      async run(lab) {
        const bytes = encode(request("/"));
        for (const at of [1, 5, bytes.length - 3, bytes.length - 1]) {
          const client = await lab.connect();
          await client.send(bytes.subarray(0, at));
          await lab.patience.untilIdle();
          await client.send(bytes.subarray(at));
          await isRoot(client);
          client.close();
        }
        const client = await lab.connect();
        for (const byte of bytes) await client.send(Uint8Array.of(byte));
        await isRoot(client);
      },
      causes: {
        other: cause(
          "read-is-request",
          "A request can come in any number of pieces. Your program takes what one read brings for a whole one: collect until the empty line.",
        ),
      },
    },
    {
      name: "curl",
      title: "curl",
      what: "The same page, fetched by curl,",
      twin: "whole",
      async run(lab) {
        await gets(await lab.connect());
        lab.last.close();
        if (!lab.isOurs) return;
        const url = `http://127.0.0.1:${lab.port}/`;
        const page = await ask("curl", "-s", "-m", "3", url);
        const isThere = page ?? await ask("curl", "--version");
        if (isThere === undefined) return;
        lab.note(
          `curl gets ${page === undefined ? "nothing" : JSON.stringify(page)}`,
        );
        if (page !== BODY) {
          throw new Symptom("changed", "is not what it should be");
        }
      },
      causes: {
        other: cause(
          "only-one-client",
          "A second client is not served as the first was, or curl does not understand the answer.",
        ),
      },
    },
  ],
};
