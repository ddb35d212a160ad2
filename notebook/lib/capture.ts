/**
 * What is on the wire: packets, taken from the loopback interface by tcpdump.
 *
 * @module
 */

import { type Packet, readPacket } from "./packet.ts";

export type { Packet } from "./packet.ts";

/** Bytes that are kept of each packet: the headers and some of the rest. */
const SNAPSHOT = 200;

/**
 * Takes the packets that pass while something is done.
 *
 * A datagram of our own goes before and after them, so that nothing depends on
 * how fast tcpdump is.
 *
 * @param filter Which packets, in tcpdump's language: `tcp port 1234`.
 * @param work What to do meanwhile.
 * @returns The packets in their order.
 * @throws {Error} If tcpdump may not listen here, or has missed packets.
 */
export async function capture(
  filter: string,
  work: () => unknown,
): Promise<Packet[]> {
  const own = { transport: "udp", hostname: "127.0.0.1", port: 0 } as const;
  const mark = Deno.listenDatagram(own);
  const { port } = mark.addr as Deno.NetAddr;
  const tcpdump = new Deno.Command("tcpdump", {
    args: [
      ...["-i", "lo", "-w", "-", "-U", "--immediate-mode"],
      ...["-s", String(SNAPSHOT), "-B", "16384"], // KiB: enough to lose none
      `(${filter}) or udp port ${port}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const words = new Response(tcpdump.stderr).text();
  const recording = new Recording(tcpdump.stdout);
  async function pass(text: string): Promise<void> {
    do await mark.send(encode(text), mark.addr); while (
      !await recording.has(text)
    );
  }
  try {
    const [begin, end] = [crypto.randomUUID(), crypto.randomUUID()];
    await pass(begin);
    await work();
    await pass(end);
  } catch (error) {
    throw recording.closed ? new Error(await words) : error;
  } finally {
    mark.close();
    if (!recording.closed) tcpdump.kill();
    await Promise.all([recording.ended, tcpdump.status]);
  }
  const [lost] = /[1-9]\d* packets? dropped by kernel/.exec(await words) ?? [];
  if (lost) throw new Error(`tcpdump was too slow: ${lost}`);
  const marks = `127.0.0.1:${port}`;
  return recording.packets().filter(({ from }) => from !== marks);
}

/**
 * Leaves out what was sent again: TCP does that when an acknowledgement takes
 * long, on a busy machine also where nothing is lost.
 *
 * @param packets The packets.
 * @returns Those of them that brought anything new.
 */
export function once(packets: Packet[]): Packet[] {
  const seen = new Set<string>();
  return packets.filter(({ from, flags, seq, ack, length }) => {
    const isNew = length > 0 || flags !== "ACK";
    const name = isNew ? `${from} ${seq} ${length}` : `${from} ${seq} ${ack}`;
    return !seen.has(name) && seen.add(name);
  });
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** What tcpdump has written so far: a file of packets, in pcap's format. */
class Recording {
  readonly ended: Promise<void>;
  #bytes = new Uint8Array();
  closed = false;
  #more = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream) {
      const bytes = new Uint8Array(this.#bytes.length + part.length);
      bytes.set(this.#bytes);
      bytes.set(part, this.#bytes.length);
      this.#bytes = bytes;
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
    this.closed = true;
    this.#more.resolve();
  }

  /** Whether some text is in it by now, or after waiting a moment for more. */
  async has(text: string): Promise<boolean> {
    const isHere = () => {
      return new TextDecoder("latin1").decode(this.#bytes).includes(text);
    };
    if (isHere()) return true;
    if (this.closed) throw new Error("tcpdump cannot listen here");
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 20);
    await Promise.race([this.#more.promise, promise]);
    clearTimeout(timer);
    return isHere();
  }

  packets(): Packet[] {
    const found: Packet[] = [];
    const view = new DataView(this.#bytes.buffer);
    // The file's header is 24 bytes long; that of each packet in it 16.
    for (let at = 24; at + 16 <= this.#bytes.length;) {
      const time = view.getUint32(at, true) +
        view.getUint32(at + 4, true) / 1e6;
      const length = view.getUint32(at + 8, true);
      const start = at + 16 + 14; // Ethernet's header, which loopback fakes
      at += 16 + length;
      const packet = readPacket(this.#bytes.subarray(start, at), time);
      if (packet) found.push(packet);
    }
    return found;
  }
}
