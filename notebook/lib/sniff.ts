/**
 * What passes at one end of a cable: every packet that a host sends or receives.
 *
 * The kernel itself puts a copy into the queue of a socket while the packet
 * passes. So no program has to be quick enough, and nothing is missed.
 *
 * @module
 */

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
