/**
 * Two captures side by side, one from each end of a cable: what was sent at one
 * end, and whether, when and how often it arrived at the other.
 *
 * @module
 */

import type { Side } from "./ladder.ts";
import type { Sighting } from "./sniff.ts";

/** A packet on its way. */
export interface Passage {
  /** The packet, as it was sent. */
  packet: Sighting;
  /** Where it was sent. */
  from: Side;
  /** When it left. */
  sent: number;
  /** When it arrived; a packet that was lost did not. */
  arrived?: number;
  /** Whether the same has been sent before. */
  again: boolean;
}

/** Both captures. */
export interface Captures {
  /** What passed at the left end. */
  left: Sighting[];
  /** What passed at the right end. */
  right: Sighting[];
}

/**
 * Finds out what became of each packet. The left end is the one that speaks
 * first, as clients do.
 *
 * @param captures The packets that passed at either end.
 * @returns The passages, in the order in which they began.
 */
export function match({ left, right }: Captures): Passage[] {
  if (left.length === 0) return [];
  const here = hostOf(left[0].from);
  const isLeft = ({ from }: Sighting) => hostOf(from) === here;
  const there = (packet: Sighting) => !isLeft(packet);
  return [
    ...pair("left", left.filter(isLeft), right.filter(isLeft)),
    ...pair("right", right.filter(there), left.filter(there)),
  ].sort((a, b) => a.sent - b.sent);
}

/** An address without its port. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, "");
}

/** The passages in one direction. */
function pair(from: Side, sent: Sighting[], arrived: Sighting[]): Passage[] {
  const waiting = Map.groupBy(arrived, nameOf);
  const before = new Set<string>();
  return sent.flatMap((packet) => {
    const content = `${packet.seq} ${packet.length} ${packet.flags}`;
    const carries = packet.length > 0 || /SYN|FIN/.test(packet.flags);
    const again = carries && packet.protocol === "TCP" && before.has(content);
    before.add(content);
    const copies = waiting.get(nameOf(packet)) ?? [];
    const times = copies.length > 0 ? copies : [undefined];
    waiting.delete(nameOf(packet));
    return times.map((copy) => {
      // Clocks are set, and not always forwards.
      const arrived = copy && Math.max(copy.time, packet.time);
      return { packet, from, sent: packet.time, arrived, again };
    });
  });
}

/**
 * What two copies of a packet have in common. IP numbers the packets of a
 * connection, so that the same bytes, sent again, have another name.
 */
function nameOf({ from, to, id, seq, ack, length, text }: Sighting): string {
  return [from, to, id, seq, ack, length, text].join();
}
