/**
 * Our servers as no command line starts them: with a greeting that none could
 * carry (the alphabet, again and again; the peers take the number of bytes as
 * their second argument), or without printing what they read.
 *
 * @module
 */

import * as flag from "../../lib/flags.ts";
import { main } from "../../lib/program.ts";
import { runServer } from "../../lib/service.ts";
import { serve } from "../../server.ts";
import { serve as serveDatagrams } from "../../udp/server.ts";

await main({
  role: "server",
  file: "tests/bench/ours.ts",
  about: "Our servers with a large greeting, or without printing.",
  flags: {
    hostname: flag.host("127.0.0.1", "address or name to listen on"),
    port: flag.integer(0, [0, 65_535], "port; 0 takes any free one"),
    bytes: flag.integer(0, [0, 2 ** 30], "length of the greeting; 0: ours"),
    silent: flag.boolean("print nothing"),
    udp: flag.boolean("over UDP"),
    verbose: flag.boolean("report each connection, too"),
  },
  example: ["--port", "8080"],
  grant: ({ hostname }) => hostname,
  run({ bytes, silent, udp, ...options }, running) {
    const letters = new Uint8Array(bytes).map((_, i) => 97 + i % 26);
    const message = bytes > 0 ? letters : undefined;
    const start = udp ? serveDatagrams : serve;
    const mute = silent && { onText: undefined };
    return runServer(
      (all) => start({ ...all, message, ...mute }),
      options,
      running,
    );
  },
});
