/**
 * Our TCP server with a greeting that no command line could carry: 32 MiB.
 *
 * @module
 */

import { formatAddress } from "../../lib/address.ts";
import * as flag from "../../lib/flags.ts";
import { main } from "../../lib/program.ts";
import { runServer } from "../../lib/service.ts";
import { serve } from "../../server.ts";

await main({
  role: "server",
  file: "tests/peers/long_greeting.ts",
  about: "A TCP server with a greeting of 32 MiB.",
  flags: {
    hostname: flag.host("127.0.0.1", "address or name to listen on"),
    port: flag.integer(0, [0, 65_535], "port; 0 takes any free one"),
    timeout: flag.seconds(30, "how long a client may be silent"),
    verbose: flag.boolean("report each connection, too"),
  },
  example: ["--port", "8080"],
  grant: formatAddress,
  run(options, running) {
    const message = new Uint8Array(32 * 2 ** 20).fill(65);
    return runServer(
      (all) => serve({ ...all, message }),
      options,
      running,
    );
  },
});
