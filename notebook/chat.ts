#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A chat for many people. It speaks lines over TCP, so netcat is enough to join
 * it, and so is our own client: `client.ts --message - --timeout 0`.
 *
 * @module
 */

import * as cli from "../cli.ts";
import { ByteReader } from "./lib/framing.ts";
import { serve as serveAll } from "./lib/serve.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends cli.Reports {
  /** Address or name to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** Port to listen on; 0 is any free one. @default {1234} */
  port?: number;
  /** Bytes that a line may have. @default {1000} */
  maxLine?: number;
  /** People at once; further ones wait in the backlog. @default {1000} */
  maxPeople?: number;
  /** Seconds that one has for giving a name; 0: any number. @default {60} */
  timeout?: number;
}

/**
 * Opens a chat. Whoever connects is asked for a name; from then on everybody is
 * told each line that anybody says, and who comes and goes.
 *
 * @example Alone in a chat
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeAll } from "../cli.ts";
 * import { serve } from "./chat.ts";
 *
 * await using chat = serve({ port: 0 });
 * using conn = await Deno.connect({ port: chat.addr.port });
 * await writeAll(conn, "Ada\nHello?\n");
 * await conn.closeWrite();
 * assertEquals(
 *   await new Response(conn.readable).text(),
 *   "* What is your name?\n* Here: Ada\nAda: Hello?\n",
 * );
 * ```
 *
 * @param options Overrides of the defaults.
 * @returns The server; it listens already.
 * @throws {Deno.errors.AddrInUse} If another program has the port.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the address.
 */
export function serve(options: ServeOptions = {}): cli.Server {
  const settings = cli.fill(options, FLAGS);
  const { hostname, port, maxPeople, onListen, onError } = settings;
  const room: Room = { people: new Map(), said: "" };
  const listener = Deno.listen({ hostname, port });
  const limits = { maxConnections: maxPeople, grace: 1 };
  const server = serveAll(listener, (conn) => attend(conn, room, settings), {
    ...limits,
    onError,
  });
  onListen?.(listener.addr);
  return {
    ...server,
    async shutdown() {
      const ended = server.shutdown(); // from now on nobody comes in
      tellAll(room, "* The chat closes.");
      deliver(room);
      await Promise.all(Array.from(room.people.values(), async (person) => {
        if (person.telling) await cli.within(PATIENCE, person.telling);
        showOut(person, CLOSING);
      }));
      await ended;
    },
  };
}

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** Somebody in the chat. */
interface Person {
  readonly name: string;
  readonly conn: Deno.TcpConn;
  readonly meter: cli.Meter;
  /** What this one is still to be told; everybody shares the bytes. */
  waiting: Uint8Array[];
  /** How many bytes that are. */
  due: number;
  /** Resolves when all of that is told. */
  telling?: Promise<void>;
  /** Resolves when this one, who is far behind, has caught up or is out. */
  late?: Promise<void>;
  /** Why this one is shown out. */
  fault?: Error;
}

/** The chat. */
interface Room {
  /** Who is there, by their names, however these are written. */
  people: Map<string, Person>;
  /** Lines that everybody is to be told as soon as this turn is over. */
  said: string;
  /** Waits for the end of the turn. */
  turn?: ReturnType<typeof setTimeout>;
}

/** Attends to one client, from the question for the name to the end. */
async function attend(
  conn: Deno.TcpConn,
  room: Room,
  settings: Settings,
): Promise<void> {
  const { onOpen, onError, onDone } = settings;
  const peer = conn.remoteAddr;
  onOpen?.(peer);
  conn.setKeepAlive(true); // a machine that vanished is noticed, some day
  const meter = new cli.Meter(0, () => {}); // one may be silent for hours
  const reader = new ByteReader(conn, meter);
  let person: Person | undefined;
  try {
    person = await named(conn, reader, room, settings, meter);
    await letCatchUp(room);
    if (person) await hear(person, reader, room, settings);
  } catch (error) {
    // Whoever breaks a rule is told which, and shown out; the rest go on.
    const reason = person?.fault ?? error as Error;
    if (person) tell(person, `* ${reason.message}`, room);
    else await cli.writeAll(conn, `* ${reason.message}\n`).catch(() => {});
    if (reason !== CLOSING) onError?.(reason, peer);
  }
  if (person) await leave(person, room);
  onDone?.(peer, meter);
}

/** Asks for a name until it is a good one, but not for ever. */
async function named(
  conn: Deno.TcpConn,
  reader: ByteReader,
  room: Room,
  { maxLine, timeout }: Settings,
  meter: cli.Meter,
): Promise<Person | undefined> {
  const tell = (line: string) => cli.writeAll(conn, `* ${line}\n`, meter);
  const late = new Deno.errors.TimedOut(`nameless for ${timeout} s`);
  let isLate = false;
  const timer = timeout && setTimeout(async () => {
    isLate = true; // a name that comes now is no longer taken
    await cli.within(PATIENCE, tell("You took too long.").catch(() => {}));
    close(conn);
  }, timeout * 1000);
  try {
    await tell("What is your name?");
    while (!await reader.atEnd()) {
      const name = (await reader.readLine(maxLine)).trim().normalize();
      if (isLate) throw late;
      const taken = room.people.has(keyOf(name));
      if (NAME.test(name) && !taken) {
        return join({ name, conn, meter, waiting: [], due: 0 }, room);
      }
      const why = taken ? `${name} is here already` : RULE;
      await tell(`${why}. What is your name?`);
    }
  } catch (error) {
    throw isLate ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Letters with their marks, digits, - and _, all of which can be seen. */
const NAME =
  /^(?!\p{M})[[\p{L}\p{M}\p{N}_\-]--\p{Default_Ignorable_Code_Point}]{1,20}$/v;
const RULE = "A name has 1 to 20 letters, digits, - or _";

/**
 * By what a name is known: neither the case of its letters nor their width make
 * another one. (Alike letters of other alphabets do.)
 */
function keyOf(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** Lets somebody in. */
function join(person: Person, room: Room): Person {
  tellAll(room, `* ${person.name} comes.`);
  deliver(room);
  room.people.set(keyOf(person.name), person);
  const names = Array.from(room.people.values(), ({ name }) => name);
  tell(person, `* Here: ${names.join(", ")}`, room);
  return person;
}

/** Lets somebody go, who may still read what was said until now. */
async function leave(person: Person, room: Room): Promise<void> {
  deliver(room);
  room.people.delete(keyOf(person.name));
  tellAll(room, `* ${person.name} goes.`);
  if (person.telling) await cli.within(PATIENCE, person.telling);
}

/** Passes on what somebody says, line by line. */
async function hear(
  { name, conn }: Person,
  reader: ByteReader,
  room: Room,
  { maxLine, onText }: Settings,
): Promise<void> {
  while (!await reader.atEnd()) {
    const line = await reader.readLine(maxLine);
    if (line.trim() === "") continue;
    // What moves a cursor, or starts a line of its own, is made visible.
    const text = `${name}: ${cli.visible(line)}`;
    tellAll(room, text);
    await onText?.(text, conn.remoteAddr);
    await letCatchUp(room);
  }
}

/**
 * Tells everybody a line, in the same order, and waits for nobody. The lines of
 * one turn are encoded once for all, and become one write for each.
 */
function tellAll(room: Room, line: string): void {
  room.said += `${line}\n`;
  room.turn ??= setTimeout(() => deliver(room));
}

function deliver(room: Room): void {
  clearTimeout(room.turn);
  room.turn = undefined;
  const bytes = cli.encode(room.said);
  room.said = "";
  if (bytes.length === 0) return;
  for (const person of room.people.values()) give(person, bytes);
}

/** Tells one person a line, after all that everybody was told. */
function tell(person: Person, line: string, room: Room): void {
  deliver(room);
  give(person, cli.encode(`${line}\n`));
}

function give(person: Person, bytes: Uint8Array): void {
  person.waiting.push(bytes);
  person.due += bytes.length;
  person.telling ??= tellWaiting(person);
  if (person.due > FAR_BEHIND) person.late ??= hurry(person);
}

async function tellWaiting(person: Person): Promise<void> {
  const { conn, meter, waiting } = person;
  try {
    for (let bytes; (bytes = waiting.shift()); person.due -= bytes.length) {
      await cli.writeAll(conn, bytes, meter);
    }
  } catch (error) {
    // Who cannot be told is not heard any more, either.
    if (!person.fault) showOut(person, error as Error);
  }
  person.telling = undefined;
}

/** Bytes that may wait for somebody before others wait for this one. */
const FAR_BEHIND = 2 ** 20;
/** Seconds in which somebody who is far behind has to take something. */
const PATIENCE = 1;
/** How often that may be waited for until all is taken. */
const TURNS = 10;

/**
 * Before anybody says more, those who are far behind may catch up: otherwise a
 * burst would throw out people who read as fast as they can. But not for long:
 * one who does not read at all must not stop those who do.
 */
async function letCatchUp(room: Room): Promise<void> {
  await Promise.all(room.people.values().map(({ late }) => late));
}

async function hurry(person: Person): Promise<void> {
  for (let turn = 0, sent = -1; person.telling; turn++) {
    if (turn === TURNS || person.meter.sent === sent) {
      showOut(person, new Deno.errors.InvalidData(TOO_LATE));
      break;
    }
    sent = person.meter.sent;
    await cli.within(PATIENCE, person.telling);
  }
  person.late = undefined;
}

const TOO_LATE = "too far behind with reading";
const CLOSING = new Error("the chat closes");

/** Ends the conversation with somebody. */
function showOut(person: Person, why: Error): void {
  person.fault = why;
  close(person.conn);
}

function close(conn: Deno.TcpConn): void {
  conn[Symbol.dispose](); // unlike close(), it may be called twice
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: cli.host("127.0.0.1", "address or name to listen on"),
  port: cli.whole(1234, [0, 65_535], "port; 0 takes any free one"),
  maxLine: cli.whole(1000, [1, 2 ** 20], "most bytes that a line may have"),
  maxPeople: cli.whole(1000, [1, 1e6], "most people at once"),
  timeout: cli.seconds(60, "how long one may think of a name; 0: for ever"),
  verbose: cli.toggle("tell of each connection, too"),
};

if (import.meta.main) {
  await cli.main({
    role: "server",
    file: "notebook/chat.ts",
    about: "A chat: everybody who connects is told what anybody says. " +
      "Join it with\n`nc 127.0.0.1 1234`, or with " +
      "`client.ts --message - --timeout 0`.",
    flags: FLAGS,
    example: ["--port", "8080", "--hostname", "0.0.0.0"],
    grant: cli.address,
    run: (options) => cli.runServer(serve, options),
  });
}
