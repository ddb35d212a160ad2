/**
 * Names: a real name server in one of our networks, programs that ask it, and
 * its messages, read byte by byte as RFC 1035 lays them out.
 *
 * @module
 */

import type { Child } from "./child.ts";
import { type Host, NEEDS } from "./namespaces.ts";

/** What an experiment with names takes. */
export const NAME_NEEDS = [...NEEDS, "dnsmasq", "unshare"];

/**
 * Starts dnsmasq, a small name server, which knows nothing but what it is told.
 *
 * @param host Where it runs.
 * @param records What it knows, in its own options: `--host-record=NAME,ADDRESS`.
 * @returns The program, when it answers.
 */
export async function startNameServer(
  host: Host,
  ...records: string[]
): Promise<Child> {
  // It is careful to outlive whoever started it. But when the first process of
  // a namespace of processes ends, the kernel ends all others in it.
  const server = host.start(
    ...["unshare", "--pid", "--fork", "--kill-child"] as const,
    ...["sh", "-c", '"$@" & wait', "sh", "dnsmasq"],
    ...["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file"],
    ...["--no-resolv", "--no-hosts", "--user=root", "--log-facility=-"],
    ...records,
  );
  await server.until(/started, version/);
  return server;
}

/**
 * Starts a program for which names are looked up at Bob's name server. (It sees
 * other files in the place of two of this machine's; nobody else does.)
 */
function startWithNames(
  host: Host,
  program: string,
  ...args: string[]
): Child {
  const script = `mount --bind "$0/resolv.conf" /etc/resolv.conf
    mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf
    rm -r "$0"
    exec "$@"`;
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/resolv.conf`, "nameserver 10.0.2.2\n");
  Deno.writeTextFileSync(`${folder}/nsswitch.conf`, "hosts: dns\n");
  const path = program === "deno" ? Deno.execPath() : program;
  const shell = ["sh", "-ec", script, folder, path, ...args];
  return host.start("unshare", "--mount", ...shell);
}

/** What a name server knows of a name. */
export interface Answer {
  /** The name. */
  name: string;
  /** The type of the record: 1 is an IPv4 address, 5 another name, 16 text. */
  type: number;
  /** What it says. */
  data: string;
}

/** A message of a name server. */
export interface Reply {
  /** The number that the question had. */
  id: number;
  /** Whether not all of it fitted into a datagram. */
  truncated: boolean;
  /** The answers. */
  answers: Answer[];
  /** Where in the message a name is cut short, and where it goes on. */
  pointers: { at: number; to: number }[];
}

/**
 * Reads a message of a name server.
 *
 * @param bytes The message.
 * @throws {RangeError} If it is cut off, or its names go in circles.
 */
export function readReply(bytes: Uint8Array): Reply {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pointers: Reply["pointers"] = [];
  const name = (at: number) => readName(bytes, at, pointers);
  let at = 12; // the header ends
  for (let n = view.getUint16(4); n > 0; n--) at = name(at).end + 4;
  const answers: Answer[] = [];
  for (let n = view.getUint16(6); n > 0; n--) {
    const owner = name(at);
    const type = view.getUint16(owner.end);
    const length = view.getUint16(owner.end + 8);
    const start = owner.end + 10;
    at = start + length;
    const rest = bytes.subarray(start, at);
    const data = type === 5
      ? name(start).text
      : type === 1
      ? rest.join(".")
      : new TextDecoder("latin1").decode(rest);
    answers.push({ name: owner.text, type, data });
  }
  const truncated = (bytes[2] & 2) !== 0;
  return { id: view.getUint16(0), truncated, answers, pointers };
}

/**
 * Reads a name: labels, each after its length, up to one of no length. Instead of
 * further labels there may be a pointer to a place where they stand already.
 */
export function readName(
  bytes: Uint8Array,
  at: number,
  pointers: Reply["pointers"] = [],
): { text: string; end: number } {
  const length = bytes[at];
  if (length === undefined) throw new RangeError("the message is cut off");
  if (length === 0) return { text: "", end: at + 1 };
  if (length >= 0xc0) {
    const to = (length & 0x3f) << 8 | bytes[at + 1];
    // Only backwards: a pointer to itself would keep us busy for ever.
    if (!(to < at)) throw new RangeError("a pointer goes in circles");
    pointers.push({ at, to });
    return { text: readName(bytes, to).text, end: at + 2 };
  }
  const label = bytes.subarray(at + 1, at + 1 + length);
  const rest = readName(bytes, at + 1 + length, pointers);
  const text = new TextDecoder("latin1").decode(label);
  return { text: rest.text ? `${text}.${rest.text}` : text, end: rest.end };
}

/**
 * Writes bytes as people read them: eight a line, as numbers and as text, with
 * brackets around pointers.
 */
export function dump(
  bytes: Uint8Array,
  pointers: Reply["pointers"],
): string[] {
  const opens = (i: number) => pointers.some(({ at }) => at === i);
  return Array.from({ length: Math.ceil(bytes.length / 8) }, (_, line) => {
    const start = 8 * line;
    const part = [...bytes.subarray(start, start + 8)];
    const hex = part.map((byte, i) => {
      const before = opens(start + i)
        ? "["
        : i > 0 && opens(start + i - 2)
        ? "]"
        : " ";
      return before + byte.toString(16).padStart(2, "0");
    }).join("") + (opens(start + 6) ? "]" : " ");
    const text = part.map((byte) =>
      byte > 32 && byte < 127 ? String.fromCharCode(byte) : "."
    ).join("");
    return `${String(start).padStart(2)}${hex.padEnd(25)} ${text}`;
  });
}

/** Starts one of our scripts in the same way, with no grant but that host. */
export function startScript(host: Host, file: string, hostname: string): Child {
  const grant = `--allow-net=${hostname}`;
  const args = ["run", "-q", grant, file, "--hostname", hostname];
  return startWithNames(host, "deno", ...args);
}
