/**
 * Our TCP server with a greeting that no command line could carry: 32 MiB.
 *
 * @module
 */

import * as cli from "../../cli.ts";
import { serve } from "../../server.ts";

await cli.main({
  role: "server",
  file: "tests/peers/long_greeting.ts",
  about: "A TCP server with a greeting of 32 MiB.",
  flags: {
    hostname: cli.host("127.0.0.1", "address or name to listen on"),
    port: cli.whole(0, [0, 65_535], "port; 0 takes any free one"),
    timeout: cli.seconds(30, "how long a client may be silent"),
    verbose: cli.toggle("tell of each connection, too"),
  },
  example: ["--port", "8080"],
  grant: cli.address,
  run(options) {
    const message = new Uint8Array(32 * 2 ** 20).fill(65);
    return cli.runServer((all) => serve({ ...all, message }), options);
  },
});
