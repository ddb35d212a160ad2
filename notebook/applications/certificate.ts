/**
 * A certificate made on the spot, for trying TLS on your own machine.
 *
 * @module
 */

// Named here, and not in deno.json, because Deno fetches what it finds there for
// whatever it runs.
// deno-lint-ignore-file no-import-prefix
import { generate } from "npm:selfsigned@5.5.0";

/** A certificate and its key, as `Deno.listenTls` takes them. */
export interface Identity {
  /** The certificate, which everybody may see. */
  cert: string;
  /** The key that belongs to it, which nobody else may. */
  key: string;
}

/**
 * Makes a certificate that is signed by nobody but itself. A client has to be
 * given it to trust it: no browser and no `Deno.connectTls` does so on its own.
 *
 * @example A client that trusts its server
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { selfSigned } from "./certificate.ts";
 *
 * const identity = await selfSigned("localhost");
 * using listener = Deno.listenTls({ port: 0, ...identity });
 * const [server, client] = await Promise.all([
 *   listener.accept(),
 *   Deno.connectTls({ port: listener.addr.port, caCerts: [identity.cert] }),
 * ]);
 * assertEquals(await server.write(new Uint8Array(3)), 3);
 * assertEquals(await client.read(new Uint8Array(9)), 3);
 * server.close();
 * client.close();
 * ```
 *
 * @param name The name of the host for which it is good.
 * @returns The certificate, good for a day, and its key, both as PEM.
 */
export async function selfSigned(name: string): Promise<Identity> {
  const { cert, private: key } = await generate(
    [{ name: "commonName", value: name }],
    {
      keyType: "ec", // as safe as RSA, and made in a moment
      algorithm: "sha256",
      notAfterDate: new Date(Date.now() + DAY),
      extensions: [{
        name: "subjectAltName", // what is compared with the name asked for
        altNames: [{ type: DNS, value: name }, { type: IP, ip: "127.0.0.1" }],
      }],
    },
  );
  return { cert, key };
}

/** A day in milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** Kinds of names in a certificate, as RFC 5280, 4.2.1.6, numbers them. */
const DNS = 2, IP = 7;
