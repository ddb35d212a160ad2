/**
 * How much this system's buffers take between a writer and a reader that does
 * not read: measured, because each system has another answer.
 *
 * @module
 */

import { withTimeout } from "../../../lib/io.ts";

/** Seconds after which a write that is not taken counts as stuck. */
const STUCK = 0.1;

let measured: Promise<number> | undefined;

/** The bytes that one connection takes before its writer has to wait. */
export function bufferedBytes(): Promise<number> {
  return measured ??= measure();
}

async function measure(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using writer = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  using _reader = await listener.accept();
  const piece = new Uint8Array(64 * 1024);
  let bytes = 0;
  for (;;) {
    const taken = await withTimeout(STUCK, writer.write(piece).catch(() => 0));
    if (!taken) return bytes;
    bytes += taken;
  }
}
