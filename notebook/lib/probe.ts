/**
 * What the kernel says about ports, where a cell asks for it.
 *
 * @module
 */

/** The states of a TCP socket that the chapters speak of, by Linux's numbers. */
const STATES: Record<string, string> = {
  "01": "ESTABLISHED",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "0A": "LISTEN",
};

/**
 * The state of the TCP socket that has a port of 127.0.0.1, as the kernel lists it
 * in `/proc/net/tcp`.
 *
 * @param port The port.
 * @returns Its name, Linux's number for a rarer one, or "none".
 */
export function stateOf(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = Deno.readTextFileSync("/proc/net/tcp");
  const found = RegExp(`: 0100007F:${hex} \\S+ (\\S\\S) `).exec(sockets);
  return found ? STATES[found[1]] ?? found[1] : "none";
}
