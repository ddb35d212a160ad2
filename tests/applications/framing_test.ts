/**
 * Messages in a stream, over a real connection to programs of others. What
 * needs no network is in `unit/framing_test.ts`.
 */

import { assertEquals } from "@std/assert";
import { frame, frames, lines } from "../../lib/framing.ts";
import { writeAll } from "../../lib/io.ts";
import { needs, Process, program } from "../harness.ts";
import { bytes, listed, readable } from "../unit/bytes.ts";

/** Accepts one program, and reads its connection to the end. */
async function readFrom<T>(
  command: (port: string) => [program: string, ...args: string[]],
  read: (conn: Deno.TcpConn) => AsyncIterable<T>,
  stdin?: Uint8Array,
): Promise<(T | string)[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [program, ...args] = command(`${listener.addr.port}`);
  await using client = new Process(program, args, { stdin });
  using conn = await listener.accept();
  const heard = await listed(read(conn));
  await conn.closeWrite();
  assertEquals([await client.code(), client.err.text], [0, ""]);
  return heard;
}

const PYTHON = `
import socket, struct, sys
conn = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def framed(message): return struct.pack(">I", len(message)) + message
for byte in framed("é€😀".encode()): conn.send(bytes([byte]))
conn.sendall(framed(b"") + framed(bytes(range(256))) + framed(b"x" * 100_000))
conn.shutdown(socket.SHUT_WR)
answer = conn.makefile("rb")
length, = struct.unpack(">I", answer.read(4))
assert answer.read(length) == b"thanks", length
assert answer.read() == b""
`;

Deno.test(
  needs(
    "what Python frames is what we read, and the other way round",
    program("python3"),
  ),
  async () => {
    async function* read(conn: Deno.TcpConn) {
      yield* frames(conn, 100_000);
      await writeAll(conn, frame(bytes("thanks")));
    }
    const heard = await readFrom(
      (port) => ["python3", "-c", PYTHON, port],
      read,
    );
    const expected = [
      bytes("é€😀"),
      bytes(),
      Uint8Array.from({ length: 256 }, (_, i) => i),
      new Uint8Array(100_000).fill(120),
    ];
    assertEquals(heard.map(readable), expected.map(readable));
  },
);

Deno.test(
  needs("what is typed into netcat comes as lines", program("nc")),
  async () => {
    const typed = bytes("hello\r\n\né€😀\n", "x".repeat(100_000), "\n");
    const heard = await readFrom(
      (port) => ["nc", "-N", "127.0.0.1", port],
      (conn) => lines(conn, 100_000),
      typed,
    );
    assertEquals(heard, ["hello", "", "é€😀", "x".repeat(100_000)]);
  },
);
