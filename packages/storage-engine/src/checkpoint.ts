/**
 * A checkpoint: the pages of one frozen view go to the file in slices, then a slot makes them the database.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { EditSet, refOf, type Freed } from "./edit-set.ts";
import { extentPages } from "./layout.ts";
import type { NodePage } from "./node-page.ts";
import { collectDirty, PageWriter } from "./page-writer.ts";
import type { PageRef } from "./page-ref.ts";
import { unplacedExtents } from "./room.ts";
import type { Slot } from "./slot.ts";
import type { Space } from "./space.ts";
import { deleteEntry, putEntry, type TreeRoot } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";
import { catalogKey, catalogValue, type View } from "./view.ts";

export interface CheckpointInput {
  readonly units: UnitFile;
  /** Changed by the checkpoint; reload it from the slot if the checkpoint is given up. */
  readonly space: Space;
  readonly base: Slot;
  readonly view: View;
  /** The trees and the catalog as the base slot has them. */
  readonly savedTrees: ReadonlyMap<string, TreeRoot>;
  readonly catalog: TreeRoot;
  /** What the view does not reach but the base slot does. */
  readonly freed: readonly Freed[];
  readonly epoch: number;
}

export class Checkpoint {
  readonly view: View;
  readonly freed: readonly Freed[];
  readonly dirtyPages: number;
  /** Pages that large values need which had no extent when the checkpoint began. */
  readonly extentPages: number;
  catalog: TreeRoot;
  readonly #input: CheckpointInput;
  readonly #writer: PageWriter;
  readonly #work: NodePage[] = [];
  #done = 0;

  constructor(input: CheckpointInput) {
    this.#input = input;
    this.view = input.view;
    this.freed = input.freed;
    this.catalog = input.catalog.copy();
    this.#writer = new PageWriter(input.units, input.space, input.base.generation + 1);
    for (const root of input.view.trees.values()) collectDirty(root.page, this.#work);
    for (const page of this.#work) page.frozen = true;
    this.dirtyPages = this.#work.length;
    this.extentPages = this.#work.flatMap(unplacedExtents).reduce((sum, count) => sum + count, 0);
  }

  /** Pages that are still to be written. */
  get remaining(): number {
    return this.#work.length - this.#done;
  }

  get total(): number {
    return this.#work.length;
  }

  /** Writes up to `pageCount` pages. */
  step(pageCount: number): void {
    const end = Math.min(this.#done + pageCount, this.#work.length);
    for (; this.#done < end; this.#done++) this.#writer.writePage(this.#work[this.#done] as NodePage);
  }

  /** Writes what is left, the catalog and the space map, and returns the slot that names them. Nothing is synced. */
  complete(): Slot {
    this.step(this.remaining);
    const { base, view, space } = this.#input;
    const freed = this.#writeCatalog();
    for (const entry of this.freed) this.#retire(refOf(entry));
    for (const entry of freed) this.#retire(refOf(entry));
    this.#retire(base.space);
    const { ref, lengthBytes } = this.#writeSpace(space);
    return {
      generation: base.generation + 1,
      commit: view.head.commit,
      logPosition: view.head.position,
      logTag: view.head.tag,
      catalogCount: this.catalog.count,
      catalog: this.catalog.page === undefined ? this.catalog.ref : this.catalog.page.ref,
      nextTreeId: view.nextTreeId,
      space: ref,
      spaceBytes: lengthBytes,
    };
  }

  /** The slot is durable. */
  settle(): void {
    this.#writer.settle();
    for (const root of this.view.trees.values()) if (root.page?.ref !== undefined) root.ref = root.page.ref;
    this.catalog.ref = this.catalog.page?.ref ?? this.catalog.ref;
  }

  /** The checkpoint is given up; the view stays in memory as it was. */
  abandon(): void {
    this.#writer.undo();
    for (const page of this.#work) page.frozen = false;
  }

  #writeCatalog(): readonly Freed[] {
    const { units, view, savedTrees, epoch } = this.#input;
    const edit = new EditSet(epoch);
    for (const [name, root] of view.trees) {
      if (savedTrees.get(name) !== root) putEntry(units, this.catalog, edit, catalogKey(name), catalogValue(root));
    }
    for (const name of savedTrees.keys()) if (!view.trees.has(name)) deleteEntry(units, this.catalog, edit, catalogKey(name));
    const pages: NodePage[] = [];
    collectDirty(this.catalog.page, pages);
    for (const page of pages) this.#writer.writePage(page);
    return edit.freed;
  }

  /** From the new slot on, these pages are only reached by older slots and readers. */
  #retire(ref: PageRef | undefined): void {
    if (ref === undefined) return;
    this.#input.space.pending.push({ place: ref.place, pages: ref.pages, birth: ref.birth, freed: this.#input.base.generation + 1 });
  }

  #writeSpace(space: Space): { ref: PageRef; lengthBytes: number } {
    // The map covers its own pages: taking them may lengthen it a little, and what was too much is given back.
    const taken = extentPages(space.encodedBytes + 64 + space.pageCount / 1000);
    const place = space.take(taken);
    const lengthBytes = space.encodedBytes;
    const pages = extentPages(lengthBytes);
    if (pages < taken) space.giveBack(place + pages, taken - pages);
    return { ref: this.#writer.writeExtent(UNIT_KIND.space, space.encode(), place), lengthBytes };
  }
}
