/**
 * Stamps, the earliest first, in an order that costs little to keep.
 *
 * @module
 */
import type { Stamp } from "../stamp.ts";

/** A binary heap of stamps. */
export class StampHeap {
  readonly #heap: Stamp[];

  /** @param stamps - Kept and changed. */
  constructor(stamps: Stamp[]) {
    // What is sorted is a heap.
    this.#heap = stamps.sort();
  }

  get size(): number {
    return this.#heap.length;
  }

  push(stamp: Stamp): void {
    const heap = this.#heap;
    let at = heap.push(stamp) - 1;
    while (at > 0) {
      const above = Math.floor((at - 1) / 2);
      if ((heap[above] as Stamp) <= stamp) break;
      heap[at] = heap[above] as Stamp;
      at = above;
    }
    heap[at] = stamp;
  }

  /** Takes out the earliest if it is not later than `h`. */
  popUpTo(h: Stamp): Stamp | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first > h) return undefined;
    const last = heap.pop() as Stamp;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(stamp: Stamp): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below + 1 < heap.length && (heap[below + 1] as Stamp) < (heap[below] as Stamp)) below += 1;
      if (below >= heap.length || (heap[below] as Stamp) >= stamp) break;
      heap[at] = heap[below] as Stamp;
      at = below;
    }
    heap[at] = stamp;
  }
}
