/**
 * The B+tree: one root, found, changed and walked. Pages of an older epoch are copied before they change, so every
 * root that was ever committed stays readable.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { compareKeys, readU32 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { LargeValue } from "./large-value.ts";
import { PAGE_PAYLOAD_BYTES, REF_BYTES } from "./layout.ts";
import { isInline, NodePage } from "./node-page.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import type { UnitFile } from "./unit-file.ts";

/** A tree as one commit sees it. Never changed once its commit is published. */
export class TreeRoot {
  readonly id: number;
  readonly name: string;
  count: number;
  /** The root page; undefined for an empty tree, or while only `ref` is known. */
  page: NodePage | undefined;
  ref: PageRef | undefined;

  constructor(id: number, name: string, count: number, page: NodePage | undefined, ref: PageRef | undefined) {
    this.id = id;
    this.name = name;
    this.count = count;
    this.page = page;
    this.ref = ref;
  }

  copy(): TreeRoot {
    return this.renamed(this.name);
  }

  /** The same tree, its id included, under another name. */
  renamed(name: string): TreeRoot {
    return new TreeRoot(this.id, name, this.count, this.page, this.ref);
  }
}

/** What a change needs beside the tree: its epoch and a place to say what was given up. */
export interface Edit {
  readonly epoch: number;
  /** A page that the new version does not reach any more. */
  release(page: NodePage): void;
  /** An extent that the new version does not reach any more. */
  releaseLarge(value: LargeValue | PageRef): void;
  /** A page was added to those that are in memory only. */
  grow(): void;
  /** A large value came into being. */
  growLarge(lengthBytes: number): void;
  nextLargeNumber(): number;
}

/** The root page of a tree, loaded if need be; undefined if the tree is empty. */
export function rootPage(units: UnitFile, root: TreeRoot): NodePage | undefined {
  if (root.page === undefined && root.ref !== undefined) root.page = units.loadPage(root.ref, root.id);
  return root.page;
}

/** The leaf that holds `key` if any does. */
export function findLeaf(units: UnitFile, root: TreeRoot, key: Uint8Array): NodePage | undefined {
  let page = root.page ?? rootPage(units, root);
  if (page === undefined) return undefined;
  while (page.bytes[1] !== 0) page = units.child(page, page.childIndex(key));
  return page;
}

/** The value of the cell at `index` of a leaf: a view of the page, or the bytes of its extent. */
export function leafValue(units: UnitFile, leaf: NodePage, index: number): Uint8Array {
  const at = leaf.keyEnd(index);
  if (!leaf.isLarge(index)) return leaf.bytes.subarray(at, at + leaf.valueLength(index));
  const large = readU32(leaf.bytes, at) === 0 ? leaf.larges?.get(leaf.largeNumber(index)) : undefined;
  if (large !== undefined) return large.bytes;
  return units.readExtent(UNIT_KIND.extent, readRef(leaf.bytes, at), readU32(leaf.bytes, at + REF_BYTES));
}

/** Where a value stands. */
export interface ValuePlace {
  valueBytes: Uint8Array;
  valueStart: number;
  valueEnd: number;
}

/** Says where the value of the cell at `index` of a leaf stands, without a view of it. */
export function placeValue(units: UnitFile, leaf: NodePage, index: number, place: ValuePlace): void {
  if (leaf.isLarge(index)) {
    place.valueBytes = leafValue(units, leaf, index);
    place.valueStart = 0;
    place.valueEnd = place.valueBytes.length;
    return;
  }
  const start = leaf.keyEnd(index);
  place.valueBytes = leaf.bytes;
  place.valueStart = start;
  place.valueEnd = start + leaf.valueLength(index);
}

/** `getValue` without a view. */
export function locateValue(units: UnitFile, root: TreeRoot, key: Uint8Array, place: ValuePlace): boolean {
  const leaf = findLeaf(units, root, key);
  if (leaf === undefined) return false;
  const index = leaf.lowerBound(key);
  if (!leaf.matches(index, key)) return false;
  placeValue(units, leaf, index, place);
  return true;
}

export function getValue(units: UnitFile, root: TreeRoot, key: Uint8Array): Uint8Array | undefined {
  const leaf = findLeaf(units, root, key);
  if (leaf === undefined) return undefined;
  const index = leaf.lowerBound(key);
  return leaf.matches(index, key) ? leafValue(units, leaf, index) : undefined;
}

interface Step {
  page: NodePage;
  index: number;
}

const EMPTY_KEY = new Uint8Array(0);

/** Sets one entry. */
export function putEntry(units: UnitFile, root: TreeRoot, edit: Edit, key: Uint8Array, value: Uint8Array): void {
  if (rootPage(units, root) === undefined) {
    root.page = NodePage.create(0, edit.epoch, root.id);
    edit.grow();
  }
  const path = openPath(units, root, edit, key);
  const leaf = (path.at(-1) as Step).page;
  const index = leaf.insertionPoint(key);
  const inline = isInline(value.length);
  if (leaf.matches(index, key)) {
    if (inline && leaf.overwriteValue(index, value)) return;
    dropCell(leaf, index, edit);
  } else root.count++;
  if (!inline) edit.growLarge(value.length);
  const cell = inline ? { key, value, number: 0 } : { key, value: new LargeValue(value.slice()), number: edit.nextLargeNumber() };
  insertCell(units, root, edit, path, index, cell);
}

interface NewCell {
  readonly key: Uint8Array;
  readonly value: Uint8Array | LargeValue;
  readonly number: number;
}

function insertCell(units: UnitFile, root: TreeRoot, edit: Edit, path: Step[], index: number, cell: NewCell): void {
  const leaf = (path.at(-1) as Step).page;
  if (leaf.insertLeafCell(index, cell.key, cell.value, cell.number)) return;
  const right = NodePage.create(0, edit.epoch, root.id);
  edit.grow();
  if (index === leaf.count && isLastOfTree(path)) {
    // Keys that arrive in order fill their pages: nothing is moved, the new page begins with the new cell.
    right.insertLeafCell(0, cell.key, cell.value, cell.number);
    return insertIntoParent(root, edit, path, right);
  }
  moveCells(leaf, right, splitPoint(leaf));
  insertIntoParent(root, edit, path, right);
  const shorter = openPath(units, root, edit, cell.key);
  insertCell(units, root, edit, shorter, (shorter.at(-1) as Step).page.lowerBound(cell.key), cell);
}

/** Removes one entry; false if it was not there. */
export function deleteEntry(units: UnitFile, root: TreeRoot, edit: Edit, key: Uint8Array): boolean {
  const found = findLeaf(units, root, key);
  if (found === undefined || !found.matches(found.lowerBound(key), key)) return false;
  const path = openPath(units, root, edit, key);
  const leaf = (path.at(-1) as Step).page;
  dropCell(leaf, leaf.lowerBound(key), edit);
  root.count--;
  shrink(units, root, edit, path);
  return true;
}

/** Gives up every page of a tree; its root is empty afterwards. */
export function clearTree(units: UnitFile, root: TreeRoot, edit: Edit): void {
  const page = rootPage(units, root);
  if (page !== undefined) releaseAll(units, page, edit, { firstKey: EMPTY_KEY });
  root.page = undefined;
  root.ref = undefined;
  root.count = 0;
}

/** @param walked - The first key of the leaf before: in a forged plain file one page may stand in many places. */
function releaseAll(units: UnitFile, page: NodePage, edit: Edit, walked: { firstKey: Uint8Array }): void {
  if (page.level === 0) {
    if (compareKeys(page.key(0), walked.firstKey) <= 0) throw new StoreError("PAGE_DAMAGED", "a tree holds one page more than once");
    walked.firstKey = page.key(0);
  }
  for (let i = 0; i < page.count; i++) {
    if (page.level > 0) releaseAll(units, units.child(page, i), edit, walked);
    else releaseLargeOf(page, i, edit);
  }
  edit.release(page);
}

function releaseLargeOf(leaf: NodePage, index: number, edit: Edit): void {
  if (!leaf.isLarge(index)) return;
  const at = leaf.keyEnd(index);
  const pending = readU32(leaf.bytes, at) === 0 ? leaf.larges?.get(leaf.largeNumber(index)) : undefined;
  edit.releaseLarge(pending ?? readRef(leaf.bytes, at));
}

function dropCell(leaf: NodePage, index: number, edit: Edit): void {
  releaseLargeOf(leaf, index, edit);
  leaf.removeCell(index);
}

/** Copies what is of an older epoch on the way from the root to the leaf of `key`. */
function openPath(units: UnitFile, root: TreeRoot, edit: Edit, key: Uint8Array): Step[] {
  let page = ownPage(root.page as NodePage, edit);
  root.page = page;
  root.ref = undefined;
  const path: Step[] = [{ page, index: 0 }];
  while (page.level > 0) {
    const index = page.childIndex(key);
    (path.at(-1) as Step).index = index;
    page = ownChild(units, page, index, edit);
    path.push({ page, index: 0 });
  }
  return path;
}

function ownChild(units: UnitFile, parent: NodePage, index: number, edit: Edit): NodePage {
  const child = ownPage(units.child(parent, index), edit);
  // A page of the running epoch may have lost its children when a large transaction wrote it out.
  parent.children ??= new Array<undefined>(parent.count).fill(undefined);
  parent.children[index] = child;
  return child;
}

function ownPage(page: NodePage, edit: Edit): NodePage {
  if (page.epoch === edit.epoch && page.ref === undefined) return page;
  edit.release(page);
  edit.grow();
  return page.copy(edit.epoch);
}

/** True if every page of the path is the last child of its parent. */
function isLastOfTree(path: Step[]): boolean {
  return path.every(({ page, index }, depth) => depth === path.length - 1 || index === page.count - 1);
}

/** The index at which the bytes of a page are halved. */
function splitPoint(page: NodePage): number {
  let bytes = 0;
  const half = page.usedBytes / 2;
  for (let i = 0; i < page.count; i++) {
    bytes += page.cellBytes(i) + 2;
    if (bytes >= half) return Math.min(Math.max(i, 1), page.count - 1);
  }
  return page.count - 1;
}

function moveCells(source: NodePage, target: NodePage, from: number): void {
  for (let i = from; i < source.count; i++) target.takeCell(target.count, source, i);
  for (let i = source.count - 1; i >= from; i--) source.removeCell(i);
}

/** Adds the page to the right of the path's last one to the parent, splitting upwards as need be. */
function insertIntoParent(root: TreeRoot, edit: Edit, path: Step[], right: NodePage): void {
  const separator = right.key(0).slice();
  if (right.level > 0) clearFirstKey(right);
  if (path.length === 1) return growRoot(root, edit, right, separator);
  const { page: parent, index } = path.at(-2) as Step;
  if (parent.insertBranchCell(index + 1, separator, right)) return;
  splitBranch(root, edit, path.slice(0, -1), { index: index + 1, key: separator, child: right });
}

function growRoot(root: TreeRoot, edit: Edit, right: NodePage, separator: Uint8Array): void {
  const left = root.page as NodePage;
  const page = NodePage.create(left.level + 1, edit.epoch, root.id);
  edit.grow();
  page.insertBranchCell(0, EMPTY_KEY, left);
  page.insertBranchCell(1, separator, right);
  root.page = page;
}

function splitBranch(root: TreeRoot, edit: Edit, path: Step[], added: { index: number; key: Uint8Array; child: NodePage }): void {
  const branch = (path.at(-1) as Step).page;
  const right = NodePage.create(branch.level, edit.epoch, root.id);
  edit.grow();
  const at = added.index === branch.count && isLastOfTree(path) ? branch.count - 1 : splitPoint(branch);
  moveCells(branch, right, at);
  const goesRight = added.index > at;
  const [page, index] = goesRight ? [right, added.index - at] : [branch, added.index];
  if (!page.insertBranchCell(index, added.key, added.child)) throw new RangeError("a split page has no room");
  insertIntoParent(root, edit, path, right);
}

/** The first cell of a branch has no key: whatever sorts before the second one belongs to it. */
function clearFirstKey(branch: NodePage): void {
  const copy = NodePage.create(branch.level, branch.epoch, branch.treeId);
  const first = branch.children?.[0];
  const placeholder = branch.refOffset(0);
  copy.insertBranchCell(0, EMPTY_KEY, first as NodePage);
  copy.bytes.set(branch.bytes.subarray(placeholder, placeholder + REF_BYTES), copy.refOffset(0));
  for (let i = 1; i < branch.count; i++) copy.takeCell(i, branch, i);
  branch.bytes.set(copy.bytes);
  branch.children = copy.children;
}

/** A page that uses less than this is merged with a neighbour if both fit into one. */
const MERGE_BELOW_BYTES: number = PAGE_PAYLOAD_BYTES / 4;

function shrink(units: UnitFile, root: TreeRoot, edit: Edit, path: Step[]): void {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const { page } = path[depth] as Step;
    if (page.usedBytes >= MERGE_BELOW_BYTES) return;
    const { page: parent, index } = path[depth - 1] as Step;
    if (page.count === 0) removeChild(parent, index, page, edit);
    else if (!mergeWithNeighbour(units, parent, index, edit)) return;
  }
  collapseRoot(units, root, edit);
}

function removeChild(parent: NodePage, index: number, child: NodePage, edit: Edit): void {
  parent.removeCell(index);
  edit.release(child);
  if (index === 0 && parent.count > 0) clearFirstKey(parent);
}

function mergeWithNeighbour(units: UnitFile, parent: NodePage, index: number, edit: Edit): boolean {
  const leftIndex = index > 0 ? index - 1 : index;
  if (leftIndex + 1 >= parent.count) return false;
  const other = units.child(parent, leftIndex === index ? index + 1 : leftIndex);
  const page = units.child(parent, index);
  const separator = parent.key(leftIndex + 1);
  if (other.usedBytes + page.usedBytes + separator.length > PAGE_PAYLOAD_BYTES) return false;
  const left = ownChild(units, parent, leftIndex, edit);
  const right = units.child(parent, leftIndex + 1);
  if (!appendCells(left, right, separator)) throw new RangeError("a merged page has no room");
  parent.removeCell(leftIndex + 1);
  edit.release(right);
  return true;
}

function appendCells(left: NodePage, right: NodePage, separator: Uint8Array): boolean {
  let from = 0;
  if (right.level > 0 && right.count > 0) {
    // The first cell of a branch has no key; in its new page it needs the one that the parent held for it.
    const index = left.count;
    if (!left.insertBranchCell(index, separator, right.children?.[0] as NodePage)) return false;
    const ref = right.refOffset(0);
    left.bytes.set(right.bytes.subarray(ref, ref + REF_BYTES), left.refOffset(index));
    from = 1;
  }
  for (let i = from; i < right.count; i++) if (!left.takeCell(left.count, right, i)) return false;
  return true;
}

function collapseRoot(units: UnitFile, root: TreeRoot, edit: Edit): void {
  let page = root.page as NodePage;
  while (page.level > 0 && page.count === 1) {
    const child = units.child(page, 0);
    edit.release(page);
    page = child;
    root.page = child;
    root.ref = child.ref;
  }
  if (page.count === 0) {
    edit.release(page);
    root.page = undefined;
    root.ref = undefined;
  }
}

/** True if the keys of a page ascend. */
export function isOrdered(page: NodePage): boolean {
  for (let i = 1; i < page.count; i++) if (compareKeys(page.key(i - 1), page.key(i)) >= 0) return false;
  return true;
}
