/**
 * Two hosts, which are two network namespaces of this machine joined by a cable
 * of their own (a veth pair): what crosses it crosses a network. It takes root.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { withTimeout } from "../../lib/io.ts";
import { serve as answer } from "../../udp/server.ts";
import { Cable } from "../cable.ts";
import {
  bracket,
  GREETING,
  linux,
  MESSAGE,
  needs,
  Process,
  program,
  read,
  type ScriptOptions,
  start,
  superuser,
} from "../harness.ts";

const needed = [linux, superuser, program("ip")];

/** The two hosts' addresses, by family. */
const FAMILIES = [["10.201.0.1", "10.201.0.2"], ["fd00:201::1", "fd00:201::2"]];

/** Addresses that mean something only on this cable, whose ends are named so. */
const LINK_LOCAL = ["fe80::1", "fe80::2"];

/** A cable with a host at either end, each with its addresses. */
async function layCable(): Promise<Cable> {
  const cable = await Cable.lay("sockets");
  for (const [i, host] of cable.hosts.entries()) {
    const [ipv4, ...ipv6] = [...FAMILIES, LINK_LOCAL].map((all) => all[i]);
    await read("ip", "-n", host, "addr", "add", `${ipv4}/24`, "dev", "end");
    // Nobody else is on this cable who might have the address already.
    for (const address of ipv6) {
      const add = ["addr", "add", `${address}/64`, "dev", "end", "nodad"];
      await read("ip", "-n", host, ...add);
    }
  }
  return cable;
}

/** Options for a script in whose world these are the names of hosts. */
async function knowing(
  names: Record<string, string[]>,
  { wrap = [] }: ScriptOptions = {},
): Promise<ScriptOptions & AsyncDisposable> {
  const file = await Deno.makeTempFile();
  const lines = Object.entries(names).flatMap(([name, addresses]) => {
    return addresses.map((address) => `${address} ${name}\n`);
  });
  await Deno.writeTextFile(file, lines.join(""));
  const mount = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return {
    wrap: [...wrap, "unshare", "--mount", "sh", "-c", mount, file],
    [Symbol.asyncDispose]: () => Deno.remove(file),
  };
}

/** Starts the UDP client under plain `--allow-net`, as a name takes it. */
function ask(args: string[], { wrap = [] }: ScriptOptions): Process {
  const script = ["run", "--no-prompt", "--allow-net", "udp/client.ts"];
  const [first, ...rest] = [...wrap, Deno.execPath(), ...script, ...args];
  return new Process(first, rest);
}

/** Runs some code on one of the hosts. */
function evaluate(code: string, { wrap = [] }: ScriptOptions): Process {
  const script = ["run", "-q", "--allow-net", "-"];
  const [first, ...rest] = [...wrap, Deno.execPath(), ...script];
  return new Process(first, rest, { stdin: new TextEncoder().encode(code) });
}

/** The command that a refusal recommends, for a shell to run. */
async function recommended(
  path: string,
  args: string[],
  options?: ScriptOptions,
): Promise<[command: string, args: string[]]> {
  await using refused = start(path, undefined, args, options);
  await refused.code();
  const [, command] = /; run it as: deno (.+)\n$/.exec(refused.err.text)!;
  const shell = ["sh", "-c", `exec "$0" ${command}`, Deno.execPath()];
  const [first, ...rest] = [...options?.wrap ?? [], ...shell];
  return [first, rest];
}

/** Starts a server on host 1; resolves to it and its port. */
async function serve(
  cable: Cable,
  path: "server.ts" | "udp/server.ts",
  [here, there]: string[],
  flags: string[],
): Promise<Process & { port: number }> {
  const at = bracket(here);
  const net = path === "server.ts" ? `${at}:0` : `${at},${bracket(there)}`;
  const args = ["--hostname", here, "--port", "0", ...flags];
  const server = start(path, net, args, cable.at(1));
  const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
  return Object.assign(server, { port: Number(port) });
}

for (const [here, there] of FAMILIES) {
  Deno.test(
    needs(`two hosts talk over TCP, from ${there} to ${here}`, ...needed),
    async () => {
      await using cable = await layCable();
      await using server = await serve(cable, "server.ts", [here, there], [
        "--once",
      ]);
      const args = ["--hostname", here, "--port", `${server.port}`];
      const net = `${bracket(here)}:${server.port}`;
      await using client = start("client.ts", net, args, cable.at(2));
      assertEquals([await client.code(), client.err.text], [0, ""]);
      assertEquals(client.out.text, GREETING);
      assertEquals(await server.code(), 0);
      const line = server.out.text.replace(/:\d+> /, "> ");
      assertEquals(line, `${bracket(there)}> Message sent from client-side.\n`);
    },
  );

  Deno.test(
    needs(`two hosts talk over UDP, from ${there} to ${here}`, ...needed),
    async () => {
      await using cable = await layCable();
      await using server = await serve(
        cable,
        "udp/server.ts",
        [here, there],
        [],
      );
      const any = here.includes(":") ? "[::]:0" : "0.0.0.0:0";
      const net = `${any},${bracket(here)}:${server.port}`;
      // From outside nobody is sent as much as they sent.
      const talks = [[MESSAGE, GREETING], ["hi", "M"], [
        "Message from the server.",
        "Message from the server",
      ]];
      for (const [message, answer] of talks) {
        const args = ["--hostname", here, "--port", `${server.port}`];
        args.push(`--message=${message}`);
        await using client = start("udp/client.ts", net, args, cable.at(2));
        assertEquals([await client.code(), client.err.text], [0, ""]);
        assertEquals(client.out.text, answer);
      }
      assertEquals(
        server.err.text,
        `server: listening on ${bracket(here)}:${server.port}\n` +
          "server: beyond this machine an answer is shorter than its question\n",
      );
    },
  );

  Deno.test(
    needs(
      `what a UDP server's refusal says to type at ${here} works`,
      ...needed,
    ),
    async () => {
      await using cable = await layCable();
      const flags = ["--hostname", here, "--port", "0"];
      const options = cable.at(1);
      const [command, args] = await recommended(
        "udp/server.ts",
        flags,
        options,
      );
      await using server = new Process(command, args);
      const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
      const any = here.includes(":") ? "[::]:0" : "0.0.0.0:0";
      const net = `${any},${bracket(here)}:${port}`;
      const asked = ["--hostname", here, "--port", port];
      await using client = start("udp/client.ts", net, asked, cable.at(2));
      assertEquals([await client.code(), client.out.text], [0, GREETING]);
    },
  );

  Deno.test(
    needs(
      `a UDP client finds the one of two addresses with a server, ${here}`,
      ...needed,
      program("unshare"),
    ),
    async () => {
      await using cable = await layCable();
      await using server = await serve(cable, "udp/server.ts", [here, there], [
        "--once",
      ]);
      const addresses = FAMILIES.map(([one]) => one);
      await using options = await knowing({ peer: addresses }, cable.at(2));
      const args = ["--hostname", "peer", "--port", `${server.port}`];
      args.push("--timeout", "0"); // the one and only try
      await using client = ask(args, options);
      assertEquals([await client.code(), client.out.text], [0, GREETING]);
      assertEquals([await server.code(), client.err.text], [0, ""]);
    },
  );

  Deno.test(
    needs(
      `a UDP client passes over an address to which no way leads, not ${here}`,
      ...needed,
      program("unshare"),
    ),
    async () => {
      await using cable = await layCable();
      await using server = await serve(
        cable,
        "udp/server.ts",
        [here, there],
        [],
      );
      const nowhere = here.includes(":") ? "192.0.2.1" : "2001:db8::1";
      const names = { peer: [nowhere, here] };
      await using options = await knowing(names, cable.at(2));
      const args = ["--hostname", "peer", "--port", `${server.port}`];
      args.push("--timeout", "0"); // there is nothing to wait for
      await using client = ask(args, options);
      assertEquals([await client.code(), client.out.text], [0, GREETING]);
      assertEquals(client.err.text, "");
    },
  );
}

Deno.test(
  needs("two hosts talk over TCP at a link-local address", ...needed),
  async () => {
    await using cable = await layCable();
    const hostname = `${LINK_LOCAL[0]}%end`;
    const args = ["--hostname", hostname, "--port", "0", "--once"];
    // What is refused says the grant, which is all that it takes.
    await using refused = start("server.ts", undefined, args, cable.at(1));
    assertEquals(await refused.code(), 1);
    const [, net] = /'--allow-net=(\S+)'/.exec(refused.err.text)!;
    assertEquals(net, `[${hostname}]:0`);
    await using server = start("server.ts", net, args, cable.at(1));
    const [, at, port] = await server.err.until(/listening on \[(.+)\]:(\d+)/);
    assertEquals(at, hostname);
    const to = ["--hostname", hostname, "--port", port];
    const grant = `[${hostname}]:${port}`;
    await using client = start("client.ts", grant, to, cable.at(2));
    assertEquals([await client.code(), client.err.text], [0, ""]);
    assertEquals(client.out.text, GREETING);
    assertEquals(await server.code(), 0);
  },
);

Deno.test(
  needs(
    "a cable that is cut ends a conversation on both sides, and no other",
    ...needed,
  ),
  async () => {
    await using cable = await layCable();
    const [ipv4] = FAMILIES;
    await using server = await serve(cable, "server.ts", ipv4, [
      "--timeout",
      "1",
    ]);
    const net = `${ipv4[0]}:${server.port}`;
    const args = ["--hostname", ipv4[0], "--port", `${server.port}`];
    const stdin = new TextEncoder().encode("before the cut");
    const flags = ["--message", "-", "--timeout", "1"];
    await using client = start("client.ts", net, [...args, ...flags], {
      ...cable.at(2),
      stdin,
      keepOpen: true,
    });
    await server.out.until(/> before the cut\n/);
    await cable.set("down");
    assertEquals([await client.code(), client.err.text], [
      1,
      `client: ${net}: silent for 1 s; is the server there? ` +
      "Wait longer with --timeout (0: for ever)\n",
    ]);
    await server.err.until(
      /\nserver: 10\.201\.0\.2:\d+ was silent for 1 s, and is given up \(--timeout\)\n$/,
    );
    await cable.set("up");
    await using next = start("client.ts", net, args, cable.at(2));
    assertEquals([await next.code(), next.out.text], [0, GREETING]);
  },
);

// --- UDP, and names of several addresses ------------------------------------

Deno.test(
  needs("two hosts talk over UDP at a link-local address", ...needed),
  async () => {
    await using cable = await layCable();
    const address = ["addr", "add", "fe80::201/64", "dev", "end", "nodad"];
    await read("ip", "-n", cable.hosts[0], ...address);
    const hostname = "fe80::201%end";
    await using server = evaluate(
      `import { serve } from "./udp/server.ts";
       const server = serve({ hostname: "${hostname}", port: 0, once: true });
       console.log("port", server.addr.port);`,
      cable.at(1),
    );
    const [, port] = await server.out.until(/port (\d+)\n/);
    await using client = evaluate(
      `import { exchange } from "./udp/client.ts";
       const server = { hostname: "${hostname}", port: ${port} };
       const { received } = await exchange({ ...server, tries: 10 });
       console.log(received);`,
      cable.at(2),
    );
    assertEquals([await client.code(), client.err.text], [0, ""]);
    assertEquals(client.out.text, "24\n");
    assertEquals([await server.code(), server.err.text], [0, ""]);
  },
);

Deno.test(
  needs(
    "a UDP server on a subnet is granted the subnet, and answers nobody else",
    ...needed,
    program("python3"),
  ),
  async () => {
    await using cable = await layCable();
    const [[here, there]] = FAMILIES;
    const [one, two] = cable.hosts;
    const other = "10.202.0.2"; // of host 2, too, but not of the subnet
    const add = ["addr", "add", `${other}/32`, "dev", "end"];
    await read("ip", "-n", two, ...add);
    await read("ip", "-n", one, "route", "add", other, "dev", "end");
    const args = ["--hostname", here, "--port", "0"];
    const net = "10.201.0.0/24";
    await using server = start("udp/server.ts", net, args, cable.at(1));
    const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
    const asking = ["--hostname", here, "--port", port];
    await using client = ask(asking, cable.at(2));
    assertEquals([await client.code(), client.out.text], [0, GREETING]);
    await using stranger = new Process("ip", [
      ...["netns", "exec", two, "python3", "-c"],
      "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); " +
      "s.bind((sys.argv[1], 9)); " +
      "s.sendto(b'hi', (sys.argv[2], int(sys.argv[3])))",
      ...[other, here, port],
    ]);
    assertEquals([await stranger.code(), stranger.err.text], [0, ""]);
    await server.err.until(/not allow .*\n/);
    assertEquals(
      server.err.text.split("\n").at(-2),
      `server: Deno's sandbox does not allow ${other}:9; run it as: deno run ` +
        `--allow-net udp/server.ts --hostname ${here} --port 0`,
    );
    assertMatch(
      server.out.text,
      RegExp(`^${there}:\\d+> .*\n${other}:9> hi\n$`),
    );
  },
);

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(
    needs(
      `where localhost has both addresses, one try finds ${hostname}`,
      linux,
      superuser,
      program("unshare"),
    ),
    async () => {
      await using server = answer({ hostname, port: 0 });
      const names = { localhost: ["127.0.0.1", "::1"] };
      await using options = await knowing(names);
      const port = `${server.addr.port}`;
      const flags = ["--hostname", "localhost", "--port", port];
      flags.push("--timeout", "0"); // the one and only try
      const path = "udp/client.ts";
      const [command, args] = await recommended(path, flags, options);
      await using client = new Process(command, args);
      assertEquals([await client.code(), client.out.text], [0, GREETING]);
      // A socket that was left open would keep this one from its end.
      await using user = evaluate(
        `import { exchange } from "./udp/client.ts";
         await exchange({ hostname: "localhost", port: ${port}, timeout: 0 });`,
        options,
      );
      assertEquals(await withTimeout(10, user.code()), 0);
    },
  );
}

Deno.test(
  needs(
    "where a machine has no IPv6, a UDP client passes over an address of it",
    ...needed,
    program("unshare"),
  ),
  async () => {
    await using cable = await layCable();
    const inside = ["ip", "netns", "exec", cable.hosts[0]];
    const off = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
    await read("ip", "-n", cable.hosts[0], "link", "set", "lo", "up");
    await read(inside[0], ...inside.slice(1), "sh", "-c", off);
    const net = "127.0.0.1";
    const args = ["--port", "0", "--once"];
    await using server = start("udp/server.ts", net, args, cable.at(1));
    const [, port] = await server.err.until(/listening on \S+:(\d+)\n/);
    const names = { localhost: ["::1", "127.0.0.1"] };
    await using options = await knowing(names, cable.at(1));
    const asking = ["--hostname", "localhost", "--port", port];
    asking.push("--timeout", "0");
    await using client = ask(asking, options);
    assertEquals([await client.code(), client.out.text], [0, GREETING]);
  },
);

Deno.test(
  needs(
    "a UDP client first asks the address that a server of the name takes",
    linux,
    superuser,
    program("unshare"),
  ),
  async () => {
    const names = { localhost: ["127.0.0.1", "::1"] };
    await using options = await knowing(names);
    const flags = ["--hostname", "localhost", "--port"];
    const path = "udp/server.ts";
    const [command, args] = await recommended(path, [...flags, "0"], options);
    await using server = new Process(command, args);
    const [, at, port] = await server.err.until(/listening on (\S+:(\d+))\n/);
    await using client = ask([...flags, port, "--verbose"], options);
    assertEquals([await client.code(), client.out.text], [0, GREETING]);
    const [, first] = /^client: from \S+ to (\S+)\n/.exec(client.err.text)!;
    assertEquals(first, at);
  },
);

Deno.test(
  needs(
    "a UDP client says why it cannot ask at any address of a name",
    ...needed,
    program("unshare"),
  ),
  async () => {
    await using cable = await layCable();
    const names = { peer: ["192.0.2.1", "2001:db8::1"] }; // no way leads there
    await using options = await knowing(names, cable.at(2));
    await using client = ask(["--hostname", "peer"], options);
    assertEquals([await client.code(), client.err.text], [
      1,
      "client: no network leads to peer:1234\n",
    ]);
  },
);

Deno.test(
  needs(
    "a UDP client asks no second address while the first may answer",
    linux,
    superuser,
    program("unshare"),
  ),
  async () => {
    const received: string[] = [];
    const onText = (text: string) => void received.push(text);
    await using one = answer({ port: 0, onText });
    const { port } = one.addr;
    await using _two = answer({ hostname: "::1", port, onText });
    await using options = await knowing({ peer: ["127.0.0.1", "::1"] });
    await using user = evaluate(
      `import { exchange } from "./udp/client.ts";
       const { signal } = new AbortController();
       AbortSignal.timeout = () => signal; // time stands still
       await exchange({ hostname: "peer", port: ${port} });`,
      options,
    );
    assertEquals([await user.code(), user.err.text], [0, ""]);
    assertEquals(received, [MESSAGE]);
  },
);
