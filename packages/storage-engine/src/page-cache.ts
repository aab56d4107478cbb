/**
 * Pages that were read or made durable, bounded in bytes; a clock decides which one goes.
 *
 * Keyed by place and checked by birth and tag, because places are used again.
 *
 * @module
 */
import { readU16, readU32, readU48 } from "./bytes.ts";
import { PAGE_PAYLOAD_BYTES } from "./layout.ts";
import type { NodePage } from "./node-page.ts";

/** What a cached page costs beside its payload, roughly. */
const ENTRY_BYTES: number = PAGE_PAYLOAD_BYTES + 400;

export class PageCache {
  readonly #limit: number;
  readonly #pages = new Map<number, NodePage>();

  constructor(limitBytes: number) {
    this.#limit = Math.max(16, Math.floor(limitBytes / ENTRY_BYTES));
  }

  get sizeBytes(): number {
    return this.#pages.size * ENTRY_BYTES;
  }

  /**
   * The page that the reference at `offset` of a parent's bytes names, if it is here. One that does not belong below this parent, on another
   * level or in another tree, is not found: whoever reads it from the file is told what is wrong.
   */
  find(parent: Uint8Array, offset: number): NodePage | undefined {
    const page = this.#pages.get(readU32(parent, offset));
    if (page === undefined) return undefined;
    const ref = page.ref;
    if (ref === undefined || ref.birth !== readU48(parent, offset + 6)) return undefined;
    if (readU32(ref.tag, 0) !== readU32(parent, offset + 12) || readU16(ref.tag, 4) !== readU16(parent, offset + 16)) return undefined;
    if (page.bytes[1] !== (parent[1] as number) - 1 || page.treeId !== readU32(parent, 8)) return undefined;
    page.used = true;
    return page;
  }

  add(page: NodePage): void {
    const place = page.ref?.place;
    if (place === undefined) return;
    const before = this.#pages.get(place);
    if (before === page) return;
    if (before !== undefined) this.#drop(place, before);
    while (this.#pages.size >= this.#limit) this.#evict();
    this.#pages.set(place, page);
  }

  /** Lets the parent of a cached page find it without a look-up, as long as it is cached. */
  hold(parent: NodePage, index: number, page: NodePage): void {
    // A branch that is not durable yet still moves its cells.
    if (parent.ref === undefined || this.#pages.get(page.ref?.place ?? 0) !== page) return;
    if (page.holder?.cachedChildren !== undefined) page.holder.cachedChildren[page.holderIndex] = undefined;
    parent.cachedChildren ??= new Array<undefined>(parent.count).fill(undefined);
    parent.cachedChildren[index] = page;
    page.holder = parent;
    page.holderIndex = index;
  }

  #drop(place: number, page: NodePage): void {
    this.#pages.delete(place);
    if (page.holder?.cachedChildren !== undefined) page.holder.cachedChildren[page.holderIndex] = undefined;
    page.holder = undefined;
  }

  #evict(): void {
    for (const [place, page] of this.#pages) {
      if (!page.used) return this.#drop(place, page);
      page.used = false;
      this.#pages.delete(place);
      this.#pages.set(place, page);
    }
  }
}
