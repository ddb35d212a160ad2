/**
 * What passes at one end of a cable: every packet that a host sends or receives.
 *
 * The kernel itself puts a copy into the queue of a socket while the packet
 * passes. So no program has to be quick enough, and nothing is missed.
 *
 * @module
 */

import { delay } from "../../lib/io.ts";
import * as kernel from "./kernel.ts";
import type { Host } from "./namespaces.ts";
import { type Packet, readPacket } from "./packet.ts";

/** A packet that was seen: all of it but the headers, and two fields of IP's. */
export interface Sighting extends Omit<Packet, "header"> {
  /** IPv4: the packet's number, by which its sender tells it from others. */
  id: number;
  /** How many more routers may pass it on. */
  ttl: number;
}

/** A socket that sees all packets of one interface. */
export class Sniffer implements Disposable {
  readonly #fd: number;
  readonly #packets: Sighting[] = [];

  /** Begins to listen. */
  constructor(host: Host, device = "eth0") {
    this.#fd = host.inside(() => kernel.packetSocket(device));
  }

  /** All TCP, UDP and ICMP so far, in its order; no chatter about neighbours. */
  packets(): Sighting[] {
    for (;;) {
      const bytes = kernel.readPacketFrom(this.#fd);
      if (!bytes) return [...this.#packets];
      const version = bytes[0] >> 4;
      if (version !== 4 && version !== 6) continue; // ARP
      const packet = readPacket(bytes, kernel.timeOf(this.#fd));
      if (!packet || isChatter(packet)) continue;
      const { header, ...rest } = packet;
      const [id, ttl] = version === 4
        ? [header[4] << 8 | header[5], header[8]]
        : [0, header[7]];
      this.#packets.push({ ...rest, id, ttl });
    }
  }

  /** Resolves to the first packet of a kind, as soon as one has passed. */
  async until(isOne: (packet: Sighting) => boolean): Promise<Sighting> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const found = this.packets().find(isOne);
      if (found) return found;
      if (performance.now() > deadline) throw new Error("no such packet");
      await delay(0.002); // nothing wakes us up
    }
  }

  /** Resolves when a message has been acknowledged, or refused by a reset. */
  async answered(text: string): Promise<void> {
    const sent = await this.until((packet) => packet.text === text);
    await this.until(({ from, to, ack, flags, time }) => {
      const isAnswer = from === sent.to && to === sent.from;
      const end = (sent.seq + sent.length) % 2 ** 32;
      return isAnswer && (ack === end || time > sent.time && /RST/.test(flags));
    });
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    kernel.close(this.#fd);
  }
}

/** Whether hosts and routers only look for one another: ICMPv6 130 to 143. */
function isChatter({ protocol, header }: Packet): boolean {
  return protocol === "ICMP" && header[0] >> 4 === 6 &&
    header[40] >= 130 && header[40] <= 143;
}
