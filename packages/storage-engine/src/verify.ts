/**
 * Checks a whole file: every tag, every order, and that every page is reached once or free.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { compareKeys, readU32 } from "./bytes.ts";
import type { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import { newestSlot, readSlots } from "./file-opening.ts";
import { firstPage, REF_BYTES } from "./layout.ts";
import type { NodePage } from "./node-page.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import type { Slot } from "./slot.ts";
import { Space } from "./space.ts";
import { isOrdered } from "./tree.ts";
import { UnitFile } from "./unit-file.ts";
import { viewOfSlot } from "./view.ts";

/** One thing that is wrong. `place` is a page's place in the file, where there is one. */
export interface VerifyProblem {
  readonly code: string;
  readonly message: string;
  readonly place?: number;
}

export interface VerifyReport {
  readonly isClean: boolean;
  readonly problems: readonly VerifyProblem[];
  readonly commit: number;
  readonly trees: number;
  readonly entries: number;
  /** Pages of the trees that were read and checked. */
  readonly pages: number;
  /** Pages that are in use, pending or free, counted from the file's start. */
  readonly filePages: number;
}

/** Reads the file afresh, without the cache. */
export function verifyFile(database: Database): VerifyReport {
  return new Verifier(database).run();
}

class Verifier {
  readonly #database: Database;
  readonly #units: UnitFile;
  readonly #problems: VerifyProblem[] = [];
  readonly #reached = new Map<number, string>();
  #pages = 0;
  #entries = 0;

  constructor(database: Database) {
    this.#database = database;
    const { file, seal, fileId } = database.units;
    this.#units = new UnitFile(file, seal, fileId, 0);
  }

  run(): VerifyReport {
    const { file, checked } = this.#database.input;
    const slots = readSlots(file, checked);
    slots.forEach((slot, index) => {
      if (slot === undefined) this.#report("SLOT_DAMAGED", `slot ${index} is damaged`);
    });
    const slot = newestSlot(slots);
    let trees = 0;
    let filePages = 0;
    if (slot !== undefined) {
      trees = this.#attempt(() => this.#walkTrees(slot)) ?? 0;
      filePages = this.#attempt(() => this.#checkSpace(slot)) ?? 0;
    }
    const later = this.#database.log.findLater(this.#database.view.head);
    if (later !== undefined) this.#report("LOG_DAMAGED", `commit ${later} stands in the log behind one that is damaged or missing`);
    return {
      isClean: this.#problems.length === 0,
      problems: this.#problems,
      commit: this.#database.view.head.commit,
      trees,
      entries: this.#entries,
      pages: this.#pages,
      filePages,
    };
  }

  #report(code: string, message: string, place?: number): void {
    this.#problems.push(place === undefined ? { code, message } : { code, message, place });
  }

  #attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#report(error.code, error.message);
      return undefined;
    }
  }

  #walkTrees(slot: Slot): number {
    if (slot.catalog !== undefined) this.#walkTree("catalog", 0, slot.catalog, slot.catalogCount);
    const { trees } = viewOfSlot(this.#units, slot);
    for (const root of trees.values()) {
      if (root.ref !== undefined) this.#walkTree(`tree ${root.id}`, root.id, root.ref, root.count);
      else if (root.count !== 0) this.#report("PAGE_DAMAGED", `tree ${root.id} has no pages but ${root.count} entries`);
    }
    return trees.size;
  }

  #walkTree(owner: string, treeId: number, ref: PageRef, count: number): void {
    const before = this.#entries;
    this.#attempt(() => this.#walkPage(owner, treeId, ref, undefined, undefined, undefined));
    const found = this.#entries - before;
    if (found !== count) this.#report("PAGE_DAMAGED", `${owner} has ${found} entries where its root says ${count}`);
  }

  #walkPage(owner: string, treeId: number, ref: PageRef, level: number | undefined, from: Uint8Array | undefined, to: Uint8Array | undefined): void {
    this.#reach(owner, ref);
    const page = this.#units.loadPage(ref, treeId, level);
    this.#pages++;
    if (!isOrdered(page)) this.#report("PAGE_DAMAGED", `page ${ref.place} of ${owner} is not in order`, ref.place);
    if (!isInside(page, from, to)) this.#report("PAGE_DAMAGED", `page ${ref.place} of ${owner} holds keys that belong elsewhere`, ref.place);
    if (page.level === 0) return this.#walkLeaf(owner, page);
    for (let i = 0; i < page.count; i++) {
      const low = i === 0 ? from : page.key(i);
      const high = i + 1 < page.count ? page.key(i + 1) : to;
      this.#attempt(() => this.#walkPage(owner, treeId, readRef(page.bytes, page.refOffset(i)), page.level - 1, low, high));
    }
  }

  #walkLeaf(owner: string, leaf: NodePage): void {
    this.#entries += leaf.count;
    for (let i = 0; i < leaf.count; i++) {
      if (!leaf.isLarge(i)) continue;
      const at = leaf.keyEnd(i);
      const ref = readRef(leaf.bytes, at);
      this.#reach(owner, ref);
      this.#attempt(() => this.#units.readExtent(UNIT_KIND.extent, ref, readU32(leaf.bytes, at + REF_BYTES)));
    }
  }

  #reach(owner: string, ref: PageRef): void {
    for (let page = ref.place; page < ref.place + ref.pages; page++) {
      const other = this.#reached.get(page);
      if (other !== undefined) this.#report("PAGE_DAMAGED", `page ${page} is reached by ${owner} and by ${other}`, page);
      this.#reached.set(page, owner);
    }
  }

  #checkSpace(slot: Slot): number {
    this.#reach("the space map", slot.space);
    const space = Space.decode(this.#units.readExtent(UNIT_KIND.space, slot.space, slot.spaceBytes));
    for (const { place, pages } of space.pending) this.#reach("the pending pages", { place, pages, birth: 0, tag: new Uint8Array(0) });
    const first = firstPage(this.#database.log.ringBytes);
    for (let page = first; page < space.pageCount; page++) {
      const owner = this.#reached.get(page);
      if (space.isUsed(page) && owner === undefined) this.#report("PAGE_DAMAGED", `page ${page} is marked as used, but nothing reaches it`, page);
      if (!space.isUsed(page) && owner !== undefined) this.#report("PAGE_DAMAGED", `page ${page} is marked as free, but ${owner} reaches it`, page);
    }
    for (const page of this.#reached.keys()) {
      if (page < first || page >= space.pageCount) this.#report("PAGE_DAMAGED", `page ${page} lies outside the file's pages`, page);
    }
    return space.pageCount;
  }
}

function isInside(page: NodePage, from: Uint8Array | undefined, to: Uint8Array | undefined): boolean {
  const first = page.level === 0 ? 0 : 1;
  if (page.count <= first) return true;
  if (from !== undefined && compareKeys(page.key(first), from) < 0) return false;
  return to === undefined || compareKeys(page.key(page.count - 1), to) < 0;
}
