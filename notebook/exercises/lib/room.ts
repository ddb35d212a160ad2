/**
 * How much this system's buffers take between a writer and a reader that does
 * not read: measured, because each system has another answer.
 *
 * @module
 */

import { withTimeout } from "../../../lib/io.ts";

/** Seconds between two looks at a write, and after how many of them it's stuck. */
const INTERVAL = 0.05, LOOKS = 5;

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
    const writing = writer.write(piece).catch(() => 0);
    let taken: number | undefined;
    // Looks instead of one long wait: where we are late ourselves, each gives the
    // system another chance.
    for (let looks = 0; looks < LOOKS && taken === undefined; looks++) {
      taken = await withTimeout(INTERVAL, writing);
    }
    if (!taken) return bytes;
    bytes += taken;
  }
}
