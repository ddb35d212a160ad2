import { assertEquals } from "@std/assert";
import {
  canonical,
  formatAddress,
  isAddress,
  isLoopback,
  localFor,
  resolve,
} from "../../lib/address.ts";

Deno.test("isLoopback() knows this machine from what is only spelt like it", () => {
  const loopback = [
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "::1",
  ];
  const other = [
    "localhost.example",
    "my.localhost",
    "127.0.0.1.example",
    "::10",
    "10.127.0.1",
    "127",
    "127.0.0.0.1",
    "127x0x0x1",
  ];
  assertEquals(loopback.filter((name) => !isLoopback(name)), []);
  assertEquals(other.filter(isLoopback), []);
});

Deno.test("formatAddress() puts IPv6 in brackets, with its zone", () => {
  const hostname = "fe80::1%eth0";
  assertEquals(formatAddress({ hostname, port: 80 }), "[fe80::1%eth0]:80");
  assertEquals(formatAddress({ hostname: "::1" }), "[::1]");
  assertEquals(formatAddress({ hostname: "example" }), "example");
  assertEquals(formatAddress({ hostname: "10.0.0.1", port: 0 }), "10.0.0.1:0");
});

Deno.test("isAddress() knows an address from a name", () => {
  const addresses = ["127.0.0.1", "::1", "fe80::1%eth0", "255.255.255.255"];
  const names = [
    "localhost",
    "1.2.3.4.example",
    "a.1.2.3.4",
    "1.2.3",
    "1x2x3x4",
    "1.2.3.4.5",
    "cafe",
  ];
  assertEquals(addresses.filter((text) => !isAddress(text)), []);
  assertEquals(names.filter(isAddress), []);
});

Deno.test("localFor() asks this machine from itself, and others from anywhere", () => {
  assertEquals(localFor("127.0.0.1"), "127.0.0.1");
  assertEquals(localFor("::1"), "::1");
  assertEquals(localFor("10.0.0.1"), "0.0.0.0");
  assertEquals(localFor("2001:db8::1"), "::");
});

Deno.test("resolve() leaves an address as it is, and looks a name up", async () => {
  assertEquals(await resolve("192.0.2.1"), ["192.0.2.1"]);
  const found = await resolve("localhost");
  assertEquals(found.filter((address) => !isLoopback(address)), []);
  assertEquals(found.length > 0, true);
});

Deno.test("addresses that are the same are written the same when compared", () => {
  const table = [
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["::1", "::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["localhost", "localhost"],
  ];
  for (const [address, same] of table) assertEquals(canonical(address), same);
});
