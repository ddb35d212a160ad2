/**
 * Which datagrams a UDP server answers, and at what length: it can't know who
 * really asked.
 *
 * @module
 */

import { formatAddress, isLoopback } from "./address.ts";

/** Returns the answer to a datagram, if it gets one. */
export type Answer = (
  question: Uint8Array,
  peer: Deno.NetAddr,
) => Uint8Array | undefined;

/**
 * Decides what a UDP server answers. Anybody can send a datagram in another's
 * name, a server's even. So beyond this machine an answer is always shorter than
 * its question: it cannot multiply what hits that other one, and two servers that
 * answer each other soon have nothing left to say. On loopback a short question
 * may have a long answer; there an echo of our own is not answered. (Two servers
 * of this machine with different messages could still be set on each other, by
 * somebody who is on this machine already.)
 *
 * @param message The whole answer.
 * @param own The server's address.
 * @returns A function that throws NotCapable where the sandbox does not allow the peer.
 */
export function answerWith(message: Uint8Array, own: Deno.NetAddr): Answer {
  const near = isLoopback(own.hostname);
  let last: Deno.NetAddr; // the peer that we answered last
  return (question, peer) => {
    if (peer.port === 0) return; // it wants no answer (RFC 768)
    if (isSame(peer, own)) return;
    if (!maySend(peer)) throw new Deno.errors.NotCapable("not allowed");
    if (near) {
      // A peer that returns the very answer it got is an echo, or a server.
      if (isSame(peer, last) && isEqual(question, message)) return;
      last = peer;
      return message;
    }
    if (question.length > 1) return message.subarray(0, question.length - 1);
  };
}

function isSame(peer: Deno.NetAddr, other?: Deno.NetAddr): boolean {
  return peer.port === other?.port && peer.hostname === other.hostname;
}

/** Whether two messages are the same, byte by byte. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * Whether the sandbox lets us send to a peer. If we sent without checking, any
 * stranger could make Deno ask at the terminal, while everything else waits.
 */
export function maySend(peer: Deno.NetAddr): boolean {
  const { hostname } = peer;
  if (hostname === sendable) return true;
  if (!isGranted({ hostname })) return isGranted(peer); // this port alone?
  sendable = hostname;
  return true;
}

let sendable: string; // the host that was granted last: most often the next one

function isGranted(at: { hostname: string; port?: number }): boolean {
  const host = formatAddress(at);
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
