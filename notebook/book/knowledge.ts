/**
 * What each side of a conversation knows, packet by packet, as RFC 9293 has it.
 *
 * @module
 */

import type { Side, Step } from "../lib/ladder.ts";

/** A moment of a conversation. */
export interface Moment {
  /** What has just happened. */
  happens: string;
  /** What each side knows now; absent where nothing is known of that. */
  knows?: Record<Side, string>;
}

/** The states of TCP's sides, and what such a side knows. */
const STATES = {
  "CLOSED": "nothing has been said yet",
  "LISTEN": "waits to be called",
  "SYN-SENT": "has asked, and doesn't know whether anybody is there",
  "SYN-RECEIVED":
    "has been called, and doesn't know whether its answer arrives",
  "ESTABLISHED": "knows that the other side is there",
  "FIN-WAIT-1":
    "has said that it's done, and doesn't know whether that arrived",
  "FIN-WAIT-2": "is done, and knows that the other side has heard it",
  "CLOSE-WAIT": "knows that nothing more will come, and may still send",
  "CLOSING": "knows that both are done, and waits for an ACK of its FIN",
  "LAST-ACK": "is done, too, and waits for an ACK of its FIN",
  "TIME-WAIT": "knows that all is over, and remembers it for a while",
  "OVER": "knows that all is over",
  "RESET": "knows that the connection is no more",
} as const;

type State = keyof typeof STATES;

/** One side of a conversation. */
interface End {
  state: State;
  /** Bytes sent, and how many of them are known to have arrived. */
  sent: number;
  acknowledged: number;
  /** Bytes that have arrived. */
  received: number;
}

type Packet = Extract<Step, { from: Side }>;

const FLAGS = /^(SYN|ACK|FIN|RST|PSH)(, (SYN|ACK|FIN|RST|PSH))*$/;

/**
 * Follows a conversation.
 *
 * @param steps A ladder's steps.
 * @param names The names of its sides.
 * @returns A moment for each step. What the sides know is given for TCP from its
 * first packet on, and for UDP.
 */
export function follow(steps: Step[], names: [string, string]): Moment[] {
  const packets = steps.filter((step) => "from" in step);
  const [first] = packets;
  const isTcp = first?.label === "SYN" &&
    packets.every(({ label, strong }) => strong || FLAGS.test(label));
  const isUdp = !isTcp && packets.every(({ strong }) => strong);
  const left = end(isTcp && first.from === "right" ? "LISTEN" : "CLOSED");
  const right = end(isTcp && first.from === "left" ? "LISTEN" : "CLOSED");
  const ends = { left, right };
  const short = { left: shortName(names[0]), right: shortName(names[1]) };
  return steps.map((step): Moment => {
    if ("from" in step) {
      if (isTcp) pass(step, ends);
      else count(step, ends);
    }
    const happens = describe(step, short);
    if (isTcp) {
      return { happens, knows: { left: ofTcp(left), right: ofTcp(right) } };
    }
    if (isUdp) {
      return { happens, knows: { left: ofUdp(left), right: ofUdp(right) } };
    }
    return { happens };
  });
}

function end(state: State): End {
  return { state, sent: 0, acknowledged: 0, received: 0 };
}

/** `client 127.0.0.1:50000` is the client. */
function shortName(name: string): string {
  return name.replace(/ [\d.:[\]a-f]+$/, "");
}

function describe(step: Step, names: Record<Side, string>): string {
  if ("at" in step) return `${names[step.at]}: ${step.does}`;
  const to = other(step.from);
  return `${names[step.from]} → ${names[to]}: ${step.label}`;
}

function other(side: Side): Side {
  return side === "left" ? "right" : "left";
}

/** How many bytes of the program's a packet carries. */
function bytesIn({ label, strong }: Packet): number {
  if (!strong) return 0;
  const counted = / \((\d+) bytes\)$/.exec(label)?.[1];
  return counted ? Number(counted) : new TextEncoder().encode(label).length;
}

/** A packet of TCP goes from one side to the other. */
function pass(packet: Packet, ends: Record<Side, End>): void {
  const [from, to] = [ends[packet.from], ends[other(packet.from)]];
  const bytes = bytesIn(packet);
  const flags = packet.strong ? ["ACK"] : packet.label.split(", ");
  from.sent += bytes;
  to.received += bytes;
  if (flags.includes("ACK")) to.acknowledged = from.received;
  if (flags.includes("RST")) {
    from.state = to.state = "RESET";
    return;
  }
  to.state = acknowledged(to.state, flags);
  if (flags.includes("SYN")) {
    from.state = flags.includes("ACK") ? "SYN-RECEIVED" : "SYN-SENT";
    if (to.state === "LISTEN") to.state = "SYN-RECEIVED";
    if (to.state === "SYN-SENT") to.state = "ESTABLISHED";
  }
  if (flags.includes("FIN")) {
    from.state = from.state === "CLOSE-WAIT" ? "LAST-ACK" : "FIN-WAIT-1";
    to.state = finished(to.state);
  }
}

/** What an ACK makes of the state of the side that gets it. */
function acknowledged(state: State, flags: string[]): State {
  if (!flags.includes("ACK")) return state;
  switch (state) {
    case "SYN-RECEIVED":
      return flags.includes("SYN") ? state : "ESTABLISHED";
    case "FIN-WAIT-1":
      return "FIN-WAIT-2";
    case "CLOSING":
      return "TIME-WAIT";
    case "LAST-ACK":
      return "OVER";
    default:
      return state;
  }
}

/** What a FIN makes of the state of the side that gets it. */
function finished(state: State): State {
  switch (state) {
    case "FIN-WAIT-1":
      return "CLOSING";
    case "FIN-WAIT-2":
      return "TIME-WAIT";
    default:
      return "CLOSE-WAIT";
  }
}

function ofTcp({ state, sent, acknowledged, received }: End): string {
  const parts: string[] = [STATES[state]];
  if (sent > acknowledged) {
    parts.push(`${sent} bytes sent, not yet acknowledged`);
  } else if (sent > 0) parts.push(`${sent} bytes sent and acknowledged`);
  if (received > 0) parts.push(`${received} bytes received`);
  const name = /^(OVER|RESET)$/.test(state) ? "CLOSED" : state;
  return `${name}: ${parts.join("; ")}`;
}

/** A datagram goes from one side to the other. */
function count(packet: Packet, ends: Record<Side, End>): void {
  ends[packet.from].sent++;
  ends[other(packet.from)].received++;
}

function ofUdp({ sent, received }: End): string {
  const datagrams = (n: number) => `${n} datagram${n === 1 ? "" : "s"}`;
  const parts = [];
  if (sent > 0) {
    // Only an answer shows that something has arrived, and only by custom.
    const known = received > 0 ? "" : ", and doesn't know whether it arrives";
    parts.push(`has sent ${datagrams(sent)}${known}`);
  }
  if (received > 0) parts.push(`has received ${datagrams(received)}`);
  return parts.join("; ") || "knows of nothing";
}
