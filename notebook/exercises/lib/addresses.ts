/**
 * Prints the addresses by which this machine is known to others: may ask the
 * system for those, and nothing else.
 *
 * @module
 */

if (import.meta.main) {
  const lasting = Deno.networkInterfaces().filter(({ family, address }) => {
    return family === "IPv4" && !/^(127|169\.254)\./.test(address);
  });
  console.log(lasting.map(({ address }) => address).join("\n"));
}
