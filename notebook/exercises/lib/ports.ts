/**
 * Ports for the learner's programs. They lie below those that the system gives to
 * clients: who connects again and again to a free port of those can get it for
 * its own end, and be connected to itself.
 *
 * @module
 */

const FIRST = 20_000, COUNT = 10_000;

/** Ports that are taken in turn from where it began; then it begins elsewhere. */
const RUN = 50;

let next = 0;

/** A port that nobody has at the moment, for TCP and for UDP. */
export function freePort(): number {
  for (let tries = 0; tries < COUNT; tries++) {
    // Several judges on one machine are not to get in each other's way.
    if (next % RUN === 0) next = RUN * Math.floor(Math.random() * COUNT / RUN);
    const port = FIRST + next++ % COUNT;
    if (isFree(port)) return port;
  }
  throw new Error("no port between 20000 and 29999 is free");
}

/** Whether nobody has a port at the moment. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" })
      .close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
