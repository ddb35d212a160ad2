/**
 * Machines to experiment with. Each is a network namespace of Linux: it has
 * interfaces, addresses, rules, settings and counters of its own, and none of
 * this machine's.
 *
 * They have no name that the system would know. A namespace lives as long as
 * somebody is in it or holds it, so nothing can be left behind.
 *
 * @module
 */

import { writeAll } from "../../lib/io.ts";
import { type Child, start } from "./child.ts";
import * as kernel from "./kernel.ts";

/** What an experiment with hosts of its own takes. */
export const NEEDS = ["root", "ip", "tc", "ss", "nft", "setpriv"];

/** A machine of its own, with nothing but a loopback interface. */
export class Host implements Disposable {
  /** The namespace, held by a descriptor. */
  readonly #namespace: number;
  /** Its IPv4 address, when it has one. */
  address = "";
  /** Its IPv6 address, when it has one. */
  address6 = "";

  /** Makes it. */
  constructor(
    /** What we call it. */
    readonly name: string,
  ) {
    const home = kernel.currentNamespace();
    kernel.enterNewNamespace();
    this.#namespace = kernel.currentNamespace();
    kernel.enterNamespace(home);
    kernel.close(home);
    this.set("net/ipv4/tcp_congestion_control", "reno"); // the textbook's
    this.set("net/ipv6/conf/default/accept_dad", "0"); // addresses at once
    this.sh("ip link set lo up");
  }

  /** Where `ip` finds it. */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.#namespace}`;
  }

  /**
   * Does something there. A socket that is made meanwhile belongs to this host
   * for ever, and so does a program that is started; the code itself is back
   * with us when it first waits. (So no name can be looked up: that waits.)
   *
   * @param work What to do.
   * @returns What it returned.
   */
  inside<T>(work: () => T): T {
    const home = kernel.currentNamespace();
    kernel.enterNamespace(this.#namespace);
    try {
      return work();
    } finally {
      kernel.enterNamespace(home);
      kernel.close(home);
    }
  }

  /** Listens there, at port 1234, which is always free on a new machine. */
  listen(hostname = "0.0.0.0"): Deno.TcpListener {
    return this.inside(() => Deno.listen({ hostname, port: 1234 }));
  }

  /** Connects from there to port 1234 of an address. */
  connect(hostname: string): Promise<Deno.TcpConn> {
    return this.inside(() => Deno.connect({ hostname, port: 1234 }));
  }

  /** A UDP socket there: at port 1234, or at any. */
  datagrams(
    port = 1234,
    hostname = "0.0.0.0",
  ): Deno.DatagramConn & Disposable {
    const options = { transport: "udp", hostname, port } as const;
    const socket = this.inside(() => Deno.listenDatagram(options));
    return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
  }

  /** Runs commands of the shell there; returns what they print. */
  sh(script: string): string {
    const { success, stdout, stderr } = this.inside(() =>
      new Deno.Command("sh", { args: ["-e", "-c", script], stdin: "null" })
        .outputSync()
    );
    const [printed, words] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    if (!success) throw new Error(`${this.name}: ${script}\n${words}`);
    return printed.trimEnd();
  }

  /**
   * Adds a rule in the language of nftables, for what this host passes on, or
   * for what it says itself.
   */
  rule(rule: string, hook: "forward" | "output" = "forward"): void {
    this.sh(`nft 'add table inet cable'
      nft 'add chain inet cable ${hook} { type filter hook ${hook} priority 0; }'
      nft 'add rule inet cable ${hook} ${rule}'`);
  }

  /** Has what leaves by a device bear this host's own address. */
  masquerade(device: string): void {
    this.sh(`nft 'add table ip home'
      nft 'add chain ip home out { type nat hook postrouting priority 100; }'
      nft 'add rule ip home out oifname "${device}" masquerade'`);
  }

  /** Starts a program there; it does not outlive us, however we end. */
  start(program: string, ...args: string[]): Child {
    const path = program === "deno" ? Deno.execPath() : program;
    const all = ["--pdeathsig", "KILL", path, ...args];
    return this.inside(() => start("setpriv", all));
  }

  /** Changes a setting of this host's: `net/ipv4/ip_forward`. */
  set(name: string, value: string): void {
    this.inside(() => Deno.writeTextFileSync(`/proc/sys/${name}`, value));
  }

  /** A counter of this host's, as `nstat` has them: `TcpRetransSegs`. */
  counter(name: string): number {
    const tables = this.inside(() =>
      ["snmp", "netstat"].map((file) =>
        Deno.readTextFileSync(`/proc/thread-self/net/${file}`)
      )
    );
    const lines = tables.join("").split("\n").map((line) => line.split(/:? /));
    for (let i = 0; i + 1 < lines.length; i += 2) { // names, and then values
      const [prefix, ...names] = lines[i];
      const at = names.findIndex((column) => prefix + column === name);
      if (at >= 0) return Number(lines[i + 1][at + 1]);
    }
    throw new RangeError(`there is no counter ${name}`);
  }

  /** Lets go of it: it ends with the last socket and program that is in it. */
  [Symbol.dispose](): void {
    kernel.close(this.#namespace);
  }
}

/** Two hosts with a router between them. */
export interface Network extends Disposable {
  /** 10.0.1.2, and fd00:1::2. */
  alice: Host;
  /** 10.0.1.1 towards Alice, on `eth1`; 10.0.2.1 towards Bob, on `eth2`. */
  router: Host;
  /** 10.0.2.2, and fd00:2::2. */
  bob: Host;
}

/**
 * Makes a network: Alice, a router, Bob.
 *
 * Its devices send each segment as a packet of its own, as cables do; left alone,
 * Linux would pass many at once between two hosts of one machine.
 */
export function makeNetwork(): Network {
  const [alice, router, bob] = ["alice", "router", "bob"].map((name) =>
    new Host(name)
  );
  for (const setting of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) {
    router.set(`net/${setting}`, "1");
  }
  for (const [i, host] of [alice, bob].entries()) {
    const n = i + 1;
    router.sh(`ip link add eth${n} type veth peer name eth0 netns ${host.path}
      ip link set eth${n} gso_max_segs 1 up
      ip address add 10.0.${n}.1/24 dev eth${n}
      ip address add fd00:${n}::1/64 dev eth${n} nodad`);
    host.address = `10.0.${n}.2`;
    host.address6 = `fd00:${n}::2`;
    addressOf(host);
    router.sh(untilUp(`eth${n}`));
    host.sh(`ip route add default via 10.0.${n}.1
      ip route add default via fd00:${n}::1`);
  }
  return {
    ...{ alice, router, bob },
    [Symbol.dispose]() {
      for (const host of [alice, router, bob]) host[Symbol.dispose]();
    },
  };
}

/** Waits, in the shell, until a device has noticed that its cable is plugged in. */
function untilUp(device: string): string {
  return `until ip link show ${device} | grep -q "state UP"; do :; done`;
}

/** Gives the interface of a host its addresses, and switches it on. */
function addressOf(host: Host): void {
  host.sh(`ip link set eth0 gso_max_segs 1 up
    ip address add ${host.address}/24 brd + dev eth0
    ip address add ${host.address6}/64 dev eth0 nodad
    ${untilUp("eth0")}`);
}

/**
 * Makes hosts that hang on one switch: 10.0.0.1, 10.0.0.2 and so on, and
 * fd00::1, fd00::2. The switch passes on what is meant for all, or for a group.
 */
export function makeLan(...names: string[]): Host[] & Disposable {
  const center = new Host("switch");
  center.sh("ip link add br0 type bridge mcast_snooping 0 forward_delay 0");
  center.sh("ip link set br0 up");
  const hosts = names.map((name, i) => {
    const host = new Host(name);
    center.sh(`ip link add p${i} type veth peer name eth0 netns ${host.path}
      ip link set p${i} master br0 up`);
    host.address = `10.0.0.${i + 1}`;
    host.address6 = `fd00::${i + 1}`;
    addressOf(host);
    host.sh("ip route add default dev eth0"); // whatever it is, the switch has it
    return host;
  });
  center.sh(`for n in ${names.map((_, i) => i).join(" ")}; do
    until ip -d link show p$n | grep -q "state forwarding"; do :; done; done`);
  return Object.assign(hosts, {
    [Symbol.dispose]() {
      for (const host of [center, ...hosts]) host[Symbol.dispose]();
    },
  });
}

/** Connects two hosts; returns both ends of the connection. */
export async function meet(
  from: Host,
  to: Host,
): Promise<[client: Deno.TcpConn, server: Deno.TcpConn]> {
  using listener = to.listen();
  const connecting = from.connect(to.address);
  const server = await listener.accept();
  return [await connecting, server];
}

/** Sends a message from one host to another; returns what arrived. */
export async function transfer(
  from: Host,
  to: Host,
  message: string,
): Promise<string> {
  const [client, server] = await meet(from, to);
  const arriving = new Response(server.readable).text();
  await writeAll(client, message);
  await client.closeWrite();
  const arrived = await arriving;
  client.close();
  return arrived;
}

/** Counts the bytes that arrive at a connection, until it ends or fails. */
export function count(
  conn: Deno.Conn,
): { bytes: number; ended: Promise<void> } {
  const arriving = { bytes: 0, ended: readAll() };
  return arriving;

  async function readAll(): Promise<void> {
    const buffer = new Uint8Array(2 ** 16);
    for (;;) {
      const n = await conn.read(buffer).catch(() => null);
      if (n === null) return;
      arriving.bytes += n;
    }
  }
}

/** Runs code on a host, in the sandbox, under one grant; returns what it prints. */
export async function runSandboxed(
  host: Host,
  grant: string,
  code: string,
): Promise<string> {
  const address = `data:text/javascript,${encodeURIComponent(code)}`;
  const flags = ["-q", "--no-prompt", "--unstable-net", `--allow-net=${grant}`];
  await using program = host.start("deno", "run", ...flags, address);
  await program.ended();
  return program.printed.trim();
}
