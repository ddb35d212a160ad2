/**
 * A link to a Redis server: what one says there is heard by all who listen, and
 * a name can be claimed.
 *
 * The client is a package, and only a program that asks for a link pays for it.
 * Therefore it isn't imported by a literal name: Deno would fetch it before the
 * program begins, asked for or not.
 *
 * @module
 */

import { escapeControls } from "../../lib/escape.ts";
import { UsageError } from "../../lib/errors.ts";
import type { Flag } from "../../lib/flags.ts";

/** The client of Redis' own makers. It needs the network, and nothing else. */
const PACKAGE = "npm:@redis/client@6.3.1";

/** Everything is below this name, so that others may use the same server. */
const PREFIX = "gentle-chat";

/** Seconds after which a link that can't be made is given up. */
const CONNECT_TIMEOUT = 5;

/** A way to all who share a Redis server. */
export interface Link extends Disposable {
  /** Says something to all who listen, ourselves included. */
  send(message: string): Promise<void>;
  /** Takes a name for some seconds; false if it's somebody else's. */
  claim(name: string, owner: string, seconds: number): Promise<boolean>;
  /** Gives a name of ours back. */
  release(name: string): Promise<void>;
  /** Resolves when the link is broken, or disposed. */
  readonly ended: Promise<void>;
}

/** What we use of the client. */
interface Client {
  connect(): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  publish: (channel: string, message: string) => Promise<number>;
  subscribe(
    channel: string,
    onMessage: (message: string) => void,
  ): Promise<void>;
  get(key: string): Promise<string | null>;
  set(key: string, value: string, how: object): Promise<string | null>;
  pExpire(key: string, milliseconds: number): Promise<number>;
  del(key: string): Promise<number>;
  destroy(): void;
}

/**
 * Opens a link.
 *
 * @param url Where the server is: `redis://HOST:PORT`.
 * @param onMessage Is given what anybody says.
 * @returns The link, which listens already.
 * @throws {Error} If there is no such server, or it doesn't let us in.
 */
export async function openLink(
  url: string,
  onMessage: (message: string) => void,
): Promise<Link> {
  const { createClient } = await import(PACKAGE);
  const ended = Promise.withResolvers<void>();
  const options = {
    url,
    // We say ourselves when to try again, and what becomes of what can't be said.
    socket: {
      reconnectStrategy: false,
      connectTimeout: CONNECT_TIMEOUT * 1000,
    },
    disableOfflineQueue: true,
    maintNotifications: "disabled", // it would look into our environment
  };
  // A connection that listens can't do anything else, so it takes two.
  const [talking, listening]: Client[] = [
    createClient(options),
    createClient(options),
  ];
  const both = [talking, listening];
  function end(): void {
    both.forEach((client) => client.destroy());
    ended.resolve();
  }
  // Not at once: this may be called in the middle of the client's own work.
  for (const client of both) client.on("error", () => setTimeout(end));
  try {
    await Promise.all(both.map((client) => client.connect()));
    await listening.subscribe(PREFIX, onMessage);
  } catch (error) {
    end();
    const { code, message } = error as Error & { code?: string };
    if (code !== "ECONNREFUSED") throw error;
    throw new Deno.errors.ConnectionRefused(message); // as Deno would say it
  }
  const keyOf = (name: string) => `${PREFIX}:${name}`;
  return {
    ended: ended.promise,
    async send(message) {
      await talking.publish(PREFIX, message);
    },
    async claim(name, owner, seconds) {
      const [key, PX] = [keyOf(name), seconds * 1000];
      if (await talking.set(key, owner, { NX: true, PX })) return true;
      if (await talking.get(key) !== owner) return false;
      await talking.pExpire(key, PX);
      return true;
    },
    async release(name) {
      await talking.del(keyOf(name));
    },
    [Symbol.dispose]: end,
  };
}

/** What stands for no server. */
export const NO_BUS = "none";

/** A flag that takes the address of a Redis server: `redis://HOST:PORT`. */
export function redisUrl(help: string): Flag<string> {
  return { placeholder: "URL", default: NO_BUS, help, read };

  function read(value: string): string {
    const url = URL.parse(value);
    if (value === NO_BUS) return value;
    if (url?.protocol === "redis:" && url.hostname) return value;
    throw new UsageError(
      `takes redis://HOST:PORT, not "${escapeControls(value)}"`,
    );
  }
}

/** Where a Redis server is. */
export function addressOf(url: string): { hostname: string; port: number } {
  const { hostname, port } = new URL(url);
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: +port || 6379 };
}
