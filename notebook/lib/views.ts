/**
 * A conversation as pictures: what crossed the wire, and what each program asked
 * its kernel for meanwhile.
 *
 * @module
 */

import type { Packet } from "./capture.ts";
import { ladder, type Side, type Step } from "./draw.ts";
import { figure } from "./show.ts";
import { brief, type Call } from "./trace.ts";

/** The packets of a conversation. */
export interface Conversation {
  /** All of them, in their order. */
  packets: Packet[];
  /** The server's address and port. */
  server: string;
}

/** A conversation seen three ways. */
export interface Views {
  /** The client's system calls on its sockets. */
  client: Call[];
  /** The server's. */
  server: Call[];
  /** What crossed the wire. */
  packets: Packet[];
}

/**
 * Draws a conversation as a ladder, and shows it.
 *
 * @param conversation What was captured.
 * @param alt What the picture shows, in words.
 * @param file A file among the recorded runs, see {@linkcode figure}.
 */
export async function showConversation(
  { packets, server }: Conversation,
  alt: string,
  file?: string,
): Promise<void> {
  const [first] = packets;
  const names: [string, string] = [
    `client ${first.from}`,
    `server ${first.to}`,
  ];
  const steps = packets.map((packet) => rung(packet, server));
  await figure(await ladder(steps, alt, { names }), file);
}

/** A packet as a rung: what a program said, or else TCP's flags. */
function rung({ from, flags, length, text }: Packet, server: string): Step {
  return {
    from: from === server ? "right" : "left",
    label: length > 0 ? text : flags.replaceAll(" ", ", "),
    strong: length > 0,
  };
}

/**
 * Draws the packets of a conversation, and the system calls of both sides, in
 * the order of their times, and shows them.
 *
 * @param views What was traced and captured.
 * @param names What stands over the two rails.
 * @param alt What the picture shows, in words.
 */
export async function showViews(
  views: Views,
  names: [string, string],
  alt: string,
): Promise<void> {
  const server = views.packets[0].to;
  const steps = eventsOf(views).map((event): Step => {
    return "by" in event
      ? { at: event.by, does: brief(event) }
      : rung(event, server);
  });
  const wide = { margin: 180, span: 360 };
  await figure(await ladder(steps, alt, { names, ...wide }));
}

/** All that happened, by its time; `by` says whose system call it was. */
function eventsOf(
  { client, server, packets }: Views,
): (Packet | (Call & { by: Side }))[] {
  const of = (by: Side, calls: Call[]) =>
    calls.map((call) => ({ ...call, by }));
  return [...of("left", client), ...of("right", server), ...packets]
    .sort((a, b) => a.time - b.time);
}

/**
 * What one side sent after a system call and before its next one, pure
 * acknowledgements aside.
 *
 * @param views What was traced and captured.
 * @param by The side: the client is left.
 * @param name The call's name.
 * @returns The flags of each packet, or "nothing".
 */
export function sentAfter(views: Views, by: Side, name: string): string {
  const { from, to } = views.packets[0];
  const own = by === "left" ? from : to;
  const mine = eventsOf(views).filter((event) => {
    return "by" in event ? event.by === by : event.from === own;
  });
  const call = mine.findIndex((event) => "by" in event && event.name === name);
  const after = mine.slice(call + 1);
  const next = after.findIndex((event) => "by" in event);
  const sent = next < 0 ? after : after.slice(0, next);
  const flags = sent.flatMap((event) => "by" in event ? [] : event.flags);
  return flags.filter((names) => names !== "ACK").join(", ") || "nothing";
}
