/**
 * The network's globals as React Native has them, by its sources (`Libraries/Blob/URL.js`, `WebSocket.js`, `Network/fetch.js`): a `URL` that
 * mostly cannot be read and never be changed, a `WebSocket` without `bufferedAmount`, a `fetch` of texts, no `crypto.subtle`, no
 * `AbortSignal.timeout`, and no `process` that names Node.
 *
 * @module
 */
import { vi } from "vitest";

/** What a test may do to the network. */
export interface PhoneNetwork {
  isAway: boolean;
  sockets: number;
}

class PhoneUrl {
  readonly #url: string;

  constructor(url: string, base?: string) {
    if (base !== undefined) throw new TypeError("Invalid base URL");
    this.#url = url.endsWith("/") ? url : `${url}/`;
  }

  get href(): string {
    return this.#url;
  }

  get protocol(): string {
    throw new Error("URL.protocol is not implemented");
  }

  get hostname(): string {
    throw new Error("URL.hostname is not implemented");
  }

  toString(): string {
    return this.#url;
  }
}

type Listener = (event: { readonly type: string; readonly data?: unknown; readonly code?: number; readonly message?: string }) => void;

/** Runs something as if it were on a phone. */
export async function withPhoneGlobals(run: (network: PhoneNetwork) => Promise<void>): Promise<void> {
  const network: PhoneNetwork = { isAway: false, sockets: 0 };
  const { fetch: nodeFetch, WebSocket: NodeSocket, URL: NodeUrl, crypto: nodeCrypto, AbortSignal: NodeSignal } = globalThis;
  /** Node's own network takes addresses apart with the global `URL`: it gets its own for as long as it looks. */
  const asNode = <T>(action: () => T): T => {
    globalThis.URL = NodeUrl;
    try {
      return action();
    } finally {
      globalThis.URL = PhoneUrl as never;
    }
  };

  class PhoneSocket {
    readonly #socket: WebSocket | undefined;
    readonly #listeners = new Map<string, Listener[]>();
    binaryType = undefined;
    readyState = 0;

    constructor(url: string) {
      if (typeof url !== "string") throw new TypeError("an address is a text here");
      network.sockets++;
      if (network.isAway) {
        setTimeout(() => this.#fail(), 1);
        return;
      }
      const socket = (this.#socket = asNode(() => new NodeSocket(url)));
      socket.addEventListener("open", () => this.#tell("open", { type: "open" }, 1));
      socket.addEventListener("message", ({ data }: MessageEvent) => this.#tell("message", { type: "message", data: data as unknown }));
      socket.addEventListener("error", () => this.#fail());
      socket.addEventListener("close", ({ code }: CloseEvent) => this.#tell("close", { type: "close", code }, 3));
    }

    #fail(): void {
      this.#tell("error", { type: "error", message: "could not connect" }, 3);
      this.#tell("close", { type: "close", code: 1006 }, 3);
    }

    #tell(type: string, event: Parameters<Listener>[0], state = this.readyState): void {
      this.readyState = state;
      for (const listener of this.#listeners.get(type) ?? []) listener(event);
    }

    addEventListener(type: string, listener: Listener): void {
      this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    }

    send(text: string): void {
      if (this.readyState === 0) throw new Error("INVALID_STATE_ERR");
      this.#socket?.send(text);
    }

    close(): void {
      this.readyState = 2;
      this.#socket?.close();
    }
  }

  const phoneFetch = async (url: string, init: RequestInit): Promise<{ status: number; text: () => Promise<string> }> => {
    if (network.isAway || typeof url !== "string") throw new TypeError("Network request failed");
    const response = await asNode(() => nodeFetch(url, init));
    return { status: response.status, text: () => response.text() };
  };

  vi.stubGlobal("URL", PhoneUrl);
  vi.stubGlobal("WebSocket", PhoneSocket);
  vi.stubGlobal("fetch", phoneFetch);
  vi.stubGlobal("crypto", { getRandomValues: <T extends Uint8Array<ArrayBuffer>>(bytes: T): T => nodeCrypto.getRandomValues(bytes) });
  // Node's `fetch` asks whether a signal is one of its own.
  const timeout = Reflect.get(NodeSignal, "timeout") as unknown;
  Reflect.deleteProperty(NodeSignal, "timeout");
  const { versions } = process;
  Object.defineProperty(process, "versions", { configurable: true, value: {} });
  try {
    await run(network);
  } finally {
    Object.defineProperty(process, "versions", { configurable: true, enumerable: true, value: versions });
    Object.defineProperty(NodeSignal, "timeout", { configurable: true, writable: true, value: timeout });
    vi.unstubAllGlobals();
  }
}
