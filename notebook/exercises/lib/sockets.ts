/**
 * Connections of either kind: Deno's, and Node's, which can be reset.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import net from "node:net";

/** A connection of either kind: Deno's, or Node's, which can be reset. */
export interface Socket {
  /** Fills some of the buffer; null is the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Takes some of the bytes, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends our side of the conversation: FIN. */
  closeWrite(): Promise<void>;
  /** Ends it altogether. */
  close(): void;
  /** Ends it by a reset, if it can. */
  reset?(): void;
}

/** Makes one of Node's connections, which can be reset, look like Deno's. */
export function resettable(socket: net.Socket): Socket {
  const waiting: (() => void)[] = [];
  let failure: Error | undefined;
  const wake = () => waiting.splice(0).forEach((resolve) => resolve());
  socket.on("error", (error) => (failure = error, wake()));
  for (const event of ["readable", "end", "close"]) socket.on(event, wake);

  async function read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk = socket.read() as Uint8Array | null;
      if (chunk) {
        const rest = chunk.subarray(buffer.length);
        if (rest.length) socket.unshift(Buffer.from(rest));
        buffer.set(chunk.subarray(0, buffer.length));
        return Math.min(chunk.length, buffer.length);
      }
      if (failure) throw failure;
      if (socket.readableEnded || socket.destroyed) return null;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  function write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      socket.write(
        bytes,
        (error) => error ? reject(error) : resolve(bytes.length),
      );
    });
  }

  return {
    read,
    write,
    closeWrite: () => new Promise((resolve) => socket.end(resolve)),
    close: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  };
}

/** Makes one of Deno's connections ready for a wire. */
export function fromDeno(conn: Deno.TcpConn): Socket {
  return {
    read: (buffer) => conn.read(buffer),
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

/** Listens as Node does, for one client: resolves when it listens. */
export async function listenNode(
  port: number,
): Promise<{ arriving: Promise<net.Socket>; listener: Disposable }> {
  const { promise, resolve } = Promise.withResolvers<net.Socket>();
  const options = { allowHalfOpen: true, pauseOnConnect: true };
  const server = net.createServer(options, resolve);
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", done);
  });
  const listener = { [Symbol.dispose]: () => void server.close() };
  return { arriving: promise, listener };
}

/** Connects as Node does. */
export function connectNode(host: string, port: number): Promise<net.Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const socket = net.connect({ host, port, allowHalfOpen: true });
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

/** Whether nobody listens there. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    (error as { code?: string }).code === "ECONNREFUSED";
}

/** Whether somebody was there, and was gone before the connection was complete. */
export function isCutOff(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionReset ||
    (error as { code?: string }).code === "ECONNRESET";
}

/** Closes a listener with the step. */
export function closing(listener: Deno.TcpListener): Disposable {
  return {
    [Symbol.dispose]() {
      listener.close();
    },
  };
}
