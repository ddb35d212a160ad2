/**
 * Our TCP server with a greeting of so many bytes that no command line could
 * carry it: the alphabet, again and again. For the measurement of one large
 * stream; the peers take the number of bytes as their second argument.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";
import * as flag from "../../lib/flags.ts";
import { main, runServer } from "../../lib/program.ts";
import { serve } from "../../server.ts";

await main({
  role: "server",
  file: "tests/bench/large_greeting.ts",
  about: "A TCP server with a large greeting.",
  flags: {
    hostname: flag.host("127.0.0.1", "address or name to listen on"),
    port: flag.integer(0, [0, 65_535], "port; 0 takes any free one"),
    bytes: flag.integer(2 ** 20, [0, 2 ** 30], "length of the greeting"),
    verbose: flag.boolean("report each connection, too"),
  },
  example: ["--port", "8080"],
  grant: formatAddress,
  run({ bytes, ...options }, running) {
    const message = new Uint8Array(bytes).map((_, i) => 97 + i % 26);
    return runServer((all) => serve({ ...all, message }), options, running);
  },
});
