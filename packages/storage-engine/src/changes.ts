/**
 * What differs between two commits, found by comparing their trees: subtrees that both share are not entered.
 *
 * @module
 */
import { compareKeys, equalBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { NodePage } from "./node-page.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import { leafValue, rootPage, type TreeRoot } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";
import type { View } from "./view.ts";

/** One entry that differs. `before` is absent for an added one, `after` for a removed one. */
export interface EntryChange {
  readonly key: Uint8Array;
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

/** The entries of one tree that differ, in key order. */
export interface TreeChanges {
  readonly tree: string;
  readonly entries: readonly EntryChange[];
}

export function compareViews(units: UnitFile, before: View, after: View): TreeChanges[] {
  const changes: TreeChanges[] = [];
  const compare = (name: string, old: TreeRoot | undefined, now: TreeRoot | undefined): void => {
    if (old === now) return;
    const entries = compareTrees(units, old, now);
    if (entries.length > 0) changes.push({ tree: name, entries });
  };
  for (const [name, root] of before.trees) compare(name, root, after.trees.get(name));
  for (const [name, root] of after.trees) if (!before.trees.has(name)) compare(name, undefined, root);
  return changes;
}

/** A page, or where it stands: loading waits until it is known to differ. */
interface Handle {
  page: NodePage | undefined;
  ref: PageRef | undefined;
  readonly treeId: number;
  /** What its parent says; undefined for a root. */
  readonly level: number | undefined;
}

function compareTrees(units: UnitFile, before: TreeRoot | undefined, after: TreeRoot | undefined): EntryChange[] {
  let old = handlesOf(units, before);
  let now = handlesOf(units, after);
  for (;;) {
    [old, now] = withoutShared(old, now);
    const oldLevel = levelOf(units, old);
    const nowLevel = levelOf(units, now);
    if (oldLevel <= 0 && nowLevel <= 0) return compareLeaves(units, old, now);
    if (oldLevel >= nowLevel) old = childrenOf(units, old);
    if (nowLevel >= oldLevel) now = childrenOf(units, now);
  }
}

function handlesOf(units: UnitFile, root: TreeRoot | undefined): Handle[] {
  const page = root === undefined ? undefined : rootPage(units, root);
  return page === undefined ? [] : [{ page, ref: page.ref, treeId: page.treeId, level: undefined }];
}

function load(units: UnitFile, handle: Handle): NodePage {
  handle.page ??= units.loadPage(handle.ref as PageRef, handle.treeId, handle.level);
  return handle.page;
}

function levelOf(units: UnitFile, handles: Handle[]): number {
  return handles[0] === undefined ? -1 : load(units, handles[0]).level;
}

function childrenOf(units: UnitFile, handles: Handle[]): Handle[] {
  const children: Handle[] = [];
  for (const handle of handles) {
    const parent = load(units, handle);
    for (let i = 0; i < parent.count; i++) {
      const page = parent.children?.[i];
      const offset = parent.refOffset(i);
      const known = page ?? units.cache.find(parent.bytes, offset);
      children.push({ page: known, ref: page === undefined ? readRef(parent.bytes, offset) : page.ref, treeId: parent.treeId, level: parent.level - 1 });
    }
  }
  assertDistinct(children);
  return children;
}

/** In a forged plain file one page may be the child of many, and each level would be longer than the one before. */
function assertDistinct(handles: Handle[]): void {
  const places = new Set<number>();
  for (const { page, ref } of handles) {
    const place = (page?.ref ?? ref)?.place;
    if (place === undefined) continue;
    if (places.has(place)) throw new StoreError("PAGE_DAMAGED", `page ${place} stands in a tree more than once`);
    places.add(place);
  }
}

function isSame(a: Handle, b: Handle): boolean {
  if (a.page !== undefined && a.page === b.page) return true;
  const [refA, refB] = [a.page?.ref ?? a.ref, b.page?.ref ?? b.ref];
  if (refA === undefined || refB === undefined) return false;
  return refA.place === refB.place && refA.birth === refB.birth && equalBytes(refA.tag, refB.tag);
}

/** Takes away what both lists hold. Both are in key order, so a shared page is never compared out of turn. */
function withoutShared(old: Handle[], now: Handle[]): [Handle[], Handle[]] {
  let start = 0;
  while (start < old.length && start < now.length && isSame(old[start] as Handle, now[start] as Handle)) start++;
  let oldEnd = old.length;
  let nowEnd = now.length;
  while (oldEnd > start && nowEnd > start && isSame(old[oldEnd - 1] as Handle, now[nowEnd - 1] as Handle)) {
    oldEnd--;
    nowEnd--;
  }
  return withoutCommon(old.slice(start, oldEnd), now.slice(start, nowEnd));
}

function withoutCommon(old: Handle[], now: Handle[]): [Handle[], Handle[]] {
  if (old.length === 0 || now.length === 0) return [old, now];
  const identity = (handle: Handle): unknown => {
    const ref = handle.page?.ref ?? handle.ref;
    return ref === undefined ? handle.page : `${ref.place}.${ref.birth}`;
  };
  const inNow = new Set(now.map(identity));
  const shared = new Set(old.map(identity).filter((id) => inNow.has(id)));
  if (shared.size === 0) return [old, now];
  const differs = (handle: Handle): boolean => !shared.has(identity(handle));
  return [old.filter(differs), now.filter(differs)];
}

interface Entry {
  leaf: NodePage;
  index: number;
}

function compareLeaves(units: UnitFile, oldLeaves: Handle[], nowLeaves: Handle[]): EntryChange[] {
  const old = entriesOf(units, oldLeaves);
  const now = entriesOf(units, nowLeaves);
  const changes: EntryChange[] = [];
  let a = old.next();
  let b = now.next();
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareKeys(a.value.leaf.key(a.value.index), b.value.leaf.key(b.value.index));
    if (order < 0) {
      const { leaf, index } = a.value as Entry;
      changes.push({ key: leaf.key(index).slice(), before: leafValue(units, leaf, index) });
    } else if (order > 0) {
      const { leaf, index } = b.value as Entry;
      changes.push({ key: leaf.key(index).slice(), after: leafValue(units, leaf, index) });
    } else {
      const change = compareEntry(units, a.value as Entry, b.value as Entry);
      if (change !== undefined) changes.push(change);
    }
    if (order <= 0) a = old.next();
    if (order >= 0) b = now.next();
  }
  return changes;
}

function compareEntry(units: UnitFile, old: Entry, now: Entry): EntryChange | undefined {
  const before = leafValue(units, old.leaf, old.index);
  const after = leafValue(units, now.leaf, now.index);
  return equalBytes(before, after) ? undefined : { key: now.leaf.key(now.index).slice(), before, after };
}

function* entriesOf(units: UnitFile, leaves: Handle[]): Generator<Entry> {
  for (const handle of leaves) {
    const leaf = load(units, handle);
    for (let index = 0; index < leaf.count; index++) yield { leaf, index };
  }
}
