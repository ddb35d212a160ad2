#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A chat for many people. It speaks lines over TCP, so netcat is enough to join
 * it, and so is our own client: `client.ts --message - --timeout 0`.
 *
 * @module
 */

import * as cli from "../cli.ts";
import { ByteReader } from "./lib/framing.ts";
import { safely, serve as serveAll } from "./lib/serve.ts";

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
  /**
   * People at once from one address; further ones are refused, so that no machine
   * can take every place. This machine's own aren't counted; 0: any number.
   * @default {100}
   */
  maxPerAddress?: number;
  /** Seconds that one has for giving a name; 0: any number. @default {60} */
  timeout?: number;
  /** Seconds that one may say nothing; 0: any number. @default {3600} */
  idleTimeout?: number;
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
  const settings = guarded(cli.fill(options, FLAGS));
  const { hostname, port, maxPeople, maxPerAddress } = settings;
  const { onListen, onError } = settings;
  const room: Room = { people: new Map(), nameless: new Set(), said: "" };
  const listener = Deno.listen({ hostname, port });
  const server = serveAll(listener, (conn) => attend(conn, room, settings), {
    maxConnections: maxPeople,
    maxPerAddress,
    refusal: "* Too many people are here from your address.\n",
    grace: GRACE,
    onError,
  });
  onListen?.(listener.addr);
  return {
    ...server,
    async shutdown() {
      const ended = server.shutdown(); // from now on nobody comes in
      tellAll(room, "* The chat closes.");
      deliver(room);
      const named = Array.from(room.people.values(), async (person) => {
        if (person.telling) await cli.within(GRACE, person.telling);
        showOut(person, CLOSING);
      });
      const nameless = Array.from(room.nameless, (dismiss) => {
        return dismiss("The chat closes.", CLOSING);
      });
      await Promise.all([...named, ...nameless]);
      await ended;
      clearTimeout(room.turn); // nobody is left who could be told
    },
  };
}

/** Seconds that people have for reading the last lines at a shutdown. */
const GRACE = 5;

type Settings = cli.Filled<ServeOptions, typeof FLAGS>;

/** The same callbacks; but what fails in one is reported, and stays there. */
function guarded(settings: Settings): Settings {
  const { onOpen, onText, onDone } = settings;
  function onError(error: Error, at: Deno.NetAddr): Promise<void> {
    return safely(() => settings.onError?.(error, at));
  }
  function guard(call: () => unknown, at: Deno.NetAddr): Promise<void> {
    return safely(call, (error) => onError(error, at));
  }
  return {
    ...settings,
    onError,
    onOpen: (peer) => void guard(() => onOpen?.(peer), peer),
    onText: (text, peer) => guard(() => onText?.(text, peer), peer),
    onDone: (peer, totals) => void guard(() => onDone?.(peer, totals), peer),
  };
}

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
  /** Ways to end it with those who have given no name yet. */
  nameless: Set<(words: string, why: Error) => Promise<void>>;
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
  let fault: Error | undefined;
  async function dismiss(words: string, why: Error): Promise<void> {
    fault = why; // a name that comes now is no longer taken
    await cli.within(PATIENCE, tell(words).catch(() => {}));
    close(conn);
  }
  const timer = timeout && setTimeout(() => {
    const late = new Deno.errors.TimedOut(`nameless for ${timeout} s`);
    dismiss("You took too long.", late);
  }, timeout * 1000);
  room.nameless.add(dismiss);
  try {
    await tell("What is your name?");
    while (!await reader.atEnd()) {
      const name = (await reader.readLine(maxLine)).trim().normalize();
      if (fault) throw fault;
      const taken = room.people.has(keyOf(name));
      if (NAME.test(name) && !taken) {
        return join({ name, conn, meter, waiting: [], due: 0 }, room);
      }
      const why = taken ? `${name} is here already` : RULE;
      await tell(`${why}. What is your name?`);
    }
  } catch (error) {
    throw fault ?? error;
  } finally {
    room.nameless.delete(dismiss);
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
  person: Person,
  reader: ByteReader,
  room: Room,
  { maxLine, idleTimeout, onText }: Settings,
): Promise<void> {
  const { name, conn } = person;
  using silence = new cli.Meter(idleTimeout, () => {
    sendAway(person, room, idleTimeout);
  });
  let said = 0; // since this one has last waited for those who are far behind
  while (!await reader.atEnd()) {
    const line = await reader.readLine(maxLine);
    silence.read(0); // even an empty line is a sign of life; half a line is none
    if (line.trim() === "") continue;
    // What moves a cursor, or starts a line of its own, is made visible.
    const text = `${name}: ${cli.visible(line).replace(GAP, "$1")}`;
    tellAll(room, text);
    await silence.pauseFor(onText?.(text, conn.remoteAddr));
    said += text.length;
    if (said < AT_A_STRETCH) continue;
    await silence.pauseFor(letCatchUp(room));
    said = 0;
  }
}

/**
 * More blanks than three, however wide they are: they could pad a line to the
 * width of a terminal, and what comes then would look like another's line. (Words
 * can pad, too. How wide a reader's terminal is we cannot know.)
 */
const BLANK =
  "[\\s\\u2800\\u3164\\uffa0\\u115f\\u1160\\u200b\\u200c\\u2060\\u00ad\\u180e]";
const GAP = RegExp(`(${BLANK}{3})${BLANK}+`, "g");

/** Ends it with somebody who has said nothing for too long. */
async function sendAway(
  person: Person,
  room: Room,
  seconds: number,
): Promise<void> {
  tell(person, `* You have said nothing for ${seconds} s.`, room);
  if (person.telling) await cli.within(PATIENCE, person.telling);
  const words = `nothing said for ${seconds} s (idleTimeout)`;
  showOut(person, new DOMException(words, "QuotaExceededError"));
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
  if (person.due > TOO_MUCH) showOut(person, new TooLate());
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

/** Characters that one may say before waiting for those who are far behind. */
const AT_A_STRETCH = 2 ** 14;
/** Bytes that may wait for somebody before those who say much wait, too. */
const FAR_BEHIND = 2 ** 20;
/** Bytes that may wait for somebody at all, however many say a little. */
const TOO_MUCH = 2 ** 25;
/** Seconds in which somebody who is far behind has to take something. */
const PATIENCE = 1;
/** How often that may be waited for until all is taken. */
const TURNS = 10;

/**
 * Before somebody who says much says more, those who are far behind may catch
 * up: otherwise a burst would throw out people who read as fast as they can. Only
 * who says much waits, and not for long: one who reads slowly, or not at all,
 * must not stop the others.
 */
async function letCatchUp(room: Room): Promise<void> {
  await Promise.all(room.people.values().map(({ late }) => late));
}

async function hurry(person: Person): Promise<void> {
  for (let turn = 0, sent = -1; person.telling; turn++) {
    if (turn === TURNS || person.meter.sent === sent) {
      showOut(person, new TooLate());
      break;
    }
    sent = person.meter.sent;
    const began = performance.now();
    await cli.within(PATIENCE, person.telling);
    // If we are late ourselves, we have not seen what this one has taken.
    if (performance.now() - began > 1250 * PATIENCE) [turn, sent] = [-1, -1];
  }
  person.late = undefined;
}

/** Why somebody is shown out who reads too slowly. */
class TooLate extends Deno.errors.InvalidData {
  override message = "too far behind with reading";
}

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
  maxPerAddress: cli.whole(
    100,
    [0, 1e6],
    "most people from one address, but ours; 0: any",
  ),
  timeout: cli.seconds(60, "how long one may think of a name; 0: for ever"),
  idleTimeout: cli.seconds(3600, "how long one may say nothing; 0: for ever"),
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
