/**
 * Sockets between the programs of one machine: a Unix domain socket has a path
 * in the file system where others have an address and a port.
 *
 * @module
 */

/**
 * Listens on a path. Closing the listener removes its file. But the file outlives
 * a program that was killed, and nobody can listen where one is left. So a file
 * on which nobody answers is removed.
 *
 * (Two programs that do this at the same moment could both find it left behind.
 * Where that may happen, a lock on a file next to it decides.)
 *
 * @example Only one can listen
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { listenUnix } from "./unix.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/door`;
 * using listener = await listenUnix(path);
 * await assertRejects(() => listenUnix(path), Deno.errors.AddrInUse);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param path Where to put the file: at most 107 bytes on Linux.
 * @returns The listener.
 * @throws {Deno.errors.AddrInUse} If somebody listens there.
 * @throws {Deno.errors.NotCapable} If the sandbox does not allow the path: it
 * takes `--allow-read`, `--allow-write` and `--allow-net=unix:` of it.
 */
export async function listenUnix(path: string): Promise<Deno.UnixListener> {
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    if (!await isLeftBehind(path)) throw error;
  }
  await Deno.remove(path);
  return Deno.listen({ transport: "unix", path });
}

/** Whether there is a socket at the path, and nobody listens on it. */
async function isLeftBehind(path: string): Promise<boolean> {
  const { isSocket } = await Deno.lstat(path);
  if (!isSocket) return false; // but somebody's file
  try {
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return false;
  } catch (error) {
    // Any other failure comes from somebody who is there: too busy, say.
    return error instanceof Deno.errors.ConnectionRefused;
  }
}
