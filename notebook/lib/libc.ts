/**
 * The system calls themselves. Deno hides a socket's number and most of its
 * options; the C library, called from TypeScript, shows them. It returns what
 * it always returns: -1 for a failure, whose reason is then in `errno`. (Where
 * it would fill in an address, the address is returned.)
 *
 * Linux on x86-64 and ARM64. Everywhere else every call throws.
 *
 * @module
 */

import { constants } from "node:os";

// The numbers behind the names, from Linux's headers.

/** Domain: paths on this machine. */
export const AF_UNIX = 1;
/** Domain: IPv4. */
export const AF_INET = 2;
/** Domain: IPv6. */
export const AF_INET6 = 10;
/** Type: a stream of bytes. */
export const SOCK_STREAM = 1;
/** Type: datagrams, each a whole. */
export const SOCK_DGRAM = 2;
/** Added to a type: no call on this socket waits. */
export const SOCK_NONBLOCK = 0o4000;
/** An option: the address may be one that another socket has just had. */
export const SO_REUSEADDR = 2;
/** Option: the type. */
export const SO_TYPE = 3;
/** Option: the size of the kernel's buffer for what has arrived, in bytes. */
export const SO_RCVBUF = 8;
/** Option: 1 if the socket listens. */
export const SO_ACCEPTCONN = 30;
/** Option: the protocol. */
export const SO_PROTOCOL = 38;
/** Option: the domain. */
export const SO_DOMAIN = 39;
/** The level of options of IP. */
export const IPPROTO_IP = 0;
/** Option of IP: report errors of a datagram, even without a peer. */
export const IP_RECVERR = 11;
/** Flag of a call: do not wait. */
export const MSG_DONTWAIT = 0x40;
/** Request: how many bytes have arrived and are not read yet. */
export const SIOCINQ = 0x541b;
/** Request: how many bytes are sent, or to be sent, and not acknowledged. */
export const SIOCOUTQ = 0x5411;
/** Resource: the descriptors of a process. */
export const RLIMIT_NOFILE = 7;

/** The level of the options above, and a flag: no signal if the peer is gone. */
const SOL_SOCKET = 1, MSG_NOSIGNAL = 0x4000;

/** An address of the domain AF_INET. */
export interface Address {
  /** Four numbers with dots. */
  hostname: string;
  /** The port. */
  port: number;
}

const SIGNATURES = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

let library: Deno.DynamicLibrary<typeof SIGNATURES> | undefined;

/** The C library, opened when it is first called. */
function c(): Deno.DynamicLibrary<typeof SIGNATURES>["symbols"] {
  library ??= Deno.dlopen("libc.so.6", SIGNATURES);
  return library.symbols;
}

/** The reason of the last failure, as the C library keeps it: `EACCES`. */
export function errno(): string {
  const number = errnoNumber();
  const found = Object.entries(constants.errno).find(([, n]) => n === number);
  return found?.[0] ?? `errno ${number}`;
}

/** The same as a number, which is positive: 13. */
export function errnoNumber(): number {
  return new Deno.UnsafePointerView(c().__errno_location()!).getInt32();
}

/** Makes a socket; returns its descriptor. */
export function socket(domain: number, type: number, protocol = 0): number {
  return c().socket(domain, type, protocol);
}

/** Makes a second descriptor for the same open file description. */
export function dup(fd: number): number {
  return c().dup(fd);
}

/** Gives a descriptor back. */
export function close(fd: number): number {
  return c().close(fd);
}

/** Gives a socket its own address. */
export function bind(fd: number, at: Address): number {
  return c().bind(fd, encode(at), 16);
}

/** Makes a socket passive: from now on it only accepts. */
export function listen(fd: number, backlog: number): number {
  return c().listen(fd, backlog);
}

/** Takes the oldest connection that waits; returns a new descriptor for it. */
export function accept(fd: number): number {
  return c().accept(fd, null, null);
}

/** Connects a socket to a peer. */
export function connect(fd: number, to: Address): number {
  return c().connect(fd, encode(to), 16);
}

/** The address that a socket has itself. */
export function getsockname(fd: number): Address {
  const [bytes, length] = [new Uint8Array(16), Uint32Array.of(16)];
  if (c().getsockname(fd, bytes, length) === -1) throw new Error(errno());
  return decode(bytes);
}

/** The address of the peer that a socket is connected to, if it is. */
export function getpeername(fd: number): Address | undefined {
  const [bytes, length] = [new Uint8Array(16), Uint32Array.of(16)];
  const failed = c().getpeername(fd, bytes, length) === -1;
  return failed ? undefined : decode(bytes);
}

/** The value of an option that is one number. */
export function getsockopt(fd: number, name: number): number {
  const [value, length] = [new Int32Array(1), Uint32Array.of(4)];
  const failed = c().getsockopt(fd, SOL_SOCKET, name, value, length) === -1;
  return failed ? -1 : value[0];
}

/** Sets an option that is one number; most are the socket's own. */
export function setsockopt(
  fd: number,
  name: number,
  value: number,
  level = SOL_SOCKET,
): number {
  return c().setsockopt(fd, level, name, Int32Array.of(value), 4);
}

/** Sends bytes; returns how many of them the kernel took. */
export function send(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
  flags = MSG_NOSIGNAL,
): number {
  return Number(c().send(fd, bytes, BigInt(bytes.length), flags));
}

/** Sends bytes as a datagram; returns how many of them the kernel took. */
export function sendto(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
  to: Address,
): number {
  const address = encode(to);
  return Number(c().sendto(fd, bytes, BigInt(bytes.length), 0, address, 16));
}

/** Receives into a buffer; returns how many bytes came. */
export function recv(
  fd: number,
  buffer: Uint8Array<ArrayBuffer>,
  flags = 0,
): number {
  return Number(c().recv(fd, buffer, BigInt(buffer.length), flags));
}

/** Asks for a number that belongs to a socket: SIOCINQ, SIOCOUTQ. */
export function ioctl(fd: number, request: number): number {
  const value = new Int32Array(1);
  const failed = c().ioctl(fd, BigInt(request), value) === -1;
  return failed ? -1 : value[0];
}

/** Opens a file for reading; returns its descriptor. */
export function open(path: string): number {
  return c().open(new TextEncoder().encode(`${path}\0`), 0);
}

/** Moves the offset of an open file; without a position it only returns it. */
export function lseek(fd: number, position?: number): number {
  const [to, whence] = position === undefined ? [0, 1] : [position, 0];
  return Number(c().lseek(fd, BigInt(to), whence));
}

/** The soft and the hard limit of a resource. */
export function getrlimit(resource: number): [soft: number, hard: number] {
  const limits = new BigUint64Array(2);
  c().getrlimit(resource, limits);
  return [Number(limits[0]), Number(limits[1])];
}

// Three that every experiment begins with:

/** A datagram socket on loopback, at any free port. */
export function bound(): number {
  const fd = socket(AF_INET, SOCK_DGRAM);
  bind(fd, { hostname: "127.0.0.1", port: 0 });
  return fd;
}

/** A stream socket that listens on loopback, at any free port. */
export function listening(backlog = 5): number {
  const fd = socket(AF_INET, SOCK_STREAM);
  bind(fd, { hostname: "127.0.0.1", port: 0 });
  listen(fd, backlog);
  return fd;
}

/** A stream socket that is connected to one that listens. */
export function connected(listener: number, type = SOCK_STREAM): number {
  const fd = socket(AF_INET, type);
  connect(fd, getsockname(listener));
  return fd;
}

/** An address as the kernel takes it: struct sockaddr_in. */
function encode({ hostname, port }: Address): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true); // in this machine's byte order
  view.setUint16(2, port); // in the network's: the big end first
  bytes.set(hostname.split(".").map(Number), 4);
  return bytes;
}

function decode(bytes: Uint8Array): Address {
  const port = bytes[2] << 8 | bytes[3];
  return { hostname: bytes.subarray(4, 8).join("."), port };
}
