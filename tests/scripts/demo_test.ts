import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encode } from "../../lib/io.ts";
import { launcher } from "../../lib/program.ts";
import { follow, play } from "../demo.ts";
import { GREETING, MESSAGE, Process } from "../harness.ts";

/** A port that nobody has. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What stands in one of the two terminals, from top to bottom. */
function terminal(lines: string[], name: string): string[] {
  return lines.filter((line) => line.startsWith(`${name} │ `))
    .map((line) => line.slice(`${name} │ `.length));
}

Deno.test("the demo shows both terminals, each line under its name", async () => {
  const port = freePort();
  const server =
    `--allow-net=127.0.0.1:${port} server.ts --once --port=${port}`;
  const client = `--allow-net=127.0.0.1:${port} client.ts --port=${port}`;
  const lines: string[] = [];
  const act = { title: "TCP", server, client };
  assertEquals(await play(act, (line) => lines.push(line)), true);
  const asked = `$ ${launcher()} run ${client}`;
  const [command, listening, message] = terminal(lines, "server");
  assertEquals(command, `$ ${launcher()} run ${server}`);
  assertEquals(listening, `server: listening on 127.0.0.1:${port}`);
  assertMatch(message, /^127\.0\.0\.1:\d+> /);
  assertStringIncludes(message, MESSAGE);
  assertEquals(terminal(lines, "client"), [asked, GREETING]);
  // Only when the server waits does somebody go to the other terminal.
  assertEquals(lines.indexOf(`client │ ${asked}`), 3);
});

Deno.test("the demo shows a line when it is printed, not at the end", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start: (all) => void (controller = all),
  });
  let shown = Promise.withResolvers<string>();
  const following = follow(stream, (line) => shown.resolve(line));
  for (const text of ["a line\n", "one without an end"]) {
    controller.enqueue(encode(text));
    assertEquals(await shown.promise, text.trimEnd());
    shown = Promise.withResolvers();
  }
  controller.close();
  await following;
});

Deno.test("a client that fails ends the demo, and its server", async () => {
  const port = freePort();
  const server =
    `--allow-net=127.0.0.1:${port} server.ts --once --port=${port}`;
  const act = { title: "", server, client: "client.ts" };
  const lines: string[] = [];
  assertEquals(await play(act, (line) => lines.push(line)), false);
  const [, refusal] = terminal(lines, "client");
  assertMatch(refusal, /^client: Deno's sandbox does not allow/);
});

Deno.test("the demo says that port 1234 is taken, and ends with 1", async () => {
  // It does not matter who has the port, as long as somebody has.
  let listener: Deno.Listener | undefined;
  try {
    listener = Deno.listen({ hostname: "127.0.0.1", port: 1234 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  const args = ["run", "--allow-run", "--allow-read", "tests/demo.ts"];
  await using demo = new Process(Deno.execPath(), args);
  assertEquals(await demo.code(), 1);
  assertStringIncludes(demo.out.text, "server: port 1234 is in use;");
  assertStringIncludes(demo.err.text, "demo: ");
  listener?.close();
});
