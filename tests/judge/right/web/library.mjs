// The same web server, by Node's library: it keeps the rules for us.
import http from "node:http";

const server = http.createServer((request, response) => {
  const found = request.url === "/";
  const body = Buffer.from(found ? "Grüß Gott!\n" : "not here\n");
  response.writeHead(found ? 200 : 404, { "Content-Length": body.length });
  response.end(body);
});
server.listen(Number(process.argv.at(-1)), "127.0.0.1");
