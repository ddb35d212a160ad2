// Prints all that the server says.
import net from "node:net";

net.connect(Number(process.argv.at(-1)), "127.0.0.1").pipe(process.stdout);
