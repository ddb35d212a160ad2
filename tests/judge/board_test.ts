import net from "node:net";
import { once } from "node:events";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  Board,
  describeBoard,
  ownAddresses,
  serveBoard,
} from "../../notebook/exercises/lib/board.ts";
import { freePort } from "../../notebook/exercises/lib/ports.ts";
import { linux, needs, Process, ROOT } from "../harness.ts";
import { Classroom } from "./classroom.ts";

const JUDGE = new URL("notebook/exercises/judge.ts", ROOT).pathname;

const FAILED = '{"exercise":"echo","passed":false,"id":"reads-once"}';
const PASSED = '{"exercise":"echo","passed":true}';

Deno.test("a board has a row a laptop, in order, and the commonest diagnosis", () => {
  const board = new Board();
  board.take("10.0.0.10", FAILED);
  board.take("10.0.0.9", PASSED);
  board.take("10.0.0.9", FAILED);
  board.take("10.0.0.9", FAILED);
  board.take("10.0.0.1", FAILED.replace("reads-once", "no-echo"));
  board.take("10.0.0.2", PASSED);
  assertEquals(`${board}`.split("\n"), [
    "  10.0.0.1        echo          ✗ no-echo",
    "  10.0.0.2        echo          ✓",
    "  10.0.0.9        echo          ✗ reads-once (2 times)",
    "  10.0.0.10       echo          ✗ reads-once",
    "",
    "  2 of 4: reads-once",
  ]);
});

/** What nobody's judge sends. */
const HOSTILE = [
  "",
  "hello",
  "7",
  "null",
  "[]",
  "{}",
  '{"exercise":"echo"}',
  '{"exercise":"nix","passed":true}',
  '{"exercise":"__proto__","passed":true}',
  '{"exercise":["echo"],"passed":true}',
  '{"exercise":"echo","passed":"yes"}',
  '{"exercise":"echo","passed":false}',
  '{"exercise":"echo","passed":false,"id":7}',
  '{"exercise":"echo","passed":false,"id":"\\u001b[2J"}',
  '{"exercise":"echo\\r","passed":true}',
  `{"exercise":"echo","passed":false,"id":"${"x".repeat(41)}"}`,
  "[".repeat(10_000),
];

Deno.test("nothing but results gets onto a board", () => {
  const board = new Board();
  board.take("10.0.0.1", PASSED);
  const before = `${board}`;
  for (const line of HOSTILE) {
    assertEquals(board.take("10.0.0.1", line), false, line);
    assertEquals(board.take("10.0.0.2", line), false, line);
  }
  assertEquals(`${board}`, before);
});

Deno.test("a board has room for a thousand laptops, and for what they say next", () => {
  const board = new Board();
  for (let i = 0; i < 1000; i++) board.take(`10.0.0.${i}`, PASSED);
  assertEquals(board.take("10.9.9.9", PASSED), false);
  assertEquals(board.take("10.0.0.999", FAILED), true);
});

/** Connects as a laptop of its own would: from an address of its own. */
async function connectFrom(
  localAddress: string,
  port: number,
): Promise<net.Socket> {
  const socket = net.connect({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {}); // the board may close it first
  socket.resume();
  await once(socket, "connect");
  return socket;
}

Deno.test(
  needs("strangers keep no laptop from the board", linux),
  async () => {
    const boards: string[] = [];
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = serveBoard(listener, (board) => {
      boards.push(board);
      if (board.includes("127.0.0.9")) resolve();
    });
    const silent = await connectFrom("127.0.0.3", port);
    const endless = await connectFrom("127.0.0.4", port);
    endless.write("x".repeat(100_000)); // and never a newline
    for (const line of HOSTILE) {
      (await connectFrom("127.0.0.2", port)).end(`${line}\n`);
    }
    (await connectFrom("127.0.0.5", port)).resetAndDestroy();
    (await connectFrom("127.0.0.9", port)).end(`${FAILED}\n`);
    await promise;
    for (const socket of [silent, endless]) socket.destroy();
    await server.shutdown();
    assertEquals(boards, [
      "  127.0.0.9       echo          ✗ reads-once\n\n  1 of 1: reads-once",
    ]);
  },
);

Deno.test(
  needs("laptops report to a board, and to nobody who did not ask", linux),
  async () => {
    await using room = await Classroom.open();
    const port = freePort();
    const at = `127.0.0.1:${port}`;
    await using board = new Process("deno", [
      ...["run", "-q", "--no-prompt", `--allow-net=0.0.0.0:${port}`],
      ...[JUDGE, "board", `${port}`],
    ]);
    await board.out.until(RegExp(`on port ${port}`));
    assertStringIncludes(board.out.text, "--report ADDRESS-OF-THIS-MACHINE:");
    assertEquals((await room.ask("6", "python3", "my.py")).code, 0);
    const command = ["python3", "mute.py"];
    assertEquals((await room.ask("6", "--report", at, ...command)).code, 1);
    await board.out.until(/127\.0\.0\.1 +echo +✗ no-echo\n/);
    assertEquals(
      (await room.ask("6", "--report", at, "python3", "my.py")).code,
      0,
    );
    await board.out.until(/127\.0\.0\.1 +echo +✓\n/);
    assertEquals(board.out.text.match(/✓/g)?.length, 1);
    // Here the task may not go: a program goes for it, and nobody is asked.
    const elsewhere = `127.0.0.2:${port}`;
    await room.ask("6", "--report", elsewhere, ...command);
    await board.out.until(/✗ no-echo\n/, 2);
    board.kill("SIGINT");
    assertEquals(await board.code(), 130);
  },
);

Deno.test("a board names this machine's addresses, if it may ask for them", async () => {
  const named = await ownAddresses();
  for (const hostname of named) { // only an address of ours can be listened on
    Deno.listen({ hostname, port: 0 }).close();
  }
  assertEquals(named.includes("127.0.0.1"), false);
  const lines = describeBoard(["10.0.0.7", "192.168.1.2"], 4000).split("\n");
  assertEquals(lines.slice(1), [
    "  --report 10.0.0.7:4000",
    "  --report 192.168.1.2:4000",
    "",
  ]);
});

Deno.test("a board that is not there changes no verdict", async () => {
  await using room = await Classroom.open();
  const at = `127.0.0.1:${freePort()}`;
  const { code, out, err } = await room.ask(
    "6",
    "--report",
    at,
    "python3",
    "my.py",
  );
  assertEquals(code, 0);
  assertStringIncludes(out, "✓ 6 echo");
  assertMatch(err, /^judge: no board answers at 127\.0\.0\.1:\d+\n$/);
});
