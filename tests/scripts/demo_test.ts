import { assertEquals, assertStringIncludes } from "@std/assert";
import { Process } from "../harness.ts";

Deno.test("the demo says that port 1234 is taken, and ends with 1", async () => {
  // It does not matter who has the port, as long as somebody has.
  let listener: Deno.Listener | undefined;
  try {
    listener = Deno.listen({ hostname: "127.0.0.1", port: 1234 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  const args = ["run", "--allow-run", "--allow-read", "tests/demo.ts"];
  await using demo = new Process(Deno.execPath(), args);
  assertEquals(await demo.code(), 1);
  assertStringIncludes(demo.out.text, "server: port 1234 is in use;");
  assertStringIncludes(demo.err.text, "demo: ");
  listener?.close();
});
