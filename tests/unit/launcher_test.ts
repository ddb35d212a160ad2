import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { launcher } from "../../lib/program.ts";
import { needs, Process, program, unix } from "../harness.ts";

const NPX = "/home/x/.npm/_npx/7a40be78/node_modules/deno/deno";
const WINDOWS = "C:\\npm-cache\\_npx\\7a40be78\\node_modules\\deno\\deno.exe";
const VIA_NPX = `npx deno@${Deno.version.deno}`;

Deno.test("somebody who has Deno only from npx is given what they can type", () => {
  assertEquals(launcher(NPX, true), VIA_NPX);
  assertEquals(launcher(WINDOWS, true), VIA_NPX);
  assertEquals(launcher("/usr/bin/deno", true), "deno");
  assertEquals(launcher("/opt/not_npx/deno", true), "deno");
});

Deno.test("what no person reads is the same on each machine", () => {
  assertEquals(launcher(NPX, false), "deno");
});

Deno.test({
  ...needs(
    "on a terminal, help and the sandbox's refusal say npx where that is it",
    unix,
    program("python3"),
  ),
  async fn() {
    const folder = await Deno.makeTempDir();
    const deno = join(folder, "_npx", "deno");
    await Deno.mkdir(join(folder, "_npx"));
    await Deno.copyFile(Deno.execPath(), deno);
    await Deno.chmod(deno, 0o755);
    const run = async (...args: string[]) => {
      const all = ["tests/peers/terminal.py", deno, "run", ...args];
      await using terminal = new Process("python3", all);
      await terminal.code();
      return terminal.out.text;
    };
    const command = `${VIA_NPX} run --allow-net=127.0.0.1:1234 server.ts`;
    assertStringIncludes(await run("server.ts", "--help"), `  ${command} `);
    const refused = await run("--no-prompt", "server.ts");
    assertStringIncludes(refused, `run it as: ${command}`);
    await Deno.remove(folder, { recursive: true });
  },
});
