/**
 * The room of a chat: who is in it, and how a line gets to everybody, in the same
 * order, without anybody waiting for a slow reader longer than necessary.
 *
 * @module
 */

import type { Connection } from "../../lib/connection.ts";
import { encode, withTimeout, writeAll } from "../../lib/io.ts";
import { Ticker, ticksOf } from "../../lib/ticker.ts";
import type { Bus } from "./bus.ts";

/** Somebody in the chat. */
export interface Person {
  /** By which all know them. */
  name: string;
  /** The way to them. */
  readonly conn: Connection;
  /** What is still to be sent to this person; all share the bytes. */
  queue: Uint8Array[];
  /** Bytes queued for this person. */
  queuedBytes: number;
  /** Resolves when all of that is sent. */
  sending?: Promise<void>;
  /** Resolves when this slow consumer has caught up, or is disconnected. */
  draining?: Promise<void>;
  /** Ticks since this person last said something. */
  quietTicks: number;
  /** Why this person is disconnected. */
  fault?: Error;
}

/** The chat. */
export interface Room {
  /** The people in it, by the keys of their names. */
  people: Map<string, Person>;
  /** Ways to end it with those who have given no name yet. */
  nameless: Set<(words: string, why: Error) => Promise<void>>;
  /** The way to the rooms of other servers, if this is one of several. */
  readonly bus?: Bus;
  /** Whether the chat closes, and nobody comes in any more. */
  closing: boolean;
  /** Lines for everybody that go out when this turn of the event loop is over. */
  lines: string;
  /** Waits for the end of the turn. */
  turn?: ReturnType<typeof setTimeout>;
  /** Looks for people who have said nothing for too long. */
  ticker: Ticker;
}

/**
 * Opens a room without anybody in it.
 *
 * @param idleTimeout Seconds that a person may be silent; 0: for ever.
 * @param onQuiet Called with a person who has been silent for that long.
 * @param bus The way to the rooms of other servers.
 * @returns The room.
 */
export function openRoom(
  idleTimeout: number,
  onQuiet: (person: Person, room: Room) => void,
  bus?: Bus,
): Room {
  const limit = ticksOf(idleTimeout);
  const room: Room = {
    people: new Map(),
    nameless: new Set(),
    bus,
    closing: false,
    lines: "",
    ticker: new Ticker(() => {
      for (const person of room.people.values()) {
        if (++person.quietTicks === limit) onQuiet(person, room);
      }
      return idleTimeout > 0 && room.people.size > 0;
    }),
  };
  return room;
}

/** Stops what the room still waits for. */
export function closeRoom(room: Room): void {
  clearTimeout(room.turn);
  room.ticker[Symbol.dispose]();
}

/**
 * The key under which a name is known: neither the case of its letters nor their
 * width makes another one. (Letters of other alphabets that look alike do.)
 */
export function keyOf(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** Lets somebody in. */
export function join(name: string, conn: Connection, room: Room): Person {
  broadcast(room, `* ${name} comes.`);
  flush(room);
  const person = { name, conn, queue: [], queuedBytes: 0, quietTicks: 0 };
  room.people.set(keyOf(name), person);
  room.ticker.start();
  room.bus?.join(keyOf(name), name);
  const names = Array.from(room.people.values(), ({ name }) => name);
  names.push(...room.bus?.names ?? []);
  sendLine(person, `* Here: ${names.join(", ")}`, room);
  return person;
}

/** Lets somebody go, who may still read what was said until now. */
export async function leave(person: Person, room: Room): Promise<void> {
  flush(room);
  room.people.delete(keyOf(person.name));
  room.bus?.leave(keyOf(person.name));
  broadcast(room, `* ${person.name} goes.`);
  if (person.sending) await withTimeout(STALL_TIMEOUT, person.sending);
}

/** Gives somebody another name, as the old one was taken on another server. */
export async function rename(key: string, room: Room): Promise<void> {
  for (let i = 2;; i++) {
    const person = room.people.get(key);
    if (!person) return;
    const name = `${person.name.slice(0, 16)}-${i}`;
    const newKey = keyOf(name);
    const isFree = !room.people.has(newKey) && await room.bus!.claim(newKey);
    if (isFree === undefined) return; // nobody can say; it's tried again
    if (!isFree || room.people.get(key) !== person) continue;
    room.people.delete(key);
    room.people.set(newKey, person);
    room.bus!.rename(key, newKey, name);
    broadcast(room, `* ${person.name} was taken elsewhere; it's ${name} now.`);
    person.name = name;
    return;
  }
}

/**
 * Sends a line to everybody, in the same order, and waits for nobody. The lines
 * of one turn are encoded once for all, and become one write for each.
 */
export function broadcast(room: Room, line: string): void {
  room.lines += `${line}\n`;
  room.turn ??= setTimeout(() => flush(room));
}

/** Sends what was said in this turn, at once. */
export function flush(room: Room): void {
  clearTimeout(room.turn);
  room.turn = undefined;
  const bytes = encode(room.lines);
  room.lines = "";
  if (bytes.length === 0) return;
  for (const person of room.people.values()) enqueue(person, bytes);
}

/** Sends a line to one person, after all that went to everybody. */
export function sendLine(person: Person, line: string, room: Room): void {
  flush(room);
  enqueue(person, encode(`${line}\n`));
}

function enqueue(person: Person, bytes: Uint8Array): void {
  person.queue.push(bytes);
  person.queuedBytes += bytes.length;
  person.sending ??= sendQueued(person);
  if (person.queuedBytes > HIGH_WATER_MARK) {
    person.draining ??= drainOrDrop(person);
  }
  if (person.queuedBytes > MAX_QUEUED) disconnect(person, new TooSlow());
}

async function sendQueued(person: Person): Promise<void> {
  const { conn, queue } = person;
  try {
    for (let bytes; (bytes = queue.shift());) {
      await writeAll(conn, bytes);
      person.queuedBytes -= bytes.length;
    }
  } catch (error) {
    // Somebody who can't be reached is not listened to any more, either.
    if (!person.fault) disconnect(person, error as Error);
  }
  person.sending = undefined;
}

/** Bytes that may be queued for somebody before those who say much wait, too. */
const HIGH_WATER_MARK = 2 ** 20;
/** Bytes queued for a slow consumer who has caught up. */
const LOW_WATER_MARK = HIGH_WATER_MARK / 2;
/** Bytes that may be queued for somebody at all, however many say a little. */
const MAX_QUEUED = 2 ** 25;
/** Seconds in which a slow consumer has to take something. */
export const STALL_TIMEOUT = 1;
/** How often that is waited for until everything is taken. */
const MAX_TURNS = 10;

/**
 * Before somebody who says much says more, slow consumers may catch up: otherwise
 * a burst would disconnect people who read as fast as they can. Only a person who
 * says much waits, and not for long: a slow consumer must not stop the others.
 */
export async function awaitSlowConsumers(room: Room): Promise<void> {
  await Promise.all(room.people.values().map(({ draining }) => draining));
}

async function drainOrDrop(person: Person): Promise<void> {
  const behind = () => person.sending && person.queuedBytes > LOW_WATER_MARK;
  for (let turn = 0, sent = -1; behind(); turn++) {
    if (turn === MAX_TURNS || person.conn.sent === sent) {
      disconnect(person, new TooSlow());
      break;
    }
    sent = person.conn.sent;
    const began = performance.now();
    await withTimeout(STALL_TIMEOUT, person.sending!);
    // If we are late ourselves, we haven't seen what this person has taken.
    const late = performance.now() - began > 1250 * STALL_TIMEOUT;
    if (late) [turn, sent] = [-1, -1];
  }
  person.draining = undefined;
}

/** Why a slow consumer is disconnected. */
class TooSlow extends Deno.errors.InvalidData {
  override message = "too far behind with reading";
}

/** Ends the conversation with somebody. */
export function disconnect(person: Person, why: Error): void {
  person.fault = why;
  person.conn[Symbol.dispose]();
}
