import { assertEquals, assertThrows } from "@std/assert";
import { answerWith, maySend } from "../../lib/answer.ts";
import { replace } from "../harness.ts";
import { bytes } from "./bytes.ts";

const MESSAGE = bytes("message");

function at(hostname: string, port = 1000): Deno.NetAddr {
  return { transport: "udp", hostname, port };
}

/** What a question is answered with: text, or nothing. */
function answers(own: Deno.NetAddr) {
  const answer = answerWith(MESSAGE, own);
  return (question: string, peer: Deno.NetAddr) => {
    const bytesOrNothing = answer(bytes(question), peer);
    return bytesOrNothing && new TextDecoder().decode(bytesOrNothing);
  };
}

for (const hostname of ["127.0.0.1", "192.0.2.1"]) {
  Deno.test(`a server at ${hostname} answers neither port 0 nor itself`, () => {
    const ask = answers(at(hostname, 80));
    assertEquals(ask("question", at(hostname, 0)), undefined);
    assertEquals(ask("question", at(hostname, 80)), undefined);
    assertEquals(ask("question", at(hostname, 81)), "message");
    assertEquals(ask("question", at("127.0.0.2", 80)), "message");
  });
}

Deno.test("on this machine a short question may have a long answer", () => {
  const ask = answers(at("127.0.0.1", 80));
  for (const question of ["", "?"]) {
    assertEquals(ask(question, at("127.0.0.1")), "message");
  }
});

Deno.test("on this machine, who returns our answer is an echo, and gets no other", () => {
  const ask = answers(at("127.0.0.1", 80));
  const [echo, other] = [at("127.0.0.1", 1), at("127.0.0.1", 2)];
  assertEquals(ask("message", echo), "message"); // asked before any answer
  assertEquals(ask("message", echo), undefined);
  assertEquals(ask("message", other), "message"); // it was not answered yet
  assertEquals(ask("messagE", other), "message");
  assertEquals(ask("messag", other), "message");
  assertEquals(ask("message!", other), "message");
  assertEquals(ask("message", other), undefined);
});

Deno.test("beyond this machine an answer is shorter than its question", () => {
  const ask = answers(at("192.0.2.1", 80));
  const lengths = ["", "1", "12", "1234567", "12345678", "123456789"];
  assertEquals(lengths.map((question) => ask(question, at("192.0.2.2"))), [
    undefined,
    undefined,
    "m",
    "messag",
    "message",
    "message",
  ]);
});

/** Asks no system which hosts and ports are granted; returns what was asked. */
function granting(...granted: string[]) {
  const asked: string[] = [];
  const replaced = replace(Deno.permissions, "querySync", (descriptor) => {
    const { host = "" } = descriptor as Deno.NetPermissionDescriptor;
    asked.push(host);
    const state = granted.includes(host) ? "granted" : "prompt";
    return { state } as Deno.PermissionStatus;
  });
  return { asked, [Symbol.dispose]: () => replaced[Symbol.dispose]() };
}

Deno.test("maySend() asks for the host, and else for the port alone", () => {
  using permissions = granting("192.0.2.7", "192.0.2.8:80", "[2001:db8::7]");
  assertEquals(maySend(at("192.0.2.7", 5)), true);
  assertEquals(maySend(at("192.0.2.7", 6)), true); // it is known
  assertEquals(permissions.asked, ["192.0.2.7"]);
  assertEquals(maySend(at("192.0.2.8", 80)), true);
  assertEquals(maySend(at("192.0.2.8", 81)), false);
  assertEquals(maySend(at("2001:db8::7", 5)), true);
  assertEquals(permissions.asked.slice(1), [
    "192.0.2.8",
    "192.0.2.8:80",
    "192.0.2.8",
    "192.0.2.8:81",
    "[2001:db8::7]",
  ]);
});

Deno.test("who may not be sent to is not answered: that is an error", () => {
  using _permissions = granting();
  const answer = answerWith(MESSAGE, at("127.0.0.1", 80));
  assertThrows(
    () => answer(bytes("question"), at("192.0.2.9")),
    Deno.errors.NotCapable,
  );
});
