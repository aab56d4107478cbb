/**
 * A proxy that does to connections what networks do: delay, reset, refuse, swallow, cut in the middle of a frame. For tests.
 *
 * @module
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** Where the connections go. */
export interface FaultProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/** A proxy on loopback. All settings hold from the next chunk or connection on. */
export class FaultProxy {
  /** Each chunk is held back by this much, in both directions. */
  delayMs = 0;
  /** New connections are closed at once. */
  refuses = false;
  /** Nothing gets through in either direction, and nobody is told. */
  swallows = false;
  /** After this many more bytes to the server, the connection that sent the last of them is reset. */
  cutAfterBytes: number | undefined;
  readonly #server: Server;
  readonly #order = new WeakMap<Socket, Promise<void>>();
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(target: FaultProxyTarget) {
    this.#server = createServer({ noDelay: true }, (downstream) => this.#accept(downstream, target));
  }

  /** Listens on a free port. */
  static async listen(target: FaultProxyTarget): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Where to connect to. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets all connections. */
  reset(): void {
    for (const [downstream, upstream] of this.#pairs) {
      downstream.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Resets all connections and listens no more. */
  async close(): Promise<void> {
    const isClosed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await isClosed;
  }

  #accept(downstream: Socket, { host = "127.0.0.1", port }: FaultProxyTarget): void {
    if (this.refuses) {
      downstream.resetAndDestroy();
      return;
    }
    const upstream = connect({ host, port, noDelay: true });
    const pair = [downstream, upstream] as const;
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      // What a black hole swallows includes the news of an end.
      if (this.swallows) return;
      downstream.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    downstream.on("data", (chunk: Buffer) => this.#pass(chunk, upstream, pair, true));
    upstream.on("data", (chunk: Buffer) => this.#pass(chunk, downstream, pair, false));
  }

  #pass(chunk: Buffer, to: Socket, [downstream, upstream]: readonly [Socket, Socket], isUp: boolean): void {
    if (this.swallows) return;
    if (isUp && this.cutAfterBytes !== undefined) {
      if (chunk.length >= this.cutAfterBytes) {
        const rest = chunk.subarray(0, this.cutAfterBytes);
        this.cutAfterBytes = undefined;
        upstream.write(rest, () => {
          downstream.resetAndDestroy();
          upstream.resetAndDestroy();
        });
        return;
      }
      this.cutAfterBytes -= chunk.length;
    }
    // One after the other, also when the delay changes in between: a network loses and delays, but TCP keeps the order.
    const before = this.#order.get(to);
    if (this.delayMs === 0 && before === undefined) {
      to.write(chunk);
      return;
    }
    const { delayMs } = this;
    const written = Promise.resolve(before)
      .then(() => new Promise((resolve) => setTimeout(resolve, delayMs)))
      .then(() => {
        to.write(chunk);
        if (this.#order.get(to) === written) this.#order.delete(to);
      });
    this.#order.set(to, written);
  }
}
