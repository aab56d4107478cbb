/**
 * Checks a whole file: every tag, every order, and that every page is reached once or free. Changes nothing.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { compareKeys, readU32 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { firstPage, LOG_OFFSET, PAGE_BYTES, REF_BYTES, SLOT_OFFSETS } from "./layout.ts";
import type { Log, LogHead } from "./log.ts";
import type { NodePage } from "./node-page.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import type { Progress, Steps } from "./sliced.ts";
import type { Slot } from "./slot.ts";
import { Space } from "./space.ts";
import { isOrdered, type TreeRoot } from "./tree.ts";
import { tolerantFile } from "./tolerant-file.ts";
import { UnitFile } from "./unit-file.ts";
import { decodeCatalogEntry } from "./view.ts";

/** What can be damaged. */
export type DamagedUnit = "header" | "slot" | "record" | "catalog" | "page" | "extent" | "space map";

/** Keys from `from`, inclusive, to `to`, exclusive; absent where the range has no end. */
export interface KeyRange {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
}

/** One thing that is wrong. */
export interface VerifyProblem {
  readonly code: string;
  /** Says what is wrong without any key or value of the application. */
  readonly message: string;
  readonly unit: DamagedUnit;
  /** A page's place in the file, in pages, where there is one. */
  readonly place?: number;
  /** Where in the file it begins, in bytes, where it has a place. */
  readonly fileOffset?: number;
  /** Name of the tree that it belongs to. */
  readonly tree?: string;
  /** The keys that cannot be reached because of it: those of the page and of all pages below it. */
  readonly range?: KeyRange;
}

/** What is damaged of one tree. */
export interface TreeDamage {
  readonly tree: string;
  /** Entries that its root says it has, as the newest slot has it. */
  readonly entries: number;
  /** Entries whose keys and places are whole. */
  readonly reachable: number;
  /** Those of the reachable ones whose value, a long one, is damaged. */
  readonly valuesLost: number;
  readonly ranges: readonly KeyRange[];
}

export interface VerifyReport {
  readonly isClean: boolean;
  readonly problems: readonly VerifyProblem[];
  /** One for each tree that has lost anything; in order of their names. */
  readonly damagedTrees: readonly TreeDamage[];
  /** Trees that cannot be named, since their entry in the catalog is lost. */
  readonly lostTrees: number;
  /** The newest commit that is reached, in pages or in the log. */
  readonly commit: number;
  readonly trees: number;
  /** Entries of the pages that are reached. */
  readonly entries: number;
  /** Pages of the trees that were read and checked. */
  readonly pages: number;
  /** Pages that are in use, pending or free, counted from the file's start. */
  readonly filePages: number;
  /** Whole records of the log that the pages do not hold. */
  readonly records: number;
}

/** A file, opened or surveyed. */
export interface VerifySource {
  readonly units: UnitFile;
  readonly log: Log;
  readonly isHeaderWhole: boolean;
  readonly isSlotWhole: readonly [boolean, boolean];
  /** The slot to start from; undefined if there is none. */
  readonly slot: Slot | undefined;
}

/** Reads the file afresh, without the cache. */
export function verifyFile(source: VerifySource): Steps<VerifyReport> {
  return new Verifier(source).run();
}

interface Owner {
  readonly name: string;
  readonly id: number;
  readonly unit: DamagedUnit;
}

interface Found {
  entries: number;
  valuesLost: number;
  readonly ranges: KeyRange[];
}

class Verifier {
  readonly #source: VerifySource;
  readonly #units: UnitFile;
  readonly #problems: VerifyProblem[] = [];
  readonly #reached = new Map<number, string>();
  readonly #damagedTrees: TreeDamage[] = [];
  #pages = 0;
  #entries = 0;
  #isTreeDamaged = false;
  readonly #totalPages: number;

  constructor(source: VerifySource) {
    this.#source = source;
    const { file, seal, fileId } = source.units;
    // A sector that cannot be read is damage like any other.
    this.#units = new UnitFile(tolerantFile(file), seal, fileId, 0);
    this.#totalPages = Math.max(1, Math.floor(file.sizeBytes() / PAGE_BYTES) - firstPage(source.log.ringBytes));
  }

  *run(): Steps<VerifyReport> {
    const { slot } = this.#source;
    this.#checkFront();
    const { head, records } = this.#checkLog();
    const { trees, lostTrees } = slot === undefined ? { trees: 0, lostTrees: 0 } : yield* this.#walkTrees(slot);
    const filePages = slot === undefined ? 0 : (this.#attempt({ unit: "space map", place: slot.space.place }, () => this.#checkSpace(slot)) ?? 0);
    return {
      isClean: this.#problems.length === 0,
      problems: this.#problems,
      damagedTrees: this.#damagedTrees.sort((a, b) => (a.tree < b.tree ? -1 : 1)),
      lostTrees,
      commit: head?.commit ?? 0,
      trees,
      entries: this.#entries,
      pages: this.#pages,
      filePages,
      records,
    };
  }

  #progress(): Progress {
    return { unit: "pages", done: Math.min(this.#reached.size, this.#totalPages), total: this.#totalPages };
  }

  #report(problem: VerifyProblem): void {
    const { place } = problem;
    this.#problems.push(place === undefined ? problem : { ...problem, fileOffset: place * PAGE_BYTES });
  }

  #attempt<T>(where: Omit<VerifyProblem, "code" | "message">, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#report({ code: error.code, message: error.message, ...where });
      return undefined;
    }
  }

  // ---- Header, slots, log --------------------------------------------------------------------------------------

  #checkFront(): void {
    const { isHeaderWhole, isSlotWhole } = this.#source;
    if (!isHeaderWhole) this.#report({ code: "HEADER_DAMAGED", message: "the header is damaged; a copy of it is whole", unit: "header", fileOffset: 0 });
    isSlotWhole.forEach((isWhole, index) => {
      if (!isWhole) this.#report({ code: "SLOT_DAMAGED", message: `slot ${index} is damaged`, unit: "slot", fileOffset: SLOT_OFFSETS[index as 0 | 1] });
    });
  }

  #checkLog(): { head: LogHead | undefined; records: number } {
    const { log, slot, isSlotWhole } = this.#source;
    if (slot === undefined) return { head: undefined, records: 0 };
    let head: LogHead = { position: slot.logPosition, commit: slot.commit, tag: slot.logTag };
    let records = 0;
    for (;;) {
      for (let entry = log.next(head); entry !== undefined; entry = log.next(head)) {
        head = entry.head;
        records++;
      }
      const at = { unit: "record" as const, fileOffset: LOG_OFFSET + (head.position % log.ringBytes) };
      const later = this.#attempt(at, () => log.findLater(head));
      if (later === undefined) return { head, records };
      // Another process may have committed in between: then the chain goes on.
      if (log.next(head) !== undefined) continue;
      const code = isSlotWhole.includes(false) ? "SLOT_DAMAGED" : "LOG_DAMAGED";
      const message = `commit ${head.commit + 1} stands in the log no more, and commit ${later} behind it is whole`;
      this.#report({ code, message, unit: "record", fileOffset: LOG_OFFSET + (head.position % log.ringBytes) });
      return { head, records };
    }
  }

  // ---- Trees ---------------------------------------------------------------------------------------------------

  *#walkTrees(slot: Slot): Steps<{ trees: number; lostTrees: number }> {
    const roots: TreeRoot[] = [];
    if (slot.catalog !== undefined) {
      const catalog: Owner = { name: "the catalog", id: 0, unit: "catalog" };
      const found = yield* this.#walkTree(catalog, slot.catalog, (leaf) => {
        for (let i = 0; i < leaf.count; i++) {
          const at = leaf.keyEnd(i);
          const value = leaf.bytes.subarray(at, at + leaf.valueLength(i));
          const root = this.#attempt({ unit: "catalog" }, () => decodeCatalogEntry(leaf.key(i), value));
          if (root !== undefined) roots.push(root);
        }
      });
      this.#compareCount(catalog, found, slot.catalogCount);
    }
    for (const root of roots) yield* this.#walkNamedTree(root);
    return { trees: roots.length, lostTrees: Math.max(0, slot.catalogCount - roots.length) };
  }

  *#walkNamedTree(root: TreeRoot): Steps<void> {
    const owner: Owner = { name: root.name, id: root.id, unit: "page" };
    const nothing: Found = { entries: 0, valuesLost: 0, ranges: [] };
    const found = root.ref === undefined ? nothing : yield* this.#walkTree(owner, root.ref, () => {});
    this.#entries += found.entries;
    const isWhole = found.ranges.length === 0 && found.valuesLost === 0;
    if (!isWhole) this.#damagedTrees.push({ tree: root.name, entries: root.count, reachable: found.entries, valuesLost: found.valuesLost, ranges: found.ranges });
    this.#compareCount(owner, found, root.count);
  }

  #compareCount(owner: Owner, found: Found, count: number): void {
    if (found.ranges.length > 0 || found.entries === count) return;
    const named = owner.id === 0 ? {} : { tree: owner.name };
    this.#report({ code: "PAGE_DAMAGED", message: `${textOf(owner)} has ${found.entries} entries where its root says ${count}`, unit: owner.unit, ...named });
  }

  *#walkTree(owner: Owner, ref: PageRef, visit: (leaf: NodePage) => void): Steps<Found> {
    const found: Found = { entries: 0, valuesLost: 0, ranges: [] };
    yield* this.#walkPage({ owner, found, visit }, ref, { level: undefined, range: {} });
    return found;
  }

  *#walkPage(walk: Walk, ref: PageRef, expected: { level: number | undefined; range: KeyRange }): Steps<void> {
    const { owner, found } = walk;
    const { level, range } = expected;
    const where = { unit: owner.unit, place: ref.place, range, ...(owner.id === 0 ? {} : { tree: owner.name }) };
    const isFirst = this.#reach(owner, ref);
    // What is below a page that stands in two places is not walked again: a forged plain file would keep us for ever.
    const page = isFirst ? this.#attempt(where, () => this.#units.loadPage(ref, owner.id, level)) : undefined;
    yield this.#progress();
    if (page === undefined) {
      this.#isTreeDamaged = true;
      found.ranges.push(range);
      return;
    }
    this.#pages++;
    if (!isOrdered(page)) this.#report({ code: "PAGE_DAMAGED", message: `page ${ref.place} of ${textOf(owner)} is not in order`, ...where });
    if (!isInside(page, range)) this.#report({ code: "PAGE_DAMAGED", message: `page ${ref.place} of ${textOf(owner)} holds keys that belong elsewhere`, ...where });
    if (page.level === 0) {
      walk.visit(page);
      return this.#walkLeaf(walk, page);
    }
    for (let i = 0; i < page.count; i++) {
      yield* this.#walkPage(walk, readRef(page.bytes, page.refOffset(i)), { level: page.level - 1, range: childRange(page, i, range) });
    }
  }

  #walkLeaf({ owner, found }: Walk, leaf: NodePage): void {
    found.entries += leaf.count;
    for (let i = 0; i < leaf.count; i++) {
      if (!leaf.isLarge(i)) continue;
      const at = leaf.keyEnd(i);
      const ref = readRef(leaf.bytes, at);
      const isFirst = this.#reach(owner, ref);
      const where = { unit: "extent" as const, place: ref.place, tree: owner.name, range: onlyKey(leaf.key(i)) };
      const value = !isFirst ? undefined : this.#attempt(where, () => this.#units.readExtent(UNIT_KIND.extent, ref, readU32(leaf.bytes, at + REF_BYTES)));
      if (value === undefined) found.valuesLost++;
    }
  }

  /** False if something else has reached one of these pages before. */
  #reach(owner: Owner, ref: PageRef): boolean {
    let isFirst = true;
    for (let page = ref.place; page < ref.place + ref.pages; page++) {
      const other = this.#reached.get(page);
      if (other !== undefined) {
        isFirst = false;
        this.#report({ code: "PAGE_DAMAGED", message: `page ${page} is reached by ${textOf(owner)} and by ${other}`, unit: owner.unit, place: page });
      }
      this.#reached.set(page, textOf(owner));
    }
    return isFirst;
  }

  // ---- Space ---------------------------------------------------------------------------------------------------

  #checkSpace(slot: Slot): number {
    const map: Owner = { name: "the space map", id: 0, unit: "space map" };
    this.#reach(map, slot.space);
    const first = firstPage(this.#source.log.ringBytes);
    const space = Space.decode(this.#units.readExtent(UNIT_KIND.space, slot.space, slot.spaceBytes), { firstPage: first, filePages: this.#units.filePages });
    for (const { place, pages } of space.pending) this.#reach({ ...map, name: "the pending pages" }, { place, pages, birth: 0, tag: new Uint8Array(0) });
    const report = (place: number, message: string): void => this.#report({ code: "PAGE_DAMAGED", message: `page ${place} ${message}`, unit: "space map", place });
    for (let page = first; page < space.pageCount; page++) {
      const owner = this.#reached.get(page);
      // Below a damaged page nothing is reached, and nothing is wrong with the map.
      if (space.isUsed(page) && owner === undefined && !this.#isTreeDamaged) report(page, "is marked as used, but nothing reaches it");
      if (!space.isUsed(page) && owner !== undefined) report(page, `is marked as free, but ${owner} reaches it`);
    }
    for (const page of this.#reached.keys()) if (page < first || page >= space.pageCount) report(page, "lies outside the file's pages");
    return space.pageCount;
  }
}

interface Walk {
  readonly owner: Owner;
  readonly found: Found;
  readonly visit: (leaf: NodePage) => void;
}

/** A tree's name is the application's: messages have its id. */
function textOf(owner: Owner): string {
  return owner.id === 0 ? owner.name : `tree ${owner.id}`;
}

/** The keys that the child at `index` of a branch holds. */
export function childRange(branch: NodePage, index: number, range: KeyRange): KeyRange {
  const from = index === 0 ? range.from : branch.key(index).slice();
  const to = index + 1 < branch.count ? branch.key(index + 1).slice() : range.to;
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** The range that holds one key. */
export function onlyKey(key: Uint8Array): KeyRange {
  const to = new Uint8Array(key.length + 1);
  to.set(key);
  return { from: key.slice(), to };
}

/** True if all keys of a page are in the range. */
export function isInside(page: NodePage, { from, to }: KeyRange): boolean {
  const first = page.level === 0 ? 0 : 1;
  if (page.count <= first) return true;
  if (from !== undefined && compareKeys(page.key(first), from) < 0) return false;
  return to === undefined || compareKeys(page.key(page.count - 1), to) < 0;
}
