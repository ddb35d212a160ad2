/**
 * Failures that can happen to anybody, in plain words with their cure.
 *
 * @module
 */

import { formatAddress } from "./address.ts";

/** A command line is wrong; the message says how. */
export class UsageError extends Error {}

/** A file or a folder is not what it should be; no peer is to blame. */
export class FileError extends Error {
  /** What kind of failure it is. */
  override name = "FileError";
}

/** Standard output or input failed; no peer is to blame. */
export class StreamError extends Error {
  /** What kind of failure it is. */
  override name = "StreamError";
}

/** The error of a limit; its words name the option in brackets. */
export function limitReached(what: string): Error {
  const words = `the limit of ${what} is reached`;
  return new DOMException(words, "QuotaExceededError");
}

/** Where something failed. */
export interface Place {
  /** The host. */
  hostname: string;
  /** The port. */
  port: number;
  /** The `--allow-net` under which it would have been allowed. */
  grant: string;
  /** Seconds that a client kept trying, if it can. */
  wait?: number;
}

/** What the words depend on: who says them, and how it was started. */
export interface Speaker {
  /** Whether it is a server or a client. */
  role: "server" | "client";
  /** The command to type, under another grant. */
  command(grant: string): string;
}

type Words = (at: Place, why: string, speaker: Speaker) => string;

/** The failures that you can do something about, by the name of the error. */
const WORDS: Record<string, Words> = {
  AddrInUse: ({ port }) =>
    `port ${port} is in use; stop the program that has it, ` +
    "or choose another with --port",
  AddrNotAvailable: ({ hostname }) =>
    `${hostname} is not an address of this machine; ` +
    "choose one that is, such as 127.0.0.1, with --hostname",
  PermissionDenied: ({ port }, why) =>
    port < 1024
      ? `port ${port} is privileged: the system keeps those below 1024 for ` +
        "root; choose one from 1024 up with --port"
      : why,
  NotCapable(at, why, { command }) {
    const what = /(read|write) access to "(.*)"/.exec(why);
    const refused = what
      ? `${what[1]} access to ${what[2]}`
      : formatAddress(at);
    return `Deno's sandbox does not allow ${refused}; ` +
      `run it as: ${command(at.grant)}`;
  },
  ConnectionRefused: (at) =>
    `nobody listens on ${formatAddress(at)}; start the server first` +
    ("wait" in at ? ", or wait for it with --wait 10" : ""),
  NotFound: (_, why) => why,
  NetworkUnreachable: (at) => `no network leads to ${formatAddress(at)}`,
  TimedOut: (at, why, { role }) =>
    role === "server"
      ? `${formatAddress(at)} was ${why}, and is given up (--timeout)`
      : `${formatAddress(at)}: ${why}; is the server there? ` +
        "Wait longer with --timeout (0: for ever)",
  QuotaExceededError(at, why) {
    const words = why.replace(/\w+(?=\))/, (name) => `--${kebab(name)}`);
    return `${formatAddress(at)}: ${words}`;
  },
  URIError: (at) => `"${at.hostname}" is neither a name nor an address`,
  InvalidData: (at, why) => `${formatAddress(at)}: ${why}`,
  UnexpectedEof: (at, why) => `${formatAddress(at)}: ${why}`,
  Interrupted: (at) => `${formatAddress(at)} was cut off: the server stops`,
  ConnectionReset: reset,
  ConnectionAborted: reset,
  BrokenPipe: reset,
  NotConnected: reset,
};

function reset(at: Place, _: string, { role }: Speaker): string {
  const cure = role === "client" ? "; try again" : "";
  return `${formatAddress(at)} reset the connection before its end${cure}`;
}

/**
 * Whether a name has no address. Windows says so in the person's language, and
 * is known by its numbers (11001 to 11004); Node's look-up has codes of its own.
 */
export function isUnknownName({ message }: Error): boolean {
  return /lookup address|os error 1100[1-4]\b|ENOTFOUND|EAI_/.test(message);
}

/**
 * Describes a failure that can happen to anybody.
 *
 * @param error What was thrown.
 * @param at Where.
 * @param speaker Who says it.
 * @returns One line, or undefined if it is a bug of ours.
 */
export function explain(
  error: unknown,
  at: Place,
  speaker: Speaker,
): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  const isOurs = error instanceof FileError || error instanceof StreamError;
  if (isOurs) return message; // which may contain anything: a name, a path
  if (isUnknownName(error)) {
    return `no address is known for the name ${at.hostname}; check its ` +
      "spelling, or give an address such as 127.0.0.1";
  }
  if (message.includes("EPERM")) return WORDS.NotCapable(at, "", speaker);
  if (Object.hasOwn(WORDS, name)) return WORDS[name](at, message, speaker);
  // Any other refusal by the system keeps the system's words.
  return "code" in error ? `${formatAddress(at)}: ${message}` : undefined;
}

/** An option's name as a flag: `maxBytes` is `max-bytes`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
