/**
 * A walk over the entries of one tree, in key order or against it.
 *
 * @module
 */
import { compareRange, readU16, readU32 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { REF_BYTES } from "./layout.ts";
import { LARGE, LEAF_CELL_HEADER, type NodePage } from "./node-page.ts";
import { leafValue, rootPage, type TreeRoot } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";

/** `from` is inclusive, `to` is exclusive, both in key order also when the walk goes backwards. */
export interface CursorRange {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
  readonly reverse?: boolean | undefined;
}

const NOTHING = new Uint8Array(0);

/** Starts before the first entry. The views it gives are valid until the tree is written to. */
export class Cursor {
  readonly #units: UnitFile;
  readonly #range: CursorRange;
  readonly #check: () => void;
  readonly #path: { page: NodePage; index: number }[] = [];
  #leaf: NodePage | undefined;
  #index = -1;
  /** One past the last index of this leaf that is inside the range (the last index itself when reversed). */
  #bound = 0;
  #isLarge = false;
  #large: Uint8Array | undefined;
  readonly #isReverse: boolean;

  constructor(units: UnitFile, root: TreeRoot, range: CursorRange, check: () => void) {
    this.#units = units;
    this.#range = range;
    this.#check = check;
    this.#isReverse = range.reverse === true;
    const page = rootPage(units, root);
    if (page !== undefined) this.#seek(page);
  }

  /** The page that holds the current entry's key, which stands from `keyStart` to `keyEnd`. To be read only. */
  bytes: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  /** Where the current entry's value stands in `valueBytes`. */
  valueStart = 0;
  valueEnd = 0;

  /** Moves to the next entry; false at the end. */
  next(): boolean {
    this.#check();
    if (this.#leaf === undefined) return false;
    if (this.#isReverse) {
      this.#index--;
      while (this.#index < this.#bound) if (!this.#turnLeaf(-1)) return false;
    } else {
      this.#index++;
      while (this.#index >= this.#bound) if (!this.#turnLeaf(1)) return false;
    }
    this.#locate(this.#leaf);
    return true;
  }

  /**
   * Moves to the next entry that a test accepts; false at the end.
   *
   * @param isWanted - Is shown this cursor at each entry. It must not move it, nor close what it reads.
   */
  nextWhere(isWanted: (cursor: this) => boolean): boolean {
    if (this.#isReverse) {
      while (this.next()) if (isWanted(this)) return true;
      return false;
    }
    while (this.next()) {
      if (isWanted(this)) return true;
      // The rest of this leaf without what a step over its end needs.
      const leaf = this.#leaf as NodePage;
      for (let index = this.#index + 1; index < this.#bound; index++) {
        this.#index = index;
        this.#locate(leaf);
        if (isWanted(this)) return true;
      }
    }
    return false;
  }

  /** Reads the current cell once, for all who ask. */
  #locate(leaf: NodePage): void {
    const { bytes } = leaf;
    const offset = leaf.cellOffset(this.#index);
    const keyStart = offset + LEAF_CELL_HEADER;
    const keyEnd = keyStart + readU16(bytes, offset);
    const valueLength = readU16(bytes, offset + 2);
    this.bytes = bytes;
    this.keyStart = keyStart;
    this.keyEnd = keyEnd;
    this.#isLarge = valueLength === LARGE;
    if (this.#isLarge) {
      this.#large = undefined;
      this.valueStart = 0;
      this.valueEnd = readU32(bytes, keyEnd + REF_BYTES);
    } else {
      this.valueStart = keyEnd;
      this.valueEnd = keyEnd + valueLength;
    }
  }

  /** The bytes that hold the current entry's value. */
  get valueBytes(): Uint8Array {
    if (!this.#isLarge) return this.bytes;
    this.#large ??= leafValue(this.#units, this.#current(), this.#index);
    return this.#large;
  }

  key(): Uint8Array {
    return this.#current().key(this.#index);
  }

  value(): Uint8Array {
    this.#current();
    return this.valueBytes.subarray(this.valueStart, this.valueEnd);
  }

  #current(): NodePage {
    if (this.#leaf === undefined || this.bytes.length === 0) throw new RangeError("the cursor is not on an entry: call next() first");
    return this.#leaf;
  }

  #seek(root: NodePage): void {
    const { from, to, reverse } = this.#range;
    const start = reverse === true ? to : from;
    let page = root;
    while (page.level > 0) {
      const index = start === undefined ? (reverse === true ? page.count - 1 : 0) : page.childIndex(start);
      this.#path.push({ page, index });
      page = this.#units.child(page, index);
    }
    this.#enter(page);
    if (reverse === true) this.#index = to === undefined ? page.count : page.lowerBound(to);
    else this.#index = (from === undefined ? 0 : page.lowerBound(from)) - 1;
  }

  /** Sets the leaf and how far the range reaches in it. */
  #enter(leaf: NodePage): void {
    this.#leaf = leaf;
    const { from, to, reverse } = this.#range;
    if (reverse === true) this.#bound = from === undefined ? 0 : leaf.lowerBound(from);
    else this.#bound = to === undefined || endsBefore(leaf, to) ? leaf.count : leaf.lowerBound(to);
  }

  #turnLeaf(step: 1 | -1): boolean {
    const leaf = this.#leaf as NodePage;
    // The range ended inside this leaf: there is nothing to find in the next one.
    const ended = step === 1 ? this.#bound < leaf.count : this.#bound > 0;
    if (ended || !this.#climb(step)) {
      this.#leaf = undefined;
      this.bytes = NOTHING;
      return false;
    }
    this.#index = step === 1 ? 0 : (this.#leaf as NodePage).count - 1;
    return true;
  }

  #climb(step: 1 | -1): boolean {
    while (true) {
      const top = this.#path.at(-1);
      if (top === undefined) return false;
      top.index += step;
      if (top.index >= 0 && top.index < top.page.count) break;
      this.#path.pop();
    }
    const top = this.#path.at(-1) as { page: NodePage; index: number };
    let page = this.#units.child(top.page, top.index);
    while (page.level > 0) {
      const index = step === 1 ? 0 : page.count - 1;
      this.#path.push({ page, index });
      page = this.#units.child(page, index);
    }
    this.#assertProgress(this.#leaf as NodePage, page, step);
    this.#enter(page);
    return true;
  }

  /** Leaves come in key order. In a forged plain file one may stand in many places, and a walk would never end. */
  #assertProgress(before: NodePage, after: NodePage, step: 1 | -1): void {
    if (compareRange(after.bytes, after.keyStart(0), after.keyEnd(0), before.key(0)) * step > 0) return;
    throw new StoreError("PAGE_DAMAGED", `page ${after.ref?.place ?? "in memory"} holds keys that belong elsewhere`);
  }
}

function endsBefore(leaf: NodePage, to: Uint8Array): boolean {
  const last = leaf.count - 1;
  return last >= 0 && compareRange(leaf.bytes, leaf.keyStart(last), leaf.keyEnd(last), to) < 0;
}
