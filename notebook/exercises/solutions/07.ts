const port = Number(Deno.args[0]);
using conn = await Deno.connect({ hostname: "127.0.0.1", port });
let rest = Uint8Array.from({ length: 8 * 2 ** 20 }, (_, i) => i % 251);
while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
