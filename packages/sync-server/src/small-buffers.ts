/**
 * TLS connections that begin with a small buffer for what they receive.
 *
 * Node gives each TLS connection a buffer as large as its first read might be, 64 KiB, and keeps it for as long as the connection lives; of those
 * that are handed bytes it takes what these need, a kilobyte, and 16 more once a thousand bytes came at once. Thousands of clients that are
 * connected and say little are most of what a server holds. So the first bytes are read before TLS begins, and handed over in pieces: what
 * Node's documentation says of `connection` of a TLS server, that sockets may be brought to it from elsewhere.
 *
 * @module
 */
import type { Server } from "node:http";
import { Socket } from "node:net";

/** Below the kilobyte that Node takes at first: pieces that filled it would have the larger one made at once. */
const PIECE_BYTES = 512;

/**
 * Holds connections of a TLS server back until they have said something.
 *
 * @param silenceMs - Who has not by then is gone; from there on the server's own limit counts.
 */
export function beginSmall(server: Server, silenceMs: number): void {
  const begin = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    // As of a connection that ends in its handshake.
    const gone = (): void => void server.emit("tlsClientError", new Error("the connection has said nothing"), socket);
    socket.on("error", destroyed);
    socket.setTimeout(silenceMs, gone);
    socket.once("readable", () => {
      socket.setTimeout(0, gone);
      if (socket.readableLength === 0) {
        gone();
        return;
      }
      socket.read = readPiece;
      for (const listener of begin) Reflect.apply(listener, server, [socket]);
    });
  });
}

function destroyed(this: Socket): void {
  this.destroy();
}

/** Of what is there already; TLS reads the rest by itself. */
function readPiece(this: Socket, size?: number): unknown {
  return Socket.prototype.read.call(this, size ?? Math.min(PIECE_BYTES, this.readableLength)) as unknown;
}
