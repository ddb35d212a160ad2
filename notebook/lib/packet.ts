/**
 * Packets, read byte by byte as RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP)
 * and RFC 768 (UDP) lay them out.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";

/** A packet that carried TCP, UDP or ICMP over IP. */
export interface Packet {
  /** When it passed, in seconds since 1970. */
  time: number;
  /** The protocol inside IP. */
  protocol: "TCP" | "UDP" | "ICMP";
  /** Whence: address and port. */
  from: string;
  /** Whither: address and port. */
  to: string;
  /** TCP's flags: `SYN ACK`. */
  flags: string;
  /** TCP: the number of its first byte in the sender's stream. */
  seq: number;
  /** TCP: the number of the byte that the sender expects next. */
  ack: number;
  /** Bytes that it carried for the program. */
  length: number;
  /** The first of them, as text. */
  text: string;
  /** Both headers, IP's and the protocol's. */
  header: number[];
}

/** The numbers of the protocols inside IP. */
const PROTOCOLS: Record<number, Packet["protocol"]> = {
  1: "ICMP",
  6: "TCP",
  17: "UDP",
  58: "ICMP", // that of IPv6
};

/** What IP's header says, in either version. */
interface Envelope {
  /** How long the header is. */
  size: number;
  /** How long the rest of the packet is. */
  rest: number;
  protocol: number;
  /** The two addresses. */
  ends: [from: string, to: string];
}

/**
 * Reads an IP packet.
 *
 * @param bytes The packet, from IP's header on; its end may be missing.
 * @param time When it passed.
 * @returns What is in it; undefined if it is of no protocol that we know.
 */
export function readPacket(
  bytes: Uint8Array,
  time: number,
): Packet | undefined {
  const envelope = bytes[0] >> 4 === 6 ? readIpv6(bytes) : readIpv4(bytes);
  const { size, rest, ends: [from, to] } = envelope;
  const protocol = PROTOCOLS[envelope.protocol];
  if (!protocol) return undefined;
  const body = bytes.subarray(size);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const isTcp = protocol === "TCP";
  const own = isTcp ? (body[12] >> 4) * 4 : 8;
  const length = rest - own;
  const port = (at: number) => protocol === "ICMP" ? 0 : view.getUint16(at);
  return {
    time,
    protocol,
    from: formatAddress({ hostname: from, port: port(0) }),
    to: formatAddress({ hostname: to, port: port(2) }),
    flags: isTcp ? flagsOf(body[13]) : "",
    seq: isTcp ? view.getUint32(4) : 0,
    ack: isTcp ? view.getUint32(8) : 0,
    length,
    text: new TextDecoder().decode(
      body.subarray(own, own + Math.min(length, 64)),
    ),
    header: [...bytes.subarray(0, size + own)],
  };
}

function readIpv4(bytes: Uint8Array): Envelope {
  const size = (bytes[0] & 0x0f) * 4;
  return {
    size,
    rest: (bytes[2] << 8 | bytes[3]) - size,
    protocol: bytes[9],
    ends: [
      bytes.subarray(12, 16).join("."),
      bytes.subarray(16, 20).join("."),
    ],
  };
}

/** Its header has 40 bytes; none of our packets has further ones of IP. */
function readIpv6(bytes: Uint8Array): Envelope {
  return {
    size: 40,
    rest: bytes[4] << 8 | bytes[5],
    protocol: bytes[6],
    ends: [writeIpv6(bytes.subarray(8, 24)), writeIpv6(bytes.subarray(24, 40))],
  };
}

/** An IPv6 address as it is written: `fd00:1::2`. */
export function writeIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => {
    return (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16);
  }).join(":");
  // The first of the longest rows of zeros is left out.
  const zeros = groups.match(/\b0(:0)+\b/g)?.toSorted((a, b) =>
    b.length - a.length
  );
  if (!zeros) return groups;
  return groups.replace(RegExp(`(^|:)${zeros[0]}($|:)`), "::");
}

function flagsOf(byte: number): string {
  const names = ["FIN", "SYN", "RST", "PSH", "ACK"];
  return names.filter((_, bit) => byte & 1 << bit).join(" ");
}
