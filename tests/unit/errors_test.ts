import { assertEquals } from "@std/assert";
import {
  explain,
  FileError,
  isUnknownName,
  limitReached,
  type Place,
  StreamError,
} from "../../lib/errors.ts";

const AT = { hostname: "::1", port: 80, grant: "[::1]:80" };

/** What somebody says of an error. */
function said(
  error: unknown,
  role: "server" | "client" = "client",
  at: Place = AT,
): string | undefined {
  return explain(error, at, { role, command: (grant) => `deno run ${grant}` });
}

const {
  AddrInUse,
  AddrNotAvailable,
  PermissionDenied,
  NotCapable,
  ConnectionRefused,
  NotFound,
  NetworkUnreachable,
  TimedOut,
  InvalidData,
  UnexpectedEof,
  Interrupted,
  ConnectionReset,
  ConnectionAborted,
  BrokenPipe,
  NotConnected,
} = Deno.errors;

const WORDS: [error: Error, words: string][] = [
  [
    new AddrInUse("why"),
    "port 80 is in use; stop the program that has it, " +
    "or choose another with --port",
  ],
  [
    new AddrNotAvailable("why"),
    "::1 is not an address of this machine; " +
    "choose one that is, such as 127.0.0.1, with --hostname",
  ],
  [
    new PermissionDenied("why"),
    "port 80 is privileged: the system keeps those below 1024 for root; " +
    "choose one from 1024 up with --port",
  ],
  [
    new NotCapable('Requires net access to "[::1]:80"'),
    "Deno's sandbox does not allow [::1]:80; run it as: deno run [::1]:80",
  ],
  [
    new NotCapable('Requires read access to "a b", run again'),
    "Deno's sandbox does not allow read access to a b; " +
    "run it as: deno run [::1]:80",
  ],
  [
    new NotCapable('Requires write access to "a"'),
    "Deno's sandbox does not allow write access to a; " +
    "run it as: deno run [::1]:80",
  ],
  [
    new Error("EPERM: operation not permitted"),
    "Deno's sandbox does not allow [::1]:80; run it as: deno run [::1]:80",
  ],
  [
    new ConnectionRefused("why"),
    "nobody listens on [::1]:80; start the server first",
  ],
  [new NotFound("there is no such file"), "there is no such file"],
  [new NetworkUnreachable("why"), "no network leads to [::1]:80"],
  [
    new TimedOut("silent for 1 s"),
    "[::1]:80: silent for 1 s; is the server there? " +
    "Wait longer with --timeout (0: for ever)",
  ],
  [
    limitReached("5 bytes (maxBytes)"),
    "[::1]:80: the limit of 5 bytes (--max-bytes) is reached",
  ],
  [new URIError("why"), '"::1" is neither a name nor an address'],
  [new InvalidData("a line is too long"), "[::1]:80: a line is too long"],
  [new UnexpectedEof("it ended"), "[::1]:80: it ended"],
  [new FileError("a is no folder"), "a is no folder"],
  [new StreamError("cannot write"), "cannot write"],
  [
    new Interrupted("the server stops"),
    "[::1]:80 was cut off: the server stops",
  ],
];

for (const [error, words] of WORDS) {
  Deno.test(`${error.name} has words: ${words}`, () => {
    assertEquals(said(error), words);
  });
}

for (
  const Kind of [ConnectionReset, ConnectionAborted, BrokenPipe, NotConnected]
) {
  const { name } = new Kind();
  Deno.test(`${name}: a client can try again, a server cannot`, () => {
    const words = "[::1]:80 reset the connection before its end";
    assertEquals(said(new Kind("why")), `${words}; try again`);
    assertEquals(said(new Kind("why"), "server"), words);
  });
}

Deno.test("a silent client is given up, by a server", () => {
  assertEquals(
    said(new TimedOut("silent for 1 s"), "server"),
    "[::1]:80 was silent for 1 s, and is given up (--timeout)",
  );
});

Deno.test("only a program that can wait is told to", () => {
  assertEquals(
    said(new ConnectionRefused("why"), "client", { ...AT, wait: 0 }),
    "nobody listens on [::1]:80; start the server first, " +
      "or wait for it with --wait 10",
  );
});

Deno.test("a port that isn't privileged is denied in the system's words", () => {
  const denied = new PermissionDenied("Permission denied (os error 13)");
  for (const [port, words] of [[1023, "port 1023 is"], [1024, "Permission"]]) {
    const found = said(denied, "server", { ...AT, port: Number(port) });
    assertEquals(found?.startsWith(`${words}`), true, found);
  }
});

Deno.test("a name without an address is known in each system's words", () => {
  const unknown = [
    "failed to lookup address information: Name or service not known",
    "Der angegebene Host ist unbekannt. (os error 11001)",
    "(os error 11004)",
    "getaddrinfo ENOTFOUND no-such-name.invalid",
    "getaddrinfo EAI_AGAIN a",
  ];
  const other = ["(os error 110010)", "(os error 11005)", "(os error 11000)"];
  for (const message of unknown) {
    assertEquals(
      said(new Error(message)),
      "no address is known for the name ::1; check its spelling, " +
        "or give an address such as 127.0.0.1",
    );
  }
  assertEquals(other.filter((words) => isUnknownName(new Error(words))), []);
});

Deno.test("other refusals of the system have the system's words; bugs have none", () => {
  const refusal = Object.assign(new Error("Invalid argument"), { code: "E" });
  assertEquals(said(refusal), "[::1]:80: Invalid argument");
  for (const bug of [new TypeError("x is undefined"), "thrown", undefined]) {
    assertEquals(said(bug), undefined);
  }
  const odd = Object.assign(new Error("a bug"), { name: "toString" });
  assertEquals(said(odd), undefined);
});

Deno.test("limitReached() is an error of its own kind", () => {
  const { name, message } = limitReached("5 bytes (maxBytes)");
  assertEquals([name, message], [
    "QuotaExceededError",
    "the limit of 5 bytes (maxBytes) is reached",
  ]);
});
