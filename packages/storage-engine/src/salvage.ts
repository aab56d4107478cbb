/**
 * Salvage: everything that can be read of a damaged file, written into a new one, with a report of what is missing.
 *
 * Where each entry is looked for, most certain first:
 *
 * 1. The newest root that is whole, and every path below it that is: what it says is so.
 * 2. Where a path ends in damage, the older slot and the log between the two: they say the same as the newest slot.
 * 3. Pages that the map of used pages counts as in use though no path leads to them: they are below the damage.
 * 4. Only if entries are still missing by the count in the root: pages given up earlier, and records of the log that the
 *    pages held already. What comes from there may be older than what was lost, and is reported so.
 *
 * Then the log behind the root is replayed. Every unit is believed only if its tag is right.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { compareKeys, equalBytes, readU32 } from "./bytes.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { newestSlot } from "./file-opening.ts";
import { firstPage, REF_BYTES } from "./layout.ts";
import { Log, type LogEntry, type LogHead } from "./log.ts";
import { OPERATION, readOperations } from "./log-record.ts";
import type { NewStore } from "./new-store.ts";
import type { NodePage } from "./node-page.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import { chainBetween, chainFrom, lostName, recordsSincePages, Replay } from "./salvage-log.ts";
import { scanPages, Spans, type FoundPage, type FoundPages } from "./salvage-scan.ts";
import type { Progress, Steps } from "./sliced.ts";
import type { Slot } from "./slot.ts";
import { Space } from "./space.ts";
import type { Survey } from "./survey.ts";
import { isOrdered, TreeRoot } from "./tree.ts";
import { UnitFile } from "./unit-file.ts";
import { childRange, isInside, onlyKey, type KeyRange } from "./verify.ts";
import { decodeCatalogEntry } from "./view.ts";

/** How a tree came out. */
export interface TreeSalvage {
  readonly tree: string;
  /** False if its name was lost; `tree` is then one made up from its id. */
  readonly isNamed: boolean;
  /** Entries that are now in the new file. */
  readonly entries: number;
  /** Of those: read along whole paths, or from the older slot and the log, which say the same. */
  readonly intact: number;
  /** Of those: found in pages whose parent is damaged. They are the newest of their keys. */
  readonly scanned: number;
  /** Of those: found in pages or records that may be older than what was lost. They stand in `olderRanges`. */
  readonly older: number;
  /** Entries that its root counts and that were not found; absent if the count is lost too. */
  readonly lost?: number;
  /** Where entries are lost or may be older. */
  readonly lostRanges: readonly KeyRange[];
  readonly olderRanges: readonly KeyRange[];
}

export interface SalvageReport {
  /** `complete`: everything of the newest commit. `nothing`: no entry was found, and no file was made. */
  readonly state: "complete" | "partial" | "nothing";
  /** Where the trees' roots were found. */
  readonly root: "newest slot" | "older slot" | "pages" | "nowhere";
  readonly isHeaderWhole: boolean;
  /** The newest commit of which anything was found. */
  readonly commit: number;
  /** Commits whose records are lost while later ones were found; later records are applied all the same. */
  readonly missingCommits?: { readonly from: number; readonly to: number };
  readonly trees: readonly TreeSalvage[];
}

/** A state of the database from which trees are read. */
interface Root {
  readonly kind: SalvageReport["root"];
  readonly catalog: PageRef | undefined;
  readonly head: LogHead | undefined;
  readonly slot: Slot | undefined;
}

/** The trees that a root names. */
interface Catalog {
  readonly trees: Map<number, TreeRoot>;
  readonly isWhole: boolean;
}

/** One tree while it is being brought out. */
interface Work {
  readonly id: number;
  readonly name: string;
  readonly put: (key: Uint8Array, value: Uint8Array) => void;
  readonly count: () => number;
  scanned: number;
  older: number;
  lost: number | undefined;
  lostRanges: KeyRange[];
  olderRanges: KeyRange[];
}

/** What a walk over a tree tells. */
interface Visitor {
  entry(key: Uint8Array, value: Uint8Array): void;
  lost(range: KeyRange): void;
}

export class Salvage {
  readonly #survey: Survey;
  readonly #units: UnitFile;
  readonly #log: Log;
  readonly #store: NewStore;
  readonly #reached = new Set<number>();
  readonly #names = new Map<number, string>();
  readonly #works: Work[] = [];
  #found: FoundPages | undefined;
  #doneEntries = 0;
  #totalEntries = 0;

  constructor(survey: Survey, store: NewStore) {
    this.#survey = survey;
    const { file, seal, header } = survey;
    this.#units = new UnitFile(file, seal, header.fileId, 0);
    this.#log = new Log(file, seal, header.fileId, header.logBytes);
    this.#store = store;
  }

  *run(): Steps<SalvageReport> {
    const { root, other } = yield* this.#chooseRoots();
    const catalog = yield* this.#readCatalog(root);
    const exact = other === undefined ? undefined : yield* this.#bridge(root, other);
    const isCatalogKnown = catalog.isWhole || exact?.catalog.isWhole === true;
    const trees = yield* this.#allTrees(catalog, exact);
    this.#totalEntries = [...trees.values()].reduce((sum, tree) => sum + tree.count, 0);
    const used = this.#readUsedPlaces(root);
    for (const tree of trees.values()) yield* this.#salvageTree(tree, { root, exact, used, isCurrent: catalog.trees.has(tree.id) });
    if (!isCatalogKnown) yield* this.#salvageNameless(trees, { root, used });
    const tail = this.#replayTail(root);
    return this.#report({ root, ...tail, isCatalogKnown });
  }

  // ---- Roots ---------------------------------------------------------------------------------------------------

  *#chooseRoots(): Steps<{ root: Root; other: Root | undefined }> {
    const { slots, isSlotWhole } = this.#survey;
    const newest = newestSlot(slots);
    if (newest === undefined) return { root: yield* this.#rootOfPages(), other: undefined };
    const beside = slots[1 - (newest.generation % 2)];
    // A damaged slot beside this one may have been newer.
    const kind = beside === undefined && isSlotWhole.includes(false) ? "older slot" : "newest slot";
    return { root: rootOf(newest, kind), other: beside === undefined ? undefined : rootOf(beside, "older slot") };
  }

  /** Without any slot: the newest root of a catalog that is found. */
  *#rootOfPages(): Steps<Root> {
    const [newest, ...rest] = (yield* this.#pages()).get(0) ?? [];
    if (newest === undefined) return { kind: "nowhere", catalog: undefined, head: undefined, slot: undefined };
    let root = newest;
    for (const page of rest) if (page.ref.birth === newest.ref.birth && page.level > root.level) root = page;
    return { kind: "pages", catalog: root.ref, head: undefined, slot: undefined };
  }

  *#readCatalog({ catalog }: Root): Steps<Catalog> {
    const trees = new Map<number, TreeRoot>();
    let isWhole = catalog !== undefined || this.#survey.slots.some((slot) => slot !== undefined);
    const visitor: Visitor = {
      entry: (key, value) => {
        const root = decodeCatalogEntry(key, value);
        trees.set(root.id, root);
      },
      lost: () => (isWhole = false),
    };
    if (catalog !== undefined) yield* this.#walk(catalog, 0, {}, visitor);
    return { trees, isWhole };
  }

  /** The older slot, if the log leads from it to the root without a gap: then both together say what the root says. */
  *#bridge(root: Root, other: Root): Steps<Exact | undefined> {
    if (root.head === undefined || other.head === undefined) return undefined;
    const bridge = chainBetween(this.#log, other.head, root.head);
    return bridge === undefined ? undefined : { catalog: yield* this.#readCatalog(other), bridge };
  }

  /** The trees of the root, and those of which only the older slot, the log or a found page of a catalog tells. */
  *#allTrees(catalog: Catalog, exact: Exact | undefined): Steps<Map<number, TreeRoot>> {
    const trees = new Map(catalog.trees);
    if (!catalog.isWhole) {
      for (const tree of exact === undefined ? [] : treesAfter(exact)) if (!trees.has(tree.id)) trees.set(tree.id, tree);
      if (exact?.catalog.isWhole !== true) yield* this.#addFoundTrees(trees);
    }
    for (const { id, name } of trees.values()) this.#names.set(id, name);
    return trees;
  }

  *#addFoundTrees(trees: Map<number, TreeRoot>): Steps<void> {
    const names = new Set([...trees.values()].map(({ name }) => name));
    for (const page of (yield* this.#pages()).get(0) ?? []) {
      if (page.level > 0) continue;
      const leaf = this.#units.loadPage(page.ref, 0);
      for (let i = 0; i < leaf.count; i++) {
        const at = leaf.keyEnd(i);
        const tree = decodeCatalogEntry(leaf.key(i), leaf.bytes.subarray(at, at + leaf.valueLength(i)));
        if (trees.has(tree.id) || names.has(tree.name)) continue;
        names.add(tree.name);
        trees.set(tree.id, tree);
      }
    }
  }

  /** Places that the root reaches, by its own map; undefined if there is none. */
  #readUsedPlaces({ slot }: Root): ((place: number) => boolean) | undefined {
    if (slot === undefined) return undefined;
    const space = tryRead(() => Space.decode(this.#units.readExtent(UNIT_KIND.space, slot.space, slot.spaceBytes), { firstPage: firstPage(this.#log.ringBytes), filePages: this.#units.filePages }));
    if (space === undefined) return undefined;
    const pending = new Set<number>();
    for (const { place, pages } of space.pending) for (let page = place; page < place + pages; page++) pending.add(page);
    return (place) => space.isUsed(place) && !pending.has(place);
  }

  *#pages(): Steps<FoundPages> {
    this.#found ??= yield* scanPages(this.#survey);
    return this.#found;
  }

  // ---- One tree ------------------------------------------------------------------------------------------------

  #work(id: number, name: string): Work {
    const tree = this.#store.transaction.tree(name);
    const put = (key: Uint8Array, value: Uint8Array): void => {
      tree.put(key, value);
      this.#store.wrote(key.length + value.length);
      this.#doneEntries++;
    };
    const work: Work = { id, name, put, count: () => tree.count, scanned: 0, older: 0, lost: undefined, lostRanges: [], olderRanges: [] };
    this.#works.push(work);
    return work;
  }

  *#salvageTree(tree: TreeRoot, from: Sources & { readonly exact: Exact | undefined; readonly isCurrent: boolean }): Steps<void> {
    const { root, exact, used, isCurrent } = from;
    // Of a tree that no root names, the map of used pages tells whether it still was.
    if (!isCurrent && exact === undefined && used !== undefined && !(yield* this.#hasUsedPage(tree.id, used))) return;
    const work = this.#work(tree.id, tree.name);
    const lost: KeyRange[] = [];
    if (!isCurrent) lost.push({});
    else if (tree.ref !== undefined) yield* this.#walk(tree.ref, tree.id, {}, { entry: work.put, lost: (range) => lost.push(range) });
    const left = exact === undefined || lost.length === 0 ? lost : yield* this.#fillFromOlderSlot(work, lost, exact);
    const expected = isCurrent && root.slot !== undefined ? tree.count : undefined;
    work.lost = expected === undefined ? 0 : Math.max(0, expected - work.count());
    if (root.slot === undefined) this.#doubt(work);
    if (left.length > 0) yield* this.#fillFromPages(work, left, { expected, used, generation: root.slot?.generation ?? Infinity });
  }

  /** A root that no slot names was one once; whether it was the last one, nobody can tell. */
  #doubt(work: Work): void {
    work.older = work.count();
    work.olderRanges.push({});
  }

  *#hasUsedPage(treeId: number, used: (place: number) => boolean): Steps<boolean> {
    return ((yield* this.#pages()).get(treeId) ?? []).some(({ level, ref }) => level === 0 && used(ref.place));
  }

  /** Slot N-1 and the log between them say what slot N says. @returns The ranges that are damaged there too. */
  *#fillFromOlderSlot(work: Work, lost: readonly KeyRange[], { catalog, bridge }: Exact): Steps<KeyRange[]> {
    const tree = catalog.trees.get(work.id);
    if (tree === undefined && !catalog.isWhole && !createdIn(bridge).has(work.id)) return [...lost];
    const target = this.#store.transaction.tree(work.name);
    const left: KeyRange[] = [];
    for (const range of lost) {
      let parts: KeyRange[] = [];
      const visitor: Visitor = { entry: work.put, lost: (part) => parts.push(intersect(part, range)) };
      if (tree?.ref !== undefined) yield* this.#walk(tree.ref, work.id, range, visitor);
      for (const record of bridge) {
        for (const { kind, treeId, key, value } of readOperations(record.plaintext)) {
          if (treeId !== work.id) continue;
          if (kind === OPERATION.put && contains(range, key)) target.put(key, value);
          else if (kind === OPERATION.delete && contains(range, key)) target.delete(key);
          else if (kind === OPERATION.clearTree) {
            clearRange(target, range);
            parts = [];
          }
        }
      }
      left.push(...parts);
    }
    return left;
  }

  *#fillFromPages(work: Work, left: readonly KeyRange[], known: { expected: number | undefined; used: Sources["used"]; generation: number }): Steps<void> {
    const { expected, used, generation } = known;
    const pages = ((yield* this.#pages()).get(work.id) ?? []).filter(({ level, ref }) => level === 0 && !this.#reached.has(ref.place) && ref.birth <= generation);
    const search: Search = { ranges: left, spans: new Spans(), settled: new Set() };
    const before = work.count();
    for (const page of pages) if (used?.(page.ref.place) === true) yield* this.#putPage(work, page, search);
    work.scanned = work.count() - before;
    work.lost = expected === undefined ? undefined : Math.max(0, expected - work.count());
    if (work.lost === 0) return;
    yield* this.#fillFromThePast(work, pages, search);
    work.olderRanges.push(...left);
    if (expected !== undefined) work.lost = Math.max(0, expected - work.count());
    if (work.lost !== 0) work.lostRanges.push(...left);
  }

  /** Pages given up earlier and records that the pages held already: real once, and perhaps not the last of their keys. */
  *#fillFromThePast(work: Work, pages: readonly FoundPage[], search: Search): Steps<void> {
    const tree = this.#store.transaction.tree(work.name);
    const before = work.count();
    const last = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array | undefined }>();
    for (const record of this.#log.allRecords()) {
      for (const { kind, treeId, key, value } of readOperations(record.plaintext)) {
        if (treeId !== work.id || kind > OPERATION.delete || !search.ranges.some((range) => contains(range, key))) continue;
        if (!search.spans.has(key) && !tree.has(key)) last.set(textOf(key), { key, value: kind === OPERATION.put ? value : undefined });
      }
    }
    const settled = new Set(last.keys());
    for (const page of pages) yield* this.#putPage(work, page, { ...search, settled });
    for (const { key, value } of last.values()) if (value !== undefined && !tree.has(key)) work.put(key, value);
    work.older = work.count() - before;
  }

  /** The entries of a page that fall into the ranges and that nothing newer speaks for. */
  *#putPage(work: Work, page: FoundPage, { ranges, spans, settled }: Search): Steps<void> {
    yield this.#progress();
    const leaf = this.#reached.has(page.ref.place) ? undefined : tryRead(() => this.#units.loadPage(page.ref, work.id));
    if (leaf === undefined) return;
    const tree = this.#store.transaction.tree(work.name);
    for (let i = 0; i < leaf.count; i++) {
      const key = leaf.key(i);
      if (spans.has(key) || (settled.size > 0 && settled.has(textOf(key))) || tree.has(key) || !ranges.some((range) => contains(range, key))) continue;
      const value = this.#valueOf(leaf, i);
      if (value !== undefined) work.put(key, value);
    }
    this.#reached.add(page.ref.place);
    spans.add(page.first, page.last);
  }

  /** Trees of which no catalog tells: their pages name them by their ids only. */
  *#salvageNameless(known: ReadonlyMap<number, TreeRoot>, { root, used }: Sources): Steps<void> {
    for (const [id, pages] of yield* this.#pages()) {
      if (id === 0 || known.has(id) || !pages.some(({ level }) => level === 0)) continue;
      if (used !== undefined && !(yield* this.#hasUsedPage(id, used))) continue;
      const work = this.#work(id, this.#names.get(id) ?? lostName(id));
      this.#names.set(id, work.name);
      yield* this.#fillFromPages(work, [{}], { expected: undefined, used, generation: root.slot?.generation ?? Infinity });
    }
  }

  // ---- Pages ---------------------------------------------------------------------------------------------------

  *#walk(ref: PageRef, treeId: number, wanted: KeyRange, visitor: Visitor): Steps<void> {
    yield* this.#walkPage({ ref, treeId, level: undefined, range: {} }, wanted, visitor);
  }

  *#walkPage(at: { ref: PageRef; treeId: number; level: number | undefined; range: KeyRange }, wanted: KeyRange, visitor: Visitor): Steps<void> {
    const { ref, treeId, level, range } = at;
    const page = tryRead(() => this.#units.loadPage(ref, treeId, level));
    if (page === undefined || !isOrdered(page) || !isInside(page, range)) return visitor.lost(range);
    this.#reached.add(ref.place);
    if (page.level === 0) {
      this.#walkLeaf(page, wanted, visitor);
      yield this.#progress();
      return;
    }
    for (let i = 0; i < page.count; i++) {
      const child = childRange(page, i, range);
      if (!overlaps(child, wanted)) continue;
      yield* this.#walkPage({ ref: readRef(page.bytes, page.refOffset(i)), treeId, level: page.level - 1, range: child }, wanted, visitor);
    }
  }

  #walkLeaf(leaf: NodePage, wanted: KeyRange, visitor: Visitor): void {
    for (let i = 0; i < leaf.count; i++) {
      const key = leaf.key(i);
      if (!contains(wanted, key)) continue;
      const value = this.#valueOf(leaf, i);
      if (value === undefined) visitor.lost(onlyKey(key));
      else visitor.entry(key, value);
    }
  }

  #valueOf(leaf: NodePage, index: number): Uint8Array | undefined {
    const at = leaf.keyEnd(index);
    if (!leaf.isLarge(index)) return leaf.bytes.subarray(at, at + leaf.valueLength(index));
    return tryRead(() => this.#units.readExtent(UNIT_KIND.extent, readRef(leaf.bytes, at), readU32(leaf.bytes, at + REF_BYTES)));
  }

  #progress(): Progress {
    return { unit: "entries", done: Math.min(this.#doneEntries, this.#totalEntries), total: Math.max(1, this.#totalEntries) };
  }

  // ---- Log and report ------------------------------------------------------------------------------------------

  #replayTail({ head }: Root): Tail {
    const all = this.#log.allRecords();
    const replay = new Replay(this.#store.transaction, this.#names);
    const emptied = replay.emptied;
    if (head === undefined) {
      replay.apply(recordsSincePages(all));
      return { commit: all.at(-1)?.head.commit ?? 0, emptied };
    }
    const chain = chainFrom(this.#log, head);
    replay.apply(chain);
    const end = chain.at(-1)?.head ?? head;
    const behind = all.filter((entry) => entry.position > end.position && entry.head.commit > end.commit);
    replay.apply(behind);
    const [first] = behind;
    if (first === undefined) return { commit: end.commit, emptied };
    return { commit: behind.at(-1)?.head.commit ?? end.commit, emptied, missingCommits: { from: end.commit + 1, to: first.head.commit - 1 } };
  }

  #report(found: Tail & { readonly root: Root; readonly isCatalogKnown: boolean }): SalvageReport {
    const { root, commit, missingCommits, emptied, isCatalogKnown } = found;
    const trees = this.#store.transaction.treeNames().map((name) => this.#reportTree(name, emptied.has(name)));
    const isWhole = (tree: TreeSalvage): boolean => tree.lost === 0 && tree.olderRanges.length === 0 && tree.isNamed;
    const isComplete = isCatalogKnown && root.kind === "newest slot" && missingCommits === undefined && trees.every(isWhole);
    const isNothing = !isComplete && trees.every(({ entries }) => entries === 0);
    const state = isComplete ? "complete" : isNothing ? "nothing" : "partial";
    return { state, root: root.kind, isHeaderWhole: this.#survey.isHeaderWhole, commit, ...(missingCommits === undefined ? {} : { missingCommits }), trees };
  }

  #reportTree(name: string, isEmptied: boolean): TreeSalvage {
    const { count } = this.#store.transaction.tree(name);
    const work = isEmptied ? undefined : this.#works.find((each) => each.name === name);
    const isNamed = ![...this.#names].some(([id, known]) => known === name && name === lostName(id));
    const { scanned = 0, older = 0, lostRanges = [], olderRanges = [] } = work ?? {};
    const lost = work === undefined ? 0 : work.lost;
    const intact = Math.max(0, count - scanned - older);
    return { tree: name, isNamed, entries: count, intact, scanned, older, ...(lost === undefined ? {} : { lost }), lostRanges, olderRanges };
  }
}

/** What the log behind the root gave. */
interface Tail {
  readonly commit: number;
  /** Trees that were cleared or dropped: what was lost of them before does not count. */
  readonly emptied: ReadonlySet<string>;
  readonly missingCommits?: NonNullable<SalvageReport["missingCommits"]>;
}

interface Sources {
  readonly root: Root;
  /** True for places that the root reaches. */
  readonly used: ((place: number) => boolean) | undefined;
}

/** Which keys are looked for in pages without a parent. */
interface Search {
  readonly ranges: readonly KeyRange[];
  /** Filled by pages of newer births. */
  readonly spans: Spans;
  /** Keys of which the log knows more. */
  readonly settled: ReadonlySet<string>;
}

/** The older slot, if the log leads from it to the newest one without a gap. */
interface Exact {
  readonly catalog: Catalog;
  readonly bridge: readonly LogEntry[];
}

/** The trees that the older slot and the log between name. */
function treesAfter({ catalog, bridge }: Exact): TreeRoot[] {
  const trees = new Map(catalog.trees);
  for (const [id, name] of createdIn(bridge)) trees.set(id, new TreeRoot(id, name, 0, undefined, undefined));
  for (const { plaintext } of bridge) for (const { kind, treeId } of readOperations(plaintext)) if (kind === OPERATION.dropTree) trees.delete(treeId);
  return [...trees.values()];
}

function createdIn(records: readonly LogEntry[]): Map<number, string> {
  const created = new Map<number, string>();
  for (const { plaintext } of records) {
    for (const { kind, treeId, key } of readOperations(plaintext)) if (kind === OPERATION.createTree) created.set(treeId, new TextDecoder().decode(key));
  }
  return created;
}

/** Equal for equal keys, and only for them. */
function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function rootOf(slot: Slot, kind: Root["kind"]): Root {
  return { kind, catalog: slot.catalog, head: { position: slot.logPosition, commit: slot.commit, tag: slot.logTag }, slot };
}

/** Undefined where the engine says that something is damaged; other errors, those of the disk among them, pass. */
function tryRead<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const known = asStoreError(error, "reading");
    if (known instanceof StoreError && (known.code === "PAGE_DAMAGED" || known.code === "IO_FAILED")) return undefined;
    throw error;
  }
}

function contains({ from, to }: KeyRange, key: Uint8Array): boolean {
  return (from === undefined || compareKeys(from, key) <= 0) && (to === undefined || compareKeys(key, to) < 0);
}

function overlaps(a: KeyRange, b: KeyRange): boolean {
  const endsBefore = (one: KeyRange, two: KeyRange): boolean => one.to !== undefined && two.from !== undefined && compareKeys(one.to, two.from) <= 0;
  return !endsBefore(a, b) && !endsBefore(b, a);
}

function intersect(a: KeyRange, b: KeyRange): KeyRange {
  const from = a.from === undefined || (b.from !== undefined && compareKeys(b.from, a.from) > 0) ? b.from : a.from;
  const to = a.to === undefined || (b.to !== undefined && compareKeys(b.to, a.to) < 0) ? b.to : a.to;
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function clearRange(tree: { cursor(range: KeyRange): { next(): boolean; key(): Uint8Array }; delete(key: Uint8Array): boolean }, range: KeyRange): void {
  const keys: Uint8Array[] = [];
  const cursor = tree.cursor(range);
  while (cursor.next()) keys.push(cursor.key().slice());
  for (const key of keys) tree.delete(key);
}

/** True if two files have the same slots: nobody has written in between. */
export function isSameState(one: Survey["slots"], two: Survey["slots"]): boolean {
  return [0, 1].every((index) => {
    const [a, b] = [one[index as 0 | 1], two[index as 0 | 1]];
    return a === undefined || b === undefined ? a === b : a.generation === b.generation && equalBytes(a.space.tag, b.space.tag);
  });
}
