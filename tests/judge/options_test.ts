import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/errors.ts";
import { parse } from "../../notebook/exercises/lib/options.ts";

Deno.test("flags stand before the command, and before or after the exercise", () => {
  for (const line of ["6 --json ./my --hint=1 x", "--json 6 ./my --hint=1 x"]) {
    const { exercise, json, command, hint } = parse(line.split(" "));
    assertEquals([exercise, json, hint], ["6", true, false]);
    assertEquals(command, ["./my", "--hint=1", "x"]);
  }
});

Deno.test("after two dashes everything is the program's", () => {
  const { command, all } = parse(["6", "--", "./my", "--all"]);
  assertEquals([command, all], [["./my", "--all"], false]);
});

Deno.test("a value follows its flag, or an equals sign", () => {
  for (const flag of [["--connect", "[::1]:80"], ["--connect=[::1]:80"]]) {
    const { connect } = parse(["6", ...flag]);
    assertEquals(connect, { hostname: "::1", port: 80 });
  }
  assertEquals(parse(["6", "--build=a=b", "x"]).build, "a=b");
});

Deno.test("what is wrong is told, with the cure where there is one", () => {
  const wrong: [string, string][] = [
    ["6 --port x y", '--port takes a port from 1 to 65535, not "x"'],
    ["6 --port 0 y", '--port takes a port from 1 to 65535, not "0"'],
    ["6 --port=1e3 y", '--port takes a port from 1 to 65535, not "1e3"'],
    ["6 --connect x", '--connect takes HOST:PORT, not "x"'],
    ["6 --report :80 x", '--report takes HOST:PORT, not ":80"'],
    ["6 --json=yes x", "--json takes no value"],
    ["6 --build", "--build needs a value"],
    ["6 --build make", "after --build the command of your program is needed"],
    ["6 --watch", "after --watch the command of your program is needed"],
    ["6 -x", "unknown flag -x; --help lists them"],
    ["6 --__proto__ x", "unknown flag --__proto__; --help lists them"],
    ["6 --\x1b[2J", "unknown flag --\\x1b[2J; --help lists them"],
    [
      "6 --connect 127.0.0.1:1 x",
      "--connect judges a server that runs already: it takes no command",
    ],
    [
      "6 python3 my.py --hint",
      "--hint stands before the command: deno task judge 6 --hint python3 my.py",
    ],
  ];
  for (const [line, words] of wrong) {
    const { message } = assertThrows(() => parse(line.split(" ")), UsageError);
    assertEquals(message, words);
  }
});
