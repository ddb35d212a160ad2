/** Places for each address. Who is refused is in `serve_test.ts`. */

import { assertEquals } from "@std/assert";
import { Places } from "../../lib/places.ts";

function at(hostname: string): Deno.NetAddr {
  return { transport: "tcp", hostname, port: 1 };
}

Deno.test("each address has so many places, and no more", () => {
  const places = new Places(2);
  const [one, two] = ["10.0.0.1", "10.0.0.2"].map(at);
  assertEquals([one, one, one, two].map((peer) => places.enter(peer)), [
    true,
    true,
    false,
    true,
  ]);
  places.leave(one);
  assertEquals([one, one].map((peer) => places.enter(peer)), [true, false]);
});

Deno.test("a place given back is free, as often as it is given back", () => {
  const places = new Places(1);
  for (let i = 0; i < 3; i++) {
    assertEquals(places.enter(at("10.0.0.1")), true);
    places.leave(at("10.0.0.1"));
  }
  places.leave(at("10.0.0.1")); // one that nobody has
  assertEquals(places.enter(at("10.0.0.1")), true);
  assertEquals(places.enter(at("10.0.0.1")), false);
});

Deno.test("what is on this machine needs no place, and gives none back", () => {
  const places = new Places(1);
  const path: Deno.UnixAddr = { transport: "unix", path: "/a" };
  const local: Deno.Addr[] = [
    path,
    at("127.0.0.1"),
    at("::1"),
    at("::ffff:127.0.0.1"),
  ];
  for (const peer of [...local, ...local]) {
    assertEquals(places.enter(peer), true);
    places.leave(peer);
  }
});

Deno.test("0 is any number of places", () => {
  const places = new Places(0);
  for (let i = 0; i < 3; i++) assertEquals(places.enter(at("10.0.0.1")), true);
  places.leave(at("10.0.0.1"));
});

/** Whether two addresses are one machine's, as far as anybody can see. */
function isOne(first: string, second: string): boolean {
  const places = new Places(1);
  places.enter(at(first));
  return !places.enter(at(second));
}

Deno.test("what begins alike in four groups of IPv6 is one machine", () => {
  const same = [
    ["10.0.0.1", "::ffff:10.0.0.1"],
    ["2001:db8::1", "2001:db8:0:0:5:6:7:8"],
    ["2001:db8:1:2:3::", "2001:db8:1:2::9"],
    ["1::", "1:0:0:0::2"],
    ["1::2:3:4:5:6", "1:0:0:2::"], // zeros before the fourth group
    ["1:2:3:4:5:6:7:8", "1:2:3:4::"],
    ["::2", "::3:4:5:6"],
    ["1:2:3:4:5:6:7::", "1:2:3:4::8"],
  ];
  const different = [
    ["10.0.0.1", "10.0.0.11"],
    ["2001:db8::1", "2001:db8:0:1::1"],
    ["fe80::1", "fe80::2"],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.2"],
    ["1::2", "2::2"],
    ["1::2:3:4:5:6", "1::3:3:4:5:6"],
    ["1:2:3:4::", "1:2:3:5::"],
    ["64:ff9b:1:fffe::1", "64:ff9b::1"],
  ];
  assertEquals(same.filter(([a, b]) => !isOne(a, b)), []);
  assertEquals(different.filter(([a, b]) => isOne(a, b)), []);
});
