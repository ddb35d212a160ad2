/**
 * What only Windows can prove. Its name is not a test's, so that no run on
 * another system finds it there and counts it as skipped; `tests/wine/run`
 * names it.
 */

import { assertEquals } from "@std/assert";
import { quote } from "../../lib/program.ts";
import { exchange } from "../../client.ts";
import { isInstalled } from "../../lib/process.ts";
import { failure, Process, start } from "../harness.ts";

const deno = quote(Deno.execPath());

/** Runs a command line as one types it into cmd.exe. */
function type(command: string): Process {
  const args = ["/d", "/s", "/c", `"${command}"`];
  return new Process("cmd", args, { raw: true });
}

for (
  const word of [
    "",
    "[::1]:0",
    "it's me",
    'say "hi"',
    "a&b|c>d<e^f",
    "C:\\my files\\in",
    "C:\\my files\\",
    'a\\"b\\\\" c',
    '"&" "|',
    "100%",
    "me@home",
  ]
) {
  Deno.test(`quoted for cmd.exe it arrives as it was: ${word}`, async () => {
    const show = "data:text/javascript,console.log(JSON.stringify(Deno.args))";
    const words = ["before", word, "after"];
    const typed = ["run", "-q", show, ...words].map((word) => quote(word));
    await using shell = type(`${deno} ${typed.join(" ")}`);
    assertEquals([await shell.code(), shell.err.text], [0, ""]);
    assertEquals(JSON.parse(shell.out.text), words);
  });
}

Deno.test("what a refusal says to type works in cmd.exe", async () => {
  const message = 'it\'s "me" & C:\\my files\\';
  const args = ["--hostname=::1", "--port=0", "--once", "--message", message];
  await using refused = start("server.ts", undefined, args);
  const [, line] = await failure(refused);
  const [, command] = /; run it as: deno (.+)$/.exec(line)!;
  await using shell = type(`${deno} ${command}`);
  const [, port] = await shell.err.until(/listening on \S+:(\d+)\n/);
  let greeting = "";
  await exchange({
    hostname: "::1",
    port: Number(port),
    onData: (bytes) => void (greeting += new TextDecoder().decode(bytes)),
  });
  assertEquals([await shell.code(), greeting], [0, message]);
});

Deno.test("a placeholder for a program is not installed", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}\\placeholder.cmd`, "@exit 9009");
  await Deno.writeTextFile(`${folder}\\program.cmd`, "@exit 1");
  assertEquals(isInstalled(`${folder}\\placeholder.cmd`), false);
  assertEquals(isInstalled(`${folder}\\program.cmd`), true);
  await Deno.remove(folder, { recursive: true });
});
