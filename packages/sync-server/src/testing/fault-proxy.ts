/**
 * A proxy that does to connections what networks do: hold back, delay, slow down, reset, refuse, swallow, cut in the middle of a frame. For tests.
 *
 * @module
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { FaultLine } from "./fault-line.ts";

/** Where the connections go. */
export interface FaultProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/** Neither direction, both, or one: `up` leads to the target. */
export type FaultDirection = false | true | "up" | "down";

/** A proxy on loopback. All settings hold from the next chunk or connection on. */
export class FaultProxy {
  /** Where new connections go. */
  target: FaultProxyTarget;
  /** Each chunk is held back by this much, in both directions. */
  delayMs = 0;
  /** And by up to this much more, at random. Chunks do not overtake each other: TCP keeps their order. */
  jitterMs = 0;
  /** How many bytes a second get through, in each direction of each connection. */
  bytesPerSecond: number | undefined;
  /** New connections are closed at once. */
  refuses = false;
  /** Nothing gets through, and nobody is told. A connection that has lost something never says anything more in that direction. */
  swallows: FaultDirection = false;
  /** After this many more bytes to the target, the connection that sent the last of them is reset. */
  cutAfterBytes: number | undefined;
  /** The same for bytes from the target. */
  cutDownAfterBytes: number | undefined;
  /** 0 to 1, for jitter. */
  random: () => number = Math.random;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [FaultLine, FaultLine]>();
  #holds: FaultDirection = false;

  private constructor(target: FaultProxyTarget) {
    this.target = target;
    this.#server = createServer({ noDelay: true }, (downstream) => this.#accept(downstream));
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

  /** Connections that are open on at least one side. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Nothing gets through for now; it comes, in order, once this is over, as TCP sends again what a partition kept from arriving. */
  get holds(): FaultDirection {
    return this.#holds;
  }
  set holds(holds: FaultDirection) {
    this.#holds = holds;
    for (const pair of this.#pairs) for (const line of pair) line.pump();
  }

  /** Ends all faults; connections stay as they are. */
  heal(): void {
    this.delayMs = 0;
    this.jitterMs = 0;
    this.bytesPerSecond = undefined;
    this.refuses = false;
    this.swallows = false;
    this.cutAfterBytes = undefined;
    this.cutDownAfterBytes = undefined;
    this.holds = false;
  }

  /** Resets the connections that have lost something: what becomes of them once TCP gives up. */
  resetLost(): void {
    for (const pair of this.#pairs) if (pair.some((line) => line.hasLost)) this.#cut(pair);
  }

  /** Resets all connections. */
  reset(): void {
    for (const pair of this.#pairs) this.#cut(pair);
  }

  /** Resets all connections and listens no more. */
  async close(): Promise<void> {
    const isClosed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await isClosed;
  }

  #cut(pair: readonly [FaultLine, FaultLine]): void {
    for (const line of pair) line.reset();
    this.#pairs.delete(pair);
  }

  #accept(downstream: Socket): void {
    if (this.refuses) {
      downstream.on("error", () => undefined).resetAndDestroy();
      return;
    }
    const { host = "127.0.0.1", port } = this.target;
    const upstream = connect({ host, port, noDelay: true });
    const cut = (): void => this.#cut(pair);
    const ended = (): void => {
      if (downstream.destroyed && upstream.destroyed) this.#pairs.delete(pair);
    };
    const up = new FaultLine({ proxy: this, from: downstream, to: upstream, direction: "up", cut, ended });
    const down = new FaultLine({ proxy: this, from: upstream, to: downstream, direction: "down", cut, ended });
    const pair = [up, down] as const;
    this.#pairs.add(pair);
  }
}
