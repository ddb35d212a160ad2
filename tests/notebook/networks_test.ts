/**
 * The chapter on networks: that each of its claims fails when its cause is taken
 * away, that nothing is left behind, and what reads packets and names.
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readNotebook, textOf } from "../../notebook/jupyter.ts";
import { readName, readReply } from "../../notebook/lib/names.ts";
import { readPacket, writeIpv6 } from "../../notebook/lib/packet.ts";
import { match } from "../../notebook/lib/passages.ts";
import type { Sighting } from "../../notebook/lib/sniff.ts";
import {
  linux,
  needs,
  PATIENT,
  Process,
  program,
  read,
  ROOT,
  superuser,
} from "../harness.ts";

const FOLDER = new URL("notebook/", ROOT);

const capable = [
  linux,
  superuser,
  ...["ip", "tc", "ss", "nft", "dnsmasq", "setpriv", "unshare"].map(program),
];

/** Stands in for Jupyter: what cells show goes nowhere. */
const SILENT = `
const jupyter = { value: { broadcast: () => Promise.resolve() } };
const value = Object.create(Deno, { jupyter });
Object.defineProperty(globalThis, "Deno", { value });`;

/** Runs code as the cells are run: with all permissions, in their folder. */
function evaluate(code: string): Process {
  return new Process("deno", ["eval", "-q", "--ext=ts", code], {
    cwd: FOLDER,
    env: { RECORD: "" },
  });
}

// --- Causes ------------------------------------------------------------------

const SOURCES = new Map(
  (await readNotebook(new URL("networks.ipynb", FOLDER).pathname)).cells
    .map(({ id, source }) => [id, textOf(source)]),
);

/** What is taken away: from which cells, and what stands there instead. */
interface Cause {
  /** The cells that it takes, in their order. */
  cells: string;
  /** What stands there. */
  from: string;
  /** What takes its place. @default {nothing} */
  to?: string;
}

const HALF_A_GROUP = "await bob.joinMulticast";

const CAUSES: Record<string, Cause> = {
  "a router": {
    cells: "hosts",
    from: "Sniffer(net.bob)",
    to: "Sniffer(net.alice)",
  },
  "a lost segment": { cells: "lost", from: " drop", to: " accept" },
  "a lost SYN": { cells: "syn", from: " drop", to: " accept" },
  "a loss that others wait for": {
    cells: "line line-udp line-figure",
    from: "layCable(loseFifth, 50);\n  const",
    to: "layCable((packet) => [packet], 50);\n  const",
  },
  "a loss over UDP": {
    cells: "line line-udp line-figure",
    from: "layCable(loseFifth, 50);\n  using",
    to: "layCable((packet) => [packet], 50);\n  using",
  },
  "a flipped bit": {
    cells: "flip flip-table",
    from: ": flipBit",
    to: ": (p) => p",
  },
  "swapped words": {
    cells: "flip flip-table",
    from: ": swapWords",
    to: ": (p) => p",
  },
  "a datagram lost": { cells: "udp", from: "2: () => [],", to: "" },
  "a datagram doubled": {
    cells: "udp",
    from: "[packet, packet]",
    to: "[packet]",
  },
  "a datagram held back": {
    cells: "udp",
    from: "(heldBack = [packet], [])",
    to: "[packet]",
  },
  "a shallow buffer": {
    cells: "window window-figure",
    from: "rate 10mbit burst 5kb limit 60kb",
    to: "rate 10gbit burst 5mb limit 60mb",
  },
  "Nagle's algorithm": {
    cells: "nagle nagle-run",
    from: "setNoDelay(noDelay)",
    to: "setNoDelay(true)",
  },
  "no Nagle's algorithm": {
    cells: "nagle nagle-run",
    from: "setNoDelay(noDelay)",
    to: "setNoDelay(false)",
  },
  "something unread": { cells: "end end-table", from: "if (reads) " },
  "a close": { cells: "pipe", from: 'closes === "close"', to: "false" },
  "a cut": { cells: "cut cut-run cut-table", from: 'net.router.rule("drop");' },
  "keepalive": {
    cells: "cut cut-run cut-table",
    from: "prober.setKeepAlive();",
  },
  "a timeout of our own": {
    cells: "cut cut-run cut-table",
    from: "timeout: 1,",
    to: "timeout: 0,",
  },
  "a black hole": {
    cells: "hole hole-run",
    from: "if (!letters)",
    to: "if (false)",
  },
  "a guess": { cells: "hole hole-run", from: 'guesses ? "1" : "0"', to: '"0"' },
  "network byte order": {
    cells: "names-known question names-ask",
    from: "0, type,",
    to: "type, 0,",
  },
  "another name": {
    cells: "names-known question names-ask",
    from: "--cname=site.example,both.example",
    to: "--host-record=site.example,10.0.2.2",
  },
  "too much for a datagram": {
    cells: "names-known question long long-table",
    from: ".repeat(4)",
    to: ".repeat(1)",
  },
  "two addresses": { cells: "names-known both both-table", from: ",fd00:2::2" },
  "a server at any address": {
    cells: "names-known both both-table",
    from: '"0.0.0.0"',
    to: '"both.example"',
  },
  "loopback": {
    cells: "any any-table",
    from: "listen(at)",
    to: 'listen("0.0.0.0")',
  },
  "dual stack": {
    cells: "any any-table",
    from: "listen(at)",
    to: 'listen(at.replace("::", "0.0.0.0"))',
  },
  "broadcast": { cells: "broadcast", from: "10.0.0.255", to: "10.0.0.2" },
  "a group of IPv6": {
    cells: "broadcast group group-run",
    from: `${HALF_A_GROUP}V6(group, 0)`,
    to: "await 0",
  },
  "a group of IPv4": {
    cells: "broadcast group group-run",
    from: `${HALF_A_GROUP}V4(group, any)`,
    to: "await 0",
  },
  "a missing grant": {
    cells: "broadcast grants",
    from: '["0.0.0.0:1234",',
    to: '["0.0.0.0:1234,239.1.2.3",',
  },
  "NAT": { cells: "nat nat-table", from: 'net.router.masquerade("eth2");' },
};

/** The code of some cells, after those that all of them need. */
function codeOf(cells: string): string {
  return ["imports", "tools", ...cells.split(" ")]
    .map((id) => SOURCES.get(id)!).join("\n");
}

/** The same without the cause. */
function codeWithout({ cells, from, to = "" }: Cause): string {
  const code = codeOf(cells);
  assertEquals(code.split(from).length, 2, `once in ${cells}: ${from}`);
  // Whoever waits for what never comes waits for less long than a reader would.
  return code.replace(from, to).replaceAll(/(?<=patience( =|:) )30\b/g, "6")
    .replace("30_000", "2_000");
}

for (const [name, cause] of Object.entries(CAUSES)) {
  Deno.test({
    ...needs(`networks.ipynb: without ${name} its claim fails`, ...capable),
    ...PATIENT,
    async fn() {
      await using run = evaluate(
        `${SILENT}\n${codeWithout(cause)}\nDeno.exit();`,
      );
      assertEquals(await run.code(), 1);
      assertMatch(run.err.text, /AssertionError/);
    },
  });
}

// --- The answers to "Now you" ------------------------------------------------

/** What becomes of a question, as its answer says. */
const ANSWERS: Record<string, [code: string, answer: string]> = {
  "one duplicate, if the last segment is lost": [
    codeOf("lost").replace(" 2 drop", " 9 drop")
      .replace(/assert\(duplicates.*/, "console.log(duplicates.length);"),
    "1\n",
  ],
  "TCP over the mischief brings everything once, in order": [
    `${codeOf("udp").split("const udpHears")[0]}
    let packets = 0;
    using cable = layCable((packet, nth) => {
      packets = nth;
      return mischief[nth]?.(packet) ?? [packet];
    });
    const [client, server] = await meet(cable.alice, cable.bob);
    client.setNoDelay();
    for (const n of "123456") await client.write(encode(n));
    await client.closeWrite();
    console.log(await new Response(server.readable).text(), packets > 6);
    client.close();`,
    "123456 true\n",
  ],
  "a cable that is mended in time loses nothing": [
    `${codeOf("cut")}
    using net = makeNetwork();
    makeImpatient(net);
    const [writer, reader] = await meet(net.alice, net.bob);
    net.router.rule("drop");
    await writer.write(encode("Hello?"));
    await delay(0.5);
    net.router.sh("nft delete table inet cable");
    console.log(await reader.read(room));`,
    "6\n",
  ],
  "the little end first gets another name, and no address": [
    codeOf("names-known question names-ask").replace("0, type,", "type, 0,")
      .replace(
        /assertEquals\(answers.*/s,
        "console.log(answers.map((a) => a.data));",
      ),
    '[ "both.example" ]\n',
  ],
};

for (const [name, [code, answer]] of Object.entries(ANSWERS)) {
  Deno.test(needs(`networks.ipynb: ${name}`, ...capable), async () => {
    await using run = evaluate(`${SILENT}\n${code}\nDeno.exit();`);
    assertEquals(await run.code(), 0, run.err.text);
    assertEquals(run.out.text, answer);
  });
}

// --- Nothing is left behind --------------------------------------------------

const MAKING = `
  import { layCable } from "./lib/cable.ts";
  import { startNameServer } from "./lib/names.ts";
  import { Host, makeLan, makeNetwork } from "./lib/namespaces.ts";
  import { Sniffer } from "./lib/sniff.ts";
const idOf = (host) => host.inside(() => Deno.readLinkSync("/proc/thread-self/ns/net"));`;

Deno.test(
  needs("a network ends with its scope, and so do its programs", ...capable),
  async () => {
    await using run = evaluate(`${MAKING}
    const home = Deno.readLinkSync("/proc/thread-self/ns/net");
    using witness = new Host("witness"); // at the other end of a cable
    {
      using net = makeNetwork();
      using lan = makeLan("alice", "bob");
      using cable = layCable((packet) => [packet]);
      using sniffer = new Sniffer(net.bob);
      await using server = await startNameServer(net.bob);
      for (const host of [net.router, ...lan, cable.bob]) {
        const name = "w" + host.path.replace(/.*\\//, "");
        const peer = \`peer name w netns \${host.path}\`;
        witness.sh(\`ip link add \${name} type veth \${peer}\`);
      }
    }
    // The kernel ends a namespace a little later, and with it its cables.
    while (/w\\d+/.test(witness.sh("ip -o link"))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const open = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
      try { return Deno.readLinkSync("/proc/self/fd/" + name); } catch { return ""; }
    });
    console.log(open.filter((link) => link.startsWith("net:")).length);
    console.log(Deno.readLinkSync("/proc/thread-self/ns/net") === home);
    Deno.exit();`);
    assertEquals(await run.code(), 0, run.err.text);
    assertEquals(run.out.text, "1\ntrue\n"); // the witness; and back at home
  },
);

Deno.test(
  needs("a network ends with whoever made it, even killed", ...capable),
  async () => {
    await using run = evaluate(`${MAKING}
    const net = makeNetwork();
    await startNameServer(net.bob);
    console.log(idOf(net.bob));
    await new Promise((resolve) => setTimeout(resolve, 1e6));`);
    const [id] = await run.out.until(/net:\[\d+\]/);
    assert((await namespaces()).includes(id)); // dnsmasq is in it
    run.kill("SIGKILL");
    await run.code();
    while ((await namespaces()).includes(id));
  },
);

/** The network namespaces that a process is in. */
async function namespaces(): Promise<string> {
  const find = new Process("find", [
    ...["/proc", "-maxdepth", "3", "-path", "*/ns/net", "-printf", "%l "],
  ]);
  await find.code(); // 1: some process has ended meanwhile
  return find.out.text;
}

Deno.test(
  needs("this machine's own network stays as it is", ...capable),
  async () => {
    const state = async () => [
      await read("sysctl", "net.ipv4.tcp_congestion_control"),
      await read("sysctl", "net.ipv4.ip_forward"),
      await read("nft", "list", "tables"),
    ];
    const before = await state();
    await using run = evaluate(`${SILENT}\n${codeOf("lost")}\nDeno.exit();`);
    assertEquals(await run.code(), 0, run.err.text);
    assertEquals(await state(), before);
  },
);

// --- What reads packets and names --------------------------------------------

Deno.test("a packet of IPv6 is read like one of IPv4", () => {
  const udp = [0x04, 0xd2, 0x00, 0x35, 0x00, 0x0a, 0, 0, 0x48, 0x69];
  const v4 = [
    0x45,
    0,
    0,
    30,
    0,
    7,
    0,
    0,
    64,
    17,
    0,
    0,
    10,
    0,
    1,
    2,
    10,
    0,
    2,
    2,
  ];
  const from = [0xfd, 0, 0, 1, ...Array(11).fill(0), 2];
  const v6 = [0x60, 0, 0, 0, 0, 10, 17, 64, ...from, ...Array(15).fill(0), 1];
  const found = [v4, v6].map((ip) =>
    readPacket(Uint8Array.from([...ip, ...udp]), 1)!
  );
  assertEquals(found.map(({ from, to }) => `${from} ${to}`), [
    "10.0.1.2:1234 10.0.2.2:53",
    "[fd00:1::2]:1234 [::1]:53",
  ]);
  for (const { protocol, length, text } of found) {
    assertEquals([protocol, length, text], ["UDP", 2, "Hi"]);
  }
  const unknown = Uint8Array.from(v4.with(9, 89));
  assertEquals(readPacket(unknown, 1), undefined);
});

Deno.test("IPv6 addresses are written with their longest zeros left out", () => {
  const written = (...groups: number[]) =>
    writeIpv6(Uint8Array.from(groups.flatMap((n) => [n >> 8, n & 255])));
  assertEquals(written(0, 0, 0, 0, 0, 0, 0, 0), "::");
  assertEquals(written(0xfd00, 1, 0, 0, 0, 0, 0, 2), "fd00:1::2");
  assertEquals(written(1, 0, 0, 2, 0, 0, 0, 3), "1:0:0:2::3");
  assertEquals(written(1, 2, 3, 4, 5, 6, 7, 8), "1:2:3:4:5:6:7:8");
  assertEquals(written(1, 2, 3, 4, 5, 6, 7, 0), "1:2:3:4:5:6:7:0");
});

Deno.test("a name in a reply never sends its reader in circles", () => {
  const bytes = (...all: number[]) => Uint8Array.from(all);
  assertEquals(readName(bytes(1, 97, 2, 98, 99, 0), 0), {
    text: "a.bc",
    end: 6,
  });
  assertEquals(readName(bytes(1, 97, 0, 1, 98, 0xc0, 0), 3), {
    text: "b.a",
    end: 7,
  });
  assertThrows(() => readName(bytes(0xc0, 0), 0), RangeError, "circles");
  assertThrows(
    () => readName(bytes(0xc0, 2, 0xc0, 0), 0),
    RangeError,
    "circles",
  );
  assertThrows(() => readName(bytes(5, 97), 0), RangeError, "cut off");
  assertThrows(() => readReply(bytes(0x12, 0x34)), RangeError);
});

Deno.test("two captures become passages: lost, doubled, and sent again", () => {
  const packet = (time: number, id: number, seq: number): Sighting => ({
    ...{ time, id, seq, ack: 0, ttl: 64, length: 4, text: "text" },
    ...{ protocol: "TCP", flags: "ACK", from: "a:1", to: "b:2" },
  });
  const left = [packet(1, 1, 0), packet(2, 2, 4), packet(3, 3, 0)];
  const right = [packet(2.5, 2, 4), packet(2.6, 2, 4), packet(3.5, 3, 0)];
  const seen = match({ left, right }).map((
    { sent, arrived, again },
  ) => [sent, arrived, again]);
  assertEquals(seen, [
    [1, undefined, false], // lost
    [2, 2.5, false],
    [2, 2.6, false], // on its way it became two
    [3, 3.5, true],
  ]);
  const clockSetBack = [packet(0.9, 1, 0), packet(1.9, 2, 4)];
  const late = match({
    left: [packet(0.5, 0, 0), ...left],
    right: clockSetBack,
  });
  assertEquals(late.map(({ arrived }) => arrived), [
    undefined,
    1,
    2,
    undefined,
  ]);
});
