/**
 * A bad cable, made of software. At either end is a device whose packets are
 * given to us; what we hand to the other one arrives there.
 *
 * @module
 */

import * as kernel from "./kernel.ts";
import { Host } from "./namespaces.ts";
import { readPacket } from "./packet.ts";

/** A packet, from IP's header on. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Decides what becomes of a packet. It is asked about those of Alice's that
 * carry something, and about no others.
 *
 * @param packet The packet.
 * @param nth Which one it is, from 1 on.
 * @returns What arrives in its place: nothing, it, something else, or more.
 */
export type Fate = (packet: Bytes, nth: number) => Bytes[];

/** Two hosts and what is between them. */
export interface Cable extends Disposable {
  /** 10.0.1.2. */
  alice: Host;
  /** 10.0.2.2. */
  bob: Host;
}

/**
 * Lays a cable from Alice to Bob.
 *
 * @param fate What becomes of the packets that carry something.
 * @param delay Milliseconds that each packet travels. @default {0}
 */
export function layCable(fate: Fate, delay = 0): Cable {
  const [alice, bob] = ["alice", "bob"].map((name) => new Host(name));
  const [left, right] = [alice, bob].map((host, i) => {
    host.address = `10.0.${i + 1}.2`;
    const fd = host.inside(kernel.tunnelDevice);
    host.sh(`ip address add ${host.address}/32 dev eth0
      ip link set eth0 up
      ip route add default dev eth0`);
    return fd;
  });
  let nth = 0;
  const carriesSomething = (packet: Bytes) =>
    packet[0] >> 4 === 4 && readPacket(packet, 0)!.length > 0;
  const there = carry(left, right, delay, (packet) => {
    return carriesSomething(packet) ? fate(packet, ++nth) : [packet];
  });
  const back = carry(right, left, delay, (packet) => [packet]);
  const timer = setInterval(() => {
    there();
    back();
  }, 1);
  return {
    ...{ alice, bob },
    [Symbol.dispose]() {
      clearInterval(timer);
      [left, right].forEach(kernel.close);
      for (const host of [alice, bob]) host[Symbol.dispose]();
    },
  };
}

/** One direction of the cable: a function to be called again and again. */
function carry(
  from: number,
  to: number,
  delay: number,
  fate: (packet: Bytes) => Bytes[],
): () => void {
  const underway: { packet: Bytes; due: number }[] = [];
  return () => {
    const now = performance.now();
    for (;;) {
      const sent = kernel.readPacketFrom(from);
      if (!sent) break;
      for (const packet of fate(sent)) {
        underway.push({ packet, due: now + delay });
      }
    }
    while (underway.length > 0 && underway[0].due <= now) {
      kernel.writePacketTo(to, underway.shift()!.packet);
    }
  };
}

/** The same packet with the lowest bit of its last byte turned over. */
export function flipBit(packet: Bytes): Bytes {
  return packet.with(-1, packet.at(-1)! ^ 1);
}

/** The same packet, in which the first two letters have changed places with the next two. */
export function swapWords(packet: Bytes): Bytes {
  const at = packet.length - readPacket(packet, 0)!.length;
  const changed = packet.slice();
  changed.set(packet.subarray(at + 2, at + 4), at);
  changed.set(packet.subarray(at, at + 2), at + 2);
  return changed;
}
