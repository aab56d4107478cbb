/**
 * One page of a tree in memory: a slotted page whose cells grow down from its end.
 *
 * Layout of the payload (docs/format/file.md section 6):
 * u8 kind (1 leaf, 2 branch) | u8 level | u16 count | u16 heapStart | u16 wasted | u32 tree id | u16 directory[count] ... cells.
 * Leaf cell: u16 key length | u16 value length (0xFFFF: large) | key | value, or reference and u32 length of an extent.
 * Branch cell: u16 key length | key | reference. A child holds the keys from its cell's key up to the next cell's.
 *
 * @module
 */
import { compareRange, readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import type { LargeValue } from "./large-value.ts";
import { MAX_INLINE_VALUE_BYTES, MAX_KEY_BYTES, PAGE_PAYLOAD_BYTES, REF_BYTES } from "./layout.ts";
import { writeRef, type PageRef } from "./page-ref.ts";

export const LEAF = 1;
export const BRANCH = 2;
const HEADER_BYTES = 12;
/** What stands for the length of a value that is not in its leaf. */
export const LARGE = 0xffff;
/** What stands before the key of a leaf's cell: two lengths. */
export const LEAF_CELL_HEADER = 4;
const BRANCH_CELL_HEADER = 2;
/** A large value's cell: reference and u32 length. */
export const LARGE_CELL_BYTES: number = REF_BYTES + 4;

/**
 * A page of a tree. Immutable once its epoch has passed; a write transaction changes pages of its own epoch only.
 */
export class NodePage {
  readonly bytes: Uint8Array;
  /** Children that are in memory because they are not durable yet; they go before the references in `bytes`. */
  children: (NodePage | undefined)[] | undefined;
  /** Large values of this leaf that have no extent yet, by the number that stands in their cell. */
  larges: Map<number, LargeValue> | undefined;
  epoch: number;
  /** Where it is in the file; undefined while it is in memory only. */
  ref: PageRef | undefined;
  /** True while a checkpoint that is under way holds it. */
  frozen = false;
  /** For the cache's clock. */
  used = true;
  /** Cached children of a durable branch, so that they need not be looked up; the cache clears what it drops. */
  cachedChildren: (NodePage | undefined)[] | undefined;
  /** The branch whose `cachedChildren` hold this page, and where. */
  holder: NodePage | undefined;
  holderIndex = 0;

  constructor(bytes: Uint8Array, epoch: number, ref?: PageRef) {
    this.bytes = bytes;
    this.epoch = epoch;
    this.ref = ref;
  }

  static create(level: number, epoch: number, treeId: number): NodePage {
    const page = new NodePage(new Uint8Array(PAGE_PAYLOAD_BYTES), epoch);
    page.bytes[0] = level === 0 ? LEAF : BRANCH;
    page.bytes[1] = level;
    writeU16(page.bytes, 4, PAGE_PAYLOAD_BYTES);
    writeU32(page.bytes, 8, treeId);
    if (level > 0) page.children = [];
    return page;
  }

  copy(epoch: number): NodePage {
    const page = new NodePage(this.bytes.slice(), epoch);
    if (this.level > 0) page.children = this.children === undefined ? new Array<undefined>(this.count).fill(undefined) : this.children.slice();
    if (this.larges !== undefined) page.larges = new Map(this.larges);
    return page;
  }

  get level(): number {
    return this.bytes[1] as number;
  }

  /** The tree that the page belongs to, also when nothing refers to it any more; 0 for the catalog. */
  get treeId(): number {
    return readU32(this.bytes, 8);
  }

  get count(): number {
    return readU16(this.bytes, 2);
  }

  /** Bytes that cells and directory need. */
  get usedBytes(): number {
    return HEADER_BYTES + this.count * 2 + (PAGE_PAYLOAD_BYTES - readU16(this.bytes, 4)) - readU16(this.bytes, 6);
  }

  get freeBytes(): number {
    return PAGE_PAYLOAD_BYTES - this.usedBytes;
  }

  cellOffset(index: number): number {
    return readU16(this.bytes, HEADER_BYTES + index * 2);
  }

  keyStart(index: number): number {
    return this.cellOffset(index) + (this.bytes[0] === LEAF ? LEAF_CELL_HEADER : BRANCH_CELL_HEADER);
  }

  keyEnd(index: number): number {
    return this.keyStart(index) + readU16(this.bytes, this.cellOffset(index));
  }

  key(index: number): Uint8Array {
    return this.bytes.subarray(this.keyStart(index), this.keyEnd(index));
  }

  isLarge(index: number): boolean {
    return readU16(this.bytes, this.cellOffset(index) + 2) === LARGE;
  }

  /** True for a large cell without an extent. Only such a cell has a number: where it stands, a reference has its birth. */
  isPendingLarge(index: number): boolean {
    return this.bytes[0] === LEAF && this.isLarge(index) && readU32(this.bytes, this.keyEnd(index)) === 0;
  }

  /** Bytes of an inline value. */
  valueLength(index: number): number {
    return readU16(this.bytes, this.cellOffset(index) + 2);
  }

  /** Offset of a branch cell's reference. */
  refOffset(index: number): number {
    return this.keyEnd(index);
  }

  cellBytes(index: number): number {
    return cellBytesAt(this.bytes, this.cellOffset(index));
  }

  /** Index of the first cell of a leaf, from `low` on, whose key is not below `key`; `high` if there is none. */
  lowerBound(key: Uint8Array, low = 0, high: number = readU16(this.bytes, 2)): number {
    return this.#partition(key, LEAF_CELL_HEADER, low, high, false);
  }

  /** `lowerBound` for a writer: keys often arrive in order, so the end is tried first. */
  insertionPoint(key: Uint8Array): number {
    const last = this.count - 1;
    if (last >= 0 && compareRange(this.bytes, this.keyStart(last), this.keyEnd(last), key) < 0) return last + 1;
    return this.lowerBound(key);
  }

  /**
   * The first index from `low` to `high` whose key is above `key`, or equal to it unless `isEqualBelow`. What both ends of the search share
   * with `key`, every cell between them shares too: those bytes are not compared again.
   */
  #partition(key: Uint8Array, header: number, low: number, high: number, isEqualBelow: boolean): number {
    const bytes = this.bytes;
    const keyLength = key.length;
    let lowShared = 0;
    let highShared = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = HEADER_BYTES + middle * 2;
      const offset = (bytes[at] as number) + (bytes[at + 1] as number) * 0x100;
      const length = (bytes[offset] as number) + (bytes[offset + 1] as number) * 0x100;
      const start = offset + header;
      const end = length < keyLength ? length : keyLength;
      let shared = lowShared < highShared ? lowShared : highShared;
      while (shared < end && bytes[start + shared] === key[shared]) shared++;
      const difference = shared < end ? (bytes[start + shared] as number) - (key[shared] as number) : length - keyLength;
      if (difference < 0 || (isEqualBelow && difference === 0)) {
        low = middle + 1;
        lowShared = shared;
      } else {
        high = middle;
        highShared = shared;
      }
    }
    return low;
  }

  /** True if the cell at `index` exists and has exactly this key. */
  matches(index: number, key: Uint8Array): boolean {
    return index < this.count && compareRange(this.bytes, this.keyStart(index), this.keyEnd(index), key) === 0;
  }

  /** Index of the child of a branch that holds `key`: the last cell whose key is not above it. */
  childIndex(key: Uint8Array): number {
    return this.#partition(key, BRANCH_CELL_HEADER, 1, readU16(this.bytes, 2), true) - 1;
  }

  removeCell(index: number): void {
    const { bytes, count } = this;
    writeU16(bytes, 6, readU16(bytes, 6) + this.cellBytes(index));
    if (this.isPendingLarge(index)) this.larges?.delete(this.largeNumber(index));
    bytes.copyWithin(HEADER_BYTES + index * 2, HEADER_BYTES + (index + 1) * 2, HEADER_BYTES + count * 2);
    writeU16(bytes, 2, count - 1);
    this.children?.splice(index, 1);
  }

  /** The number under which `larges` holds the value of a large cell without an extent. */
  largeNumber(index: number): number {
    return readU32(this.bytes, this.keyEnd(index) + 6);
  }

  insertLeafCell(index: number, key: Uint8Array, value: Uint8Array | LargeValue, largeNumber: number): boolean {
    const inline = value instanceof Uint8Array;
    const offset = this.openCell(index, LEAF_CELL_HEADER + key.length + (inline ? value.length : LARGE_CELL_BYTES));
    if (offset === 0) return false;
    const { bytes } = this;
    writeU16(bytes, offset, key.length);
    writeU16(bytes, offset + 2, inline ? value.length : LARGE);
    bytes.set(key, offset + LEAF_CELL_HEADER);
    const valueOffset = offset + LEAF_CELL_HEADER + key.length;
    if (inline) bytes.set(value, valueOffset);
    else this.setLarge(valueOffset, value, largeNumber);
    return true;
  }

  insertBranchCell(index: number, key: Uint8Array, child: NodePage): boolean {
    const offset = this.openCell(index, BRANCH_CELL_HEADER + key.length + REF_BYTES);
    if (offset === 0) return false;
    writeU16(this.bytes, offset, key.length);
    this.bytes.set(key, offset + BRANCH_CELL_HEADER);
    this.bytes.fill(0, offset + BRANCH_CELL_HEADER + key.length, offset + BRANCH_CELL_HEADER + key.length + REF_BYTES);
    (this.children as (NodePage | undefined)[]).splice(index, 0, child);
    return true;
  }

  /** Copies a cell of another page of the same kind; false if there is no room. */
  takeCell(index: number, source: NodePage, sourceIndex: number): boolean {
    const length = source.cellBytes(sourceIndex);
    const offset = this.openCell(index, length);
    if (offset === 0) return false;
    const from = source.cellOffset(sourceIndex);
    this.bytes.set(source.bytes.subarray(from, from + length), offset);
    if (this.children !== undefined) this.children.splice(index, 0, source.children?.[sourceIndex]);
    else if (source.larges !== undefined && source.isPendingLarge(sourceIndex)) {
      const number = source.largeNumber(sourceIndex);
      const large = source.larges.get(number);
      if (large !== undefined) (this.larges ??= new Map()).set(number, large);
    }
    return true;
  }

  /** Overwrites an inline value of the same length in place; false if it does not fit so. */
  overwriteValue(index: number, value: Uint8Array): boolean {
    if (this.valueLength(index) !== value.length) return false;
    this.bytes.set(value, this.keyEnd(index));
    return true;
  }

  /**
   * Writes the references of children and extents that have places into `target`, a copy of `bytes` or `bytes` itself.
   * Until they are durable, `bytes` stays as it is: what is in memory goes before the file.
   */
  writeRefs(target: Uint8Array): void {
    const { children, larges } = this;
    for (let i = 0; children !== undefined && i < children.length; i++) {
      const ref = children[i]?.ref;
      if (ref !== undefined) writeRef(target, this.refOffset(i), ref);
    }
    for (let i = 0; larges !== undefined && i < this.count; i++) {
      if (!this.isLarge(i) || readU32(this.bytes, this.keyEnd(i)) !== 0) continue;
      const ref = larges.get(this.largeNumber(i))?.ref;
      if (ref !== undefined) writeRef(target, this.keyEnd(i), ref);
    }
  }

  private setLarge(offset: number, value: LargeValue, number: number): void {
    this.bytes.fill(0, offset, offset + LARGE_CELL_BYTES);
    writeU32(this.bytes, offset + REF_BYTES, value.lengthBytes);
    writeU32(this.bytes, offset + 6, number);
    (this.larges ??= new Map()).set(number, value);
  }

  /** Makes room for a cell and its directory entry; returns the cell's offset, 0 if there is no room. */
  private openCell(index: number, length: number): number {
    const { bytes } = this;
    const count = readU16(bytes, 2);
    const directoryEnd = HEADER_BYTES + (count + 1) * 2;
    if (directoryEnd + length > readU16(bytes, 4)) {
      if (directoryEnd + length > readU16(bytes, 4) + readU16(bytes, 6)) return 0;
      this.defragment();
    }
    const offset = readU16(bytes, 4) - length;
    const at = HEADER_BYTES + index * 2;
    if (index < count) bytes.copyWithin(at + 2, at, HEADER_BYTES + count * 2);
    writeU16(bytes, at, offset);
    writeU16(bytes, 2, count + 1);
    writeU16(bytes, 4, offset);
    return offset;
  }

  private defragment(): void {
    const { bytes, count } = this;
    const before = bytes.slice();
    let heap = PAGE_PAYLOAD_BYTES;
    for (let i = 0; i < count; i++) {
      const offset = this.cellOffset(i);
      const length = cellBytesAt(before, offset);
      heap -= length;
      bytes.set(before.subarray(offset, offset + length), heap);
      writeU16(bytes, HEADER_BYTES + i * 2, heap);
    }
    writeU16(bytes, 4, heap);
    writeU16(bytes, 6, 0);
  }
}

/** Length of the cell at `offset` of a page's payload. */
function cellBytesAt(bytes: Uint8Array, offset: number): number {
  const keyLength = readU16(bytes, offset);
  if (bytes[0] === BRANCH) return BRANCH_CELL_HEADER + keyLength + REF_BYTES;
  const valueLength = readU16(bytes, offset + 2);
  return LEAF_CELL_HEADER + keyLength + (valueLength === LARGE ? LARGE_CELL_BYTES : valueLength);
}

/**
 * Says what is wrong with the shape of a page that was read, or undefined. A page that passes cannot make a reader
 * leave its bytes.
 */
export function findMalformation(bytes: Uint8Array, level?: number, treeId?: number): string | undefined {
  const kind = bytes[0];
  if (kind !== LEAF && kind !== BRANCH) return "unknown kind";
  if ((kind === LEAF) !== (bytes[1] === 0)) return "kind and level differ";
  if (level !== undefined && bytes[1] !== level) return "unexpected level";
  if (treeId !== undefined && readU32(bytes, 8) !== treeId) return "it belongs to another tree";
  const count = readU16(bytes, 2);
  const directoryEnd = HEADER_BYTES + count * 2;
  const heap = readU16(bytes, 4);
  // An empty tree has no page, so a walk over pages always comes forward.
  if (count === 0) return "a page without cells";
  if (heap < directoryEnd || heap > PAGE_PAYLOAD_BYTES) return "directory and cells overlap";
  let cells = readU16(bytes, 6);
  for (let i = 0; i < count; i++) {
    const offset = readU16(bytes, HEADER_BYTES + i * 2);
    if (offset < heap || offset + LEAF_CELL_HEADER > PAGE_PAYLOAD_BYTES) return "cell outside the page";
    const length = cellBytesAt(bytes, offset);
    if (offset + length > PAGE_PAYLOAD_BYTES) return "cell longer than the page";
    if (readU16(bytes, offset) > MAX_KEY_BYTES) return "key too long";
    if (kind === LEAF && !isLeafCellSound(bytes, offset)) return "key or value of an impossible length";
    cells += length;
  }
  // Otherwise moving the cells together would run over the page's edge.
  return cells === PAGE_PAYLOAD_BYTES - heap ? undefined : "cells and unused bytes do not add up";
}

function isLeafCellSound(bytes: Uint8Array, offset: number): boolean {
  const valueLength = readU16(bytes, offset + 2);
  return readU16(bytes, offset) > 0 && (valueLength <= MAX_INLINE_VALUE_BYTES || valueLength === LARGE);
}

/** True if a value of this length stands in its leaf. */
export function isInline(lengthBytes: number): boolean {
  return lengthBytes <= MAX_INLINE_VALUE_BYTES;
}
