/**
 * What a transaction, a replayed record or a checkpoint's catalog change adds and gives up.
 *
 * @module
 */
import { LargeValue } from "./large-value.ts";
import { extentPages } from "./layout.ts";
import { NodePage } from "./node-page.ts";
import type { PageRef } from "./page-ref.ts";
import type { Edit } from "./tree.ts";

/** Something that a later slot does not reach: a page or an extent, durable now or by the checkpoint under way. */
export type Freed = NodePage | LargeValue | PageRef;

let lastLargeNumber = 0;

export class EditSet implements Edit {
  readonly epoch: number;
  readonly freed: Freed[] = [];
  /** Pages of earlier commits that were in memory only when they were replaced; a checkpoint may place them still. */
  readonly replaced: NodePage[] = [];
  /** Pages in memory only: added less given up. */
  dirtyPages = 0;
  /** Pages that new large values will need. Those that were replaced again count too: it is an upper bound. */
  extentPages = 0;
  /** Pages of this generation were written by this very transaction and can be given back at once. */
  ownBirth: number = Infinity;
  readonly #giveBack: (ref: PageRef) => void;

  constructor(epoch: number, giveBack: (ref: PageRef) => void = () => {}) {
    this.epoch = epoch;
    this.#giveBack = giveBack;
  }

  release(page: NodePage): void {
    if (page.ref !== undefined && page.ref.birth === this.ownBirth) this.#giveBack(page.ref);
    else if (page.ref !== undefined || page.frozen) this.freed.push(page);
    else {
      this.dirtyPages--;
      if (page.epoch !== this.epoch) this.replaced.push(page);
    }
  }

  releaseLarge(value: LargeValue | PageRef): void {
    const ref = refOf(value);
    if (ref !== undefined && ref.birth === this.ownBirth) this.#giveBack(ref);
    // A value without an extent may get one from the checkpoint under way.
    else this.freed.push(value);
  }

  grow(): void {
    this.dirtyPages++;
  }

  growLarge(lengthBytes: number): void {
    this.extentPages += extentPages(lengthBytes);
  }

  nextLargeNumber(): number {
    lastLargeNumber = (lastLargeNumber + 1) % 0xffff_ffff;
    return lastLargeNumber;
  }
}

/** Where something freed stands in the file; undefined if it never got there. */
export function refOf(freed: Freed): PageRef | undefined {
  return freed instanceof NodePage || freed instanceof LargeValue ? freed.ref : freed;
}
