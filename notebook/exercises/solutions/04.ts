const port = Number(Deno.args[0]);
using conn = await Deno.connect({ hostname: "127.0.0.1", port });
const buffer = new Uint8Array(1024);
for (let n; (n = await conn.read(buffer)) !== null;) {
  let rest = buffer.subarray(0, n);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}
