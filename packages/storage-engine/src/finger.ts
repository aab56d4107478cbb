/**
 * Look-ups in a tree that does not change: a key near the last one is found in its leaf, without another descent.
 *
 * @module
 */
import { compareRange } from "./bytes.ts";
import type { NodePage } from "./node-page.ts";
import { findLeaf, type TreeRoot } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";

/** How many misses in a row end the tries: look-ups at random shall not pay for them. */
const PATIENCE = 2;

/** Where a tree that does not change was read last. */
export class Finger {
  readonly #units: UnitFile;
  readonly #root: TreeRoot;
  #leaf: NodePage | undefined;
  /** How many misses are still allowed; 0 while neighbours are not tried. */
  #patience = 0;
  /** Of the leaf that `find` gave: the first cell whose key is not below the one that was looked for. */
  index = 0;

  constructor(units: UnitFile, root: TreeRoot) {
    this.#units = units;
    this.#root = root;
  }

  /** The leaf that has the key at `index`; undefined if there is none. */
  find(key: Uint8Array): NodePage | undefined {
    const known = this.#leaf;
    if (known !== undefined && this.#patience > 0) {
      if (this.#seekIn(known, key)) {
        this.#patience = PATIENCE;
        return known.matches(this.index, key) ? known : undefined;
      }
      this.#patience--;
    }
    const leaf = findLeaf(this.#units, this.#root, key);
    if (leaf === undefined) return undefined;
    if (leaf === known) this.#patience = PATIENCE;
    this.#leaf = leaf;
    this.index = leaf.lowerBound(key);
    return leaf.matches(this.index, key) ? leaf : undefined;
  }

  /** Sets `index` if the key lies between the first and the last of a leaf; false if it belongs elsewhere. */
  #seekIn(leaf: NodePage, key: Uint8Array): boolean {
    leaf.used = true;
    const last = leaf.count - 1;
    const next = this.index < last ? this.index + 1 : last;
    const order = orderOf(leaf, next, key);
    if (order < 0) {
      if (next === last || orderOf(leaf, last, key) < 0) return false;
      this.index = leaf.lowerBound(key, next + 1, last);
    } else if (order > 0) {
      if (next === 0 || orderOf(leaf, 0, key) > 0) return false;
      this.index = leaf.lowerBound(key, 0, next);
    } else this.index = next;
    return true;
  }
}

function orderOf(leaf: NodePage, index: number, key: Uint8Array): number {
  return compareRange(leaf.bytes, leaf.keyStart(index), leaf.keyEnd(index), key);
}
