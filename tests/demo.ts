/**
 * The demonstration: the real server and the real client greet each other, each
 * in its own process and under its exact permissions, over TCP and over UDP.
 *
 * @module
 */

import { bold, dim, setColorEnabled } from "@std/fmt/colors";

const ACTS = [
  {
    title: "TCP: first a connection, then bytes in order",
    server: "--allow-net=127.0.0.1:1234 server.ts --once",
    client: "--allow-net=127.0.0.1:1234 client.ts",
  },
  {
    title: "UDP: one datagram there, one datagram back",
    server: "--allow-net=127.0.0.1 udp/server.ts --once",
    client: "--allow-net=127.0.0.1:0,127.0.0.1:1234 udp/client.ts",
  },
];

function command(line: string): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", ...line.split(" ")],
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Shows a terminal as it looks when the script in it has ended. */
function show(line: string, output: string): void {
  const text = [bold(`$ deno run ${line}`), ...output.trimEnd().split("\n")];
  for (const row of text) console.log(`  ${dim("│")} ${row}`);
  console.log();
}

/** Plays one act; resolves to whether both scripts succeeded. */
async function play({ title, server, client }: typeof ACTS[0]) {
  console.log(`${bold(title)}\n`);
  const serving = command(server).spawn();
  let asking: Deno.CommandOutput | undefined;
  let output = "";
  for await (
    const text of serving.stderr.pipeThrough(new TextDecoderStream())
  ) {
    output += text;
    if (asking || !output.includes("server: listening on ")) continue;
    asking = await command(client).output();
    if (!asking.success) serving.kill(); // it would wait for a client
  }
  output += await new Response(serving.stdout).text();
  show(server, output);
  if (asking) {
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    show(client, decode(asking.stdout) + decode(asking.stderr));
  }
  return (await serving.status).success && asking?.success;
}

if (import.meta.main) {
  setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
  for (const act of ACTS) {
    if (await play(act)) continue;
    console.error(
      "demo: that did not work, and the lines above say why; if port 1234 is " +
        "in use, stop the program that has it",
    );
    Deno.exit(1);
  }
}
