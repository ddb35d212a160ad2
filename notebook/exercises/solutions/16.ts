async function receive(port: number): Promise<Uint8Array> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(1024);
  const bytes: number[] = [];
  for (let n; (n = await conn.read(buffer)) !== null;) {
    bytes.push(...buffer.subarray(0, n));
  }
  const newline = bytes.indexOf(10);
  const promised = Number(String.fromCharCode(...bytes.slice(0, newline)));
  const content = Uint8Array.from(bytes.slice(newline + 1));
  if (newline < 0 || content.length < promised) {
    throw new Error(`only ${content.length} of ${promised} bytes came`);
  }
  return content;
}

try {
  await Deno.stdout.write(await receive(Number(Deno.args[0])));
} catch (error) {
  console.error(`the server failed: ${(error as Error).message}`);
  Deno.exit(1);
}
