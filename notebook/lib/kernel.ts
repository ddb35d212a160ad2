/**
 * The system calls that make networks: namespaces, devices made of software, and
 * sockets that see every packet. As in lib/libc.ts, the C library called from
 * TypeScript; but here a failure throws.
 *
 * Linux only, and all of it takes root.
 *
 * @module
 */

import { errno } from "./libc.ts";

const SIGNATURES = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  unshare: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const;

// The numbers behind the names, from Linux's headers.
const CLONE_NEWNET = 0x4000_0000;
const O_RDWR = 2, O_NONBLOCK = 0o4000, O_CLOEXEC = 0o2_000_000;
const AF_PACKET = 17, SOCK_DGRAM = 2, ETH_P_ALL = 3;
const SOL_SOCKET = 1, SO_RCVBUFFORCE = 33;
const SIOCGSTAMP = 0x8906n, TUNSETIFF = 0x4004_54can;
const IFF_TUN = 1, IFF_NO_PI = 0x1000;

let library: Deno.DynamicLibrary<typeof SIGNATURES> | undefined;

/** The C library, opened when it is first called. */
function c(): Deno.DynamicLibrary<typeof SIGNATURES>["symbols"] {
  library ??= Deno.dlopen("libc.so.6", SIGNATURES);
  return library.symbols;
}

/** What a call returned; if it failed, its reason is thrown. */
function checked<T extends number | bigint>(call: string, result: T): T {
  if (result < 0) throw new Error(`${call}: ${errno()}`);
  return result;
}

function path(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Gives a descriptor back. */
export function close(fd: number): void {
  checked("close", c().close(fd));
}

/** A descriptor for the network namespace that this thread is in. */
export function currentNamespace(): number {
  const file = path("/proc/thread-self/ns/net");
  return checked("open", c().open(file, O_CLOEXEC));
}

/** Puts this thread into a network namespace that is new and empty. */
export function enterNewNamespace(): void {
  checked("unshare", c().unshare(CLONE_NEWNET));
}

/** Puts this thread into a network namespace that there is. */
export function enterNamespace(fd: number): void {
  checked("setns", c().setns(fd, CLONE_NEWNET));
}

/**
 * Makes a socket to which the kernel gives a copy of every packet that an
 * interface sends or receives, from IP's header on. It never waits.
 */
export function packetSocket(device: string): number {
  const protocol = ETH_P_ALL << 8; // in the network's byte order
  const kind = SOCK_DGRAM | O_NONBLOCK | O_CLOEXEC;
  const fd = checked("socket", c().socket(AF_PACKET, kind, protocol));
  const address = new Uint8Array(20); // struct sockaddr_ll
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, true);
  view.setInt32(4, c().if_nametoindex(path(device)), true);
  checked("bind", c().bind(fd, address, address.length));
  const room = Int32Array.of(32 * 2 ** 20);
  checked("option", c().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, room, 4));
  c().ioctl(fd, SIOCGSTAMP, new Uint8Array(16)); // from now on it keeps the time
  return fd;
}

/** When the packet that was last read came by, in seconds since 1970. */
export function timeOf(fd: number): number {
  const value = new BigInt64Array(2);
  checked("SIOCGSTAMP", c().ioctl(fd, SIOCGSTAMP, value));
  return Number(value[0]) + Number(value[1]) / 1e6;
}

/** Makes a device `eth0` whose cable is a descriptor: what it sends, we read. */
export function tunnelDevice(): number {
  const flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;
  const fd = checked("open", c().open(path("/dev/net/tun"), flags));
  const request = new Uint8Array(40); // struct ifreq: its name, then flags
  request.set(path("eth0"));
  new DataView(request.buffer).setUint16(16, IFF_TUN | IFF_NO_PI, true);
  checked("TUNSETIFF", c().ioctl(fd, TUNSETIFF, request));
  return fd;
}

/** One buffer for all reads: nobody waits in between. */
const buffer = new Uint8Array(2 ** 16);

/** Reads a packet; undefined if there is none now. */
export function readPacketFrom(
  fd: number,
): Uint8Array<ArrayBuffer> | undefined {
  const n = Number(c().read(fd, buffer, BigInt(buffer.length)));
  if (n >= 0) return buffer.slice(0, n);
  if (errno() === "EAGAIN" || errno() === "ENETDOWN") return undefined;
  throw new Error(`read: ${errno()}`);
}

/** Writes a packet: the device receives it, or it is lost if that is down. */
export function writePacketTo(fd: number, packet: Uint8Array<ArrayBuffer>) {
  c().write(fd, packet, BigInt(packet.length));
}
