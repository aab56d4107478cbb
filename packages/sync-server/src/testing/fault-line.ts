/**
 * One direction of one connection through a {@link FaultProxy}: what comes in goes out when, and if, the proxy's faults let it.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { FaultProxy } from "./fault-proxy.ts";

/** What a line needs. */
export interface FaultLineOptions {
  readonly proxy: FaultProxy;
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: "up" | "down";
  /** Resets the connection, both lines of it. */
  readonly cut: () => void;
  /** One of the sockets has closed. */
  readonly ended: () => void;
}

/** What waits for its time; without bytes: the news that the other side has ended. */
interface Item {
  bytes: Buffer | undefined;
  readonly dueMs: number;
}

/** Beyond this, the source is not read until the line has caught up: a slow line fills the sender's buffers as a real one does. */
const QUEUE_MAX_BYTES = 128 * 1024;
/** A slow line gives its bytes in portions of this much time. */
const PORTION_MS = 20;

/** A line. */
export class FaultLine {
  readonly #options: FaultLineOptions;
  readonly #queue: Item[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #freeMs = 0;
  #hasLost = false;

  constructor(options: FaultLineOptions) {
    this.#options = options;
    const { from, ended } = options;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#push(undefined);
      ended();
    });
  }

  /** True if something that came in will never go out. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Ends it at once, on both sides. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#hasLost = true;
    const { from, to } = this.#options;
    for (const socket of [from, to]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** Passes on what may be passed on now. */
  pump(): void {
    clearTimeout(this.#timer);
    const { proxy, to, from, direction } = this.#options;
    for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
      if (isIn(proxy.holds, direction)) return;
      const nowMs = performance.now();
      const dueMs = Math.max(item.dueMs, proxy.bytesPerSecond === undefined ? 0 : this.#freeMs);
      if (dueMs > nowMs) {
        this.#timer = setTimeout(() => this.pump(), dueMs - nowMs);
        return;
      }
      if (item.bytes === undefined) {
        this.#queue.shift();
        to.destroy();
        continue;
      }
      const portion = this.#portion(item.bytes, nowMs);
      item.bytes = item.bytes.subarray(portion.length);
      if (item.bytes.length === 0) this.#queue.shift();
      this.#queuedBytes -= portion.length;
      if (!to.destroyed) to.write(portion);
    }
    if (this.#queuedBytes < QUEUE_MAX_BYTES / 2) from.resume();
  }

  #take(chunk: Buffer): void {
    const { proxy, direction, to, cut } = this.#options;
    if (this.#hasLost || isIn(proxy.swallows, direction)) {
      this.#hasLost = true;
      return;
    }
    if (to.destroyed) {
      // Nobody is there any more: that is answered with a reset.
      cut();
      return;
    }
    const left = direction === "up" ? proxy.cutAfterBytes : proxy.cutDownAfterBytes;
    if (left !== undefined) {
      const isCut = chunk.length >= left;
      const next = isCut ? undefined : left - chunk.length;
      if (direction === "up") proxy.cutAfterBytes = next;
      else proxy.cutDownAfterBytes = next;
      if (isCut) {
        this.#hasLost = true;
        // What was on its way before arrives, and so does the half frame.
        for (const { bytes } of this.#queue.splice(0)) if (bytes !== undefined && !to.destroyed) to.write(bytes);
        if (to.destroyed) cut();
        else to.write(chunk.subarray(0, left), cut);
        return;
      }
    }
    this.#push(chunk);
  }

  #push(bytes: Buffer | undefined): void {
    const { proxy, direction, from } = this.#options;
    // What is swallowed includes the news of an end.
    if (this.#hasLost || isIn(proxy.swallows, direction)) {
      this.#hasLost = true;
      return;
    }
    const dueMs = performance.now() + proxy.delayMs + proxy.jitterMs * proxy.random();
    this.#queue.push({ bytes, dueMs: Math.max(dueMs, this.#queue.at(-1)?.dueMs ?? 0) });
    this.#queuedBytes += bytes?.length ?? 0;
    if (this.#queuedBytes > QUEUE_MAX_BYTES) from.pause();
    this.pump();
  }

  #portion(bytes: Buffer, nowMs: number): Buffer {
    const { bytesPerSecond } = this.#options.proxy;
    if (bytesPerSecond === undefined) return bytes;
    const portion = bytes.subarray(0, Math.max(1, Math.ceil((bytesPerSecond * PORTION_MS) / 1000)));
    this.#freeMs = Math.max(this.#freeMs, nowMs) + (portion.length / bytesPerSecond) * 1000;
    return portion;
  }
}

function isIn(faulty: boolean | "up" | "down", direction: "up" | "down"): boolean {
  return faulty === true || faulty === direction;
}
