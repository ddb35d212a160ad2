/**
 * Our TCP server with a greeting of so many bytes that no command line could
 * carry it: the alphabet, again and again. For the measurement of one large
 * stream; the peers take the number of bytes as their second argument.
 *
 * @module
 */

import * as cli from "../../cli.ts";
import { serve } from "../../server.ts";

await cli.main({
  role: "server",
  file: "tests/bench/large_greeting.ts",
  about: "A TCP server with a large greeting.",
  flags: {
    hostname: cli.host("127.0.0.1", "address or name to listen on"),
    port: cli.whole(0, [0, 65_535], "port; 0 takes any free one"),
    bytes: cli.whole(2 ** 20, [0, 2 ** 30], "length of the greeting"),
    verbose: cli.toggle("tell of each connection, too"),
  },
  example: ["--port", "8080"],
  grant: cli.address,
  run({ bytes, ...options }) {
    const message = new Uint8Array(bytes).map((_, i) => 97 + i % 26);
    return cli.runServer((all) => serve({ ...all, message }), options);
  },
});
