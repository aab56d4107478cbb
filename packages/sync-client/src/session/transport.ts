/**
 * The way to a server: text frames in both directions.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import { openWebSocket } from "./network.ts";
import type { NetworkConfiguration } from "./network.ts";
import { untrusted } from "./server-trust.ts";

/** What a connection tells its owner. Nothing comes after `onClose`. */
export interface TransportHandlers {
  onOpen(): void;
  onMessage(text: string): void;
  /** The connection ended, or never came to be; `error`: what the application should hear of. */
  onClose(reason: string, error?: SyncError): void;
}

/** One connection. */
export interface TransportConnection {
  send(text: string): void;
  close(): void;
  /** Bytes that wait to be sent, if that is known. */
  readonly bufferedBytes?: number;
}

/** Makes connections. */
export interface Transport {
  /** @param network - Headers, proxy and authorities that the configuration asks for. */
  connect(url: string, handlers: TransportHandlers, network?: NetworkConfiguration): TransportConnection;
}

const ADDRESS = /^(?<scheme>[a-z]+):\/\/(?<host>\[[\da-f:.]+\]|[^\s/:?#@[\]\\]+)(?<port>:\d+)?(?<path>[/?][^\s#]*)?$/iu;
const SECURE: Readonly<Record<string, string>> = { https: "wss", http: "ws", wss: "wss", ws: "ws" };
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/iu;

/**
 * The address of a server's sync endpoint: `https` becomes `wss`.
 *
 * By hand: React Native's `URL` can be read in part only, and not be changed.
 *
 * @throws {SyncError} `CONNECTION_INSECURE`: without TLS tokens and data could be read on the way; only this very machine is exempt.
 */
export function checkUrl(url: string): string {
  const match = ADDRESS.exec(url);
  if (match === null) throw new SyncError("CONFIGURATION_INVALID", "The address of the sync server is no URL.");
  const { scheme = "", host = "", port = "", path = "/" } = match.groups ?? {};
  const protocol = SECURE[scheme.toLowerCase()];
  if (protocol === "wss" || (protocol === "ws" && LOOPBACK.test(host))) return `${protocol}://${host}${port}${path}`;
  throw new SyncError("CONNECTION_INSECURE", `Expected a sync server's address with wss: or https:, got ${scheme.toLowerCase()}: to another machine.`);
}

/** The platform's own WebSocket: browsers, React Native, Node 22 and later, Bun, Deno. */
export const webSocketTransport: Transport = {
  connect(url, handlers, network = {}) {
    const socket = openWebSocket(url, network);
    let isClosed = false;
    let hasOpened = false;
    const close = (reason: string, error?: SyncError): void => {
      if (isClosed) return;
      isClosed = true;
      handlers.onClose(reason, error);
    };
    const failed = (): void => {
      if (hasOpened) close("error");
      else void untrusted(url, network).then((error) => close("error", error));
    };
    socket.addEventListener("open", () => {
      hasOpened = true;
      handlers.onOpen();
    });
    socket.addEventListener("message", (event: MessageEvent) => {
      if (!isClosed && typeof event.data === "string") handlers.onMessage(event.data);
    });
    socket.addEventListener("error", failed);
    socket.addEventListener("close", (event: CloseEvent) => {
      // Of a connection that never came to be, "error" has the say.
      if (hasOpened) close(`closed with ${event.code}`);
      else failed();
    });
    return {
      send: (text) => {
        // 1 is OPEN; not every platform has the constant on the instance.
        if (socket.readyState === 1) socket.send(text);
      },
      close: () => {
        close("closed here");
        socket.close();
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    };
  },
};
