#!/usr/bin/env -S deno run --allow-net=127.0.0.1:1234
/**
 * A chat for many people. It speaks lines over TCP, so netcat is enough to join
 * it, and so is our own client: `client.ts --message - --timeout 0`.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";
import type { Connection } from "../../lib/connection.ts";
import { escapeControls } from "../../lib/escape.ts";
import * as flag from "../../lib/flags.ts";
import { ByteReader } from "../../lib/framing.ts";
import { withTimeout, writeAll } from "../../lib/io.ts";
import { main, type Running } from "../../lib/program.ts";
import { guard, type Reports } from "../../lib/reports.ts";
import { serve as serveListener, type Server } from "../../lib/serve.ts";
import { runServer } from "../../lib/service.ts";
import { Bus } from "./bus.ts";
import { addressOf, NO_BUS, openLink, redisUrl } from "./redis.ts";
import {
  awaitSlowConsumers,
  broadcast,
  closeRoom,
  disconnect,
  flush,
  join,
  keyOf,
  leave,
  openRoom,
  type Person,
  rename,
  type Room,
  sendLine,
  STALL_TIMEOUT,
} from "./room.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions extends Reports {
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
  /** Seconds to wait for a person's name; 0: for ever. @default {60} */
  timeout?: number;
  /** Seconds that a person may be silent; 0: for ever. @default {3600} */
  idleTimeout?: number;
  /** The way to other servers, whose people are in the same room. @default {none} */
  bus?: Bus;
}

/**
 * Opens a chat. Everybody who connects is asked for a name, and from then on sees
 * each line that anybody says, and who comes and goes.
 *
 * @example Alone in a chat
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeAll } from "../../lib/io.ts";
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
export function serve(options: ServeOptions = {}): Server {
  const settings = guard(flag.withDefaults(options, FLAGS));
  const { hostname, port, maxPeople, maxPerAddress, idleTimeout } = settings;
  const { bus } = settings;
  const room = openRoom(idleTimeout, (person, room) => {
    sendAway(person, room, idleTimeout);
  }, bus);
  const listener = Deno.listen({ hostname, port });
  bus?.start({
    onLine: (line) => broadcast(room, line),
    onTaken: (key) => rename(key, room),
    onBreak: () => settings.onError?.(new Error(OUT_OF_REACH), listener.addr),
  });
  const server = serveListener(
    listener,
    (conn) => handle(conn, room, settings),
    {
      ...settings,
      timeout: 0, // people may be silent for long: see `idleTimeout`
      maxConnections: maxPeople,
      maxPerAddress,
      refusal: "* Too many people are here from your address.\n",
      grace: GRACE,
    },
  );
  return {
    ...server,
    async shutdown() {
      room.closing = true; // whoever still waits in the backlog is told so, too
      const ended = server.shutdown();
      broadcast(room, `* ${CLOSES}`);
      flush(room);
      const named = Array.from(room.people.values(), async (person) => {
        if (person.sending) await withTimeout(GRACE, person.sending);
        disconnect(person, CLOSING);
      });
      const nameless = Array.from(room.nameless, (dismiss) => {
        return dismiss(CLOSES, CLOSING);
      });
      await Promise.all([...named, ...nameless]);
      await ended;
      await bus?.[Symbol.asyncDispose]();
      closeRoom(room);
    },
  };
}

/** What is reported when the link to the other servers breaks. */
const OUT_OF_REACH = "the bus is out of reach; we try again until it's back";

/** Seconds that people have for reading the last lines at a shutdown. */
const GRACE = 5;

/** What everybody is told then. */
const CLOSES = "The chat closes.";

/** Why everybody is disconnected at a shutdown. */
const CLOSING = new Error("the chat closes");

type Settings = flag.WithDefaults<ServeOptions, typeof FLAGS>;

/** Handles one client, from the question for the name to the end. */
async function handle(
  conn: Connection,
  room: Room,
  settings: Settings,
): Promise<void> {
  conn.socket.setKeepAlive(true); // a machine that has vanished is noticed, some day
  const reader = new ByteReader(conn);
  let person: Person | undefined;
  let reason: Error | undefined;
  try {
    person = await askName(conn, reader, room, settings);
    if (person) await relayLines(person, reader, room, settings);
  } catch (error) {
    // A person who breaks a rule is told which, and disconnected; the rest go on.
    reason = person?.fault ?? error as Error;
    if (person) sendLine(person, `* ${reason.message}`, room);
    else await writeAll(conn, `* ${reason.message}\n`).catch(() => {});
  }
  if (person) await leave(person, room);
  if (reason && reason !== CLOSING) throw reason;
}

/** Asks for a name until it gets a good one, but not for ever. */
async function askName(
  conn: Connection,
  reader: ByteReader,
  room: Room,
  { maxLine, timeout }: Settings,
): Promise<Person | undefined> {
  const write = (line: string) => writeAll(conn, `* ${line}\n`);
  let fault: Error | undefined;
  async function dismiss(words: string, why: Error): Promise<void> {
    fault = why; // a name that comes now is no longer taken
    await withTimeout(STALL_TIMEOUT, write(words).catch(() => {}));
    conn[Symbol.dispose]();
  }
  const timer = timeout && setTimeout(() => {
    const late = new Deno.errors.TimedOut(`nameless for ${timeout} s`);
    dismiss("You took too long.", late);
  }, timeout * 1000);
  room.nameless.add(dismiss);
  try {
    if (room.closing) return void await write(CLOSES);
    await write("What is your name?");
    while (!await reader.atEnd()) {
      const name = (await reader.readLine(maxLine)).trim().normalize();
      const objection = await findObjection(name, room);
      if (fault) throw fault;
      const isHere = room.people.has(keyOf(name));
      if (!isHere && !objection) return join(name, conn, room);
      const why = isHere ? `${name} is here already` : objection;
      await write(`${why}. What is your name?`);
    }
  } catch (error) {
    throw fault ?? error;
  } finally {
    room.nameless.delete(dismiss);
    clearTimeout(timer);
  }
}

/** What speaks against a name, if anything; here it may still be taken. */
async function findObjection(
  name: string,
  { bus, people }: Room,
): Promise<string | undefined> {
  const key = keyOf(name);
  if (!NAME.test(name)) return RULE;
  if (!bus || people.has(key)) return undefined;
  const isFree = await bus.claim(key);
  if (isFree === undefined) return "Names can't be checked at the moment";
  return isFree ? undefined : `${name} is here already`;
}

/** Letters with their marks, digits, - and _, all of which can be seen. */
const NAME =
  /^(?!\p{M})[[\p{L}\p{M}\p{N}_\-]--\p{Default_Ignorable_Code_Point}]{1,20}$/v;
const RULE = "A name has 1 to 20 letters, digits, - or _";

/** Passes on what somebody says, line by line. */
async function relayLines(
  person: Person,
  reader: ByteReader,
  room: Room,
  { maxLine, onText }: Settings,
): Promise<void> {
  const { conn } = person;
  let burst = 0; // characters since this person last waited for slow consumers
  while (!await reader.atEnd()) {
    const line = await reader.readLine(maxLine);
    person.quietTicks = 0; // an empty line is a sign of life; half a line is none
    if (line.trim() === "") continue;
    // What moves a cursor, or starts a line of its own, is shown as an escape.
    const text = `${person.name}: ${escapeControls(line).replace(GAP, "$1")}`;
    broadcast(room, text);
    room.bus?.say(keyOf(person.name), text);
    await onText?.(text, conn.remoteAddr);
    burst += text.length;
    if (burst < MAX_BURST) continue;
    await Promise.all([awaitSlowConsumers(room), room.bus?.flushed()]);
    person.quietTicks = 0; // that was our own doing
    burst = 0;
  }
}

/** Characters that a person may say before waiting for slow consumers. */
const MAX_BURST = 2 ** 14;

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
  sendLine(person, `* You have said nothing for ${seconds} s.`, room);
  if (person.sending) await withTimeout(STALL_TIMEOUT, person.sending);
  const words = `nothing said for ${seconds} s (idleTimeout)`;
  disconnect(person, new DOMException(words, "QuotaExceededError"));
}

// --- The command line --------------------------------------------------------

const FLAGS = {
  hostname: flag.host("127.0.0.1", "address or name to listen on"),
  port: flag.integer(1234, [0, 65_535], "port; 0 takes any free one"),
  maxLine: flag.integer(1000, [1, 2 ** 20], "most bytes that a line may have"),
  maxPeople: flag.integer(1000, [1, 1e6], "most people at once"),
  maxPerAddress: flag.integer(
    100,
    [0, 1e6],
    "most people from one remote address; 0: no limit",
  ),
  timeout: flag.seconds(60, "how long to wait for a name; 0: for ever"),
  idleTimeout: flag.seconds(
    3600,
    "how long a person may be silent; 0: for ever",
  ),
  verbose: flag.boolean("report each connection, too"),
};

const BUS = redisUrl("share the room by redis://HOST:PORT");

/** The narrowest permission: to listen, and for a bus, to talk to that. */
function grantFor(at: { hostname: string; port: number; bus: string }): string {
  const hosts = at.bus === NO_BUS ? [at] : [at, addressOf(at.bus)];
  return hosts.map(formatAddress).join();
}

/** Joins the other servers, if there are any. */
async function connectBus(
  options: flag.Values<typeof FLAGS & { bus: typeof BUS }>,
  { explain }: Running,
): Promise<Bus | undefined> {
  if (options.bus === NO_BUS) return undefined;
  try {
    return await Bus.connect((onMessage) => openLink(options.bus, onMessage));
  } catch (error) {
    const grant = grantFor(options);
    const words = explain(error, { ...addressOf(options.bus), grant });
    throw words === undefined ? error : new Deno.errors.NotFound(words);
  }
}

if (import.meta.main) {
  await main({
    role: "server",
    file: "notebook/applications/chat.ts",
    about: "A chat: everybody who connects sees what anybody says. " +
      "Join it with\n`nc 127.0.0.1 1234`, or with " +
      "`client.ts --message - --timeout 0`.",
    flags: { ...FLAGS, bus: BUS },
    example: ["--port", "8080", "--hostname", "0.0.0.0"],
    grant: grantFor,
    async run(options, running) {
      const bus = await connectBus(options, running);
      await runServer(serve, { ...options, bus }, running);
    },
  });
}
