/**
 * Which pages of the file are in use. One copy stands in the file for each slot; a page that was given up is used
 * again only when neither slot nor any reader can reach it.
 *
 * Layout of the stored map (docs/format/file.md section 7): u64 page count | u32 pending count | zeros (4) |
 * bitmap | pending entries of 24 bytes: u32 place, u32 pages, u64 birth, u64 freed.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";

const HEADER_BYTES = 16;
/** How many pages at the end of the map may not be in the file: those that a map took for itself and did not need. */
const UNWRITTEN_PAGES = 1024;
const PENDING_BYTES = 24;

/** Pages that generations from `birth` up to but not including `freed` can reach. */
export interface PendingPages {
  readonly place: number;
  readonly pages: number;
  readonly birth: number;
  readonly freed: number;
}

export class Space {
  /** One bit a page, set while the page is in use or pending. */
  bitmap: Uint8Array;
  /** Pages of the file that have ever been handed out, counted from the file's start. */
  pageCount: number;
  freeCount: number;
  pending: PendingPages[];
  #hint = 0;

  constructor(bitmap: Uint8Array, pageCount: number, pending: PendingPages[]) {
    this.bitmap = bitmap;
    this.pageCount = pageCount;
    this.pending = pending;
    this.freeCount = countFree(bitmap, pageCount);
  }

  /** The map of a new file: everything before `firstPage` is in use. */
  static create(firstPage: number): Space {
    const space = new Space(new Uint8Array(1024), firstPage, []);
    for (let page = 0; page < firstPage; page++) space.#mark(page, 1);
    space.freeCount = 0;
    return space;
  }

  /**
   * Reads a stored map.
   *
   * @param firstPage - The first page behind the log: what stands before it must never be handed out.
   * @param filePages - Pages that the file has now: nearly all that were ever handed out were also written.
   * @throws {StoreError} `PAGE_DAMAGED`.
   */
  static decode(bytes: Uint8Array, { firstPage, filePages }: { readonly firstPage: number; readonly filePages: number }): Space {
    const pageCount = readU64(bytes, 0);
    const pendingCount = readU32(bytes, 8);
    const bitmapBytes = Math.ceil(pageCount / 8);
    if (pageCount > filePages + UNWRITTEN_PAGES) throw new StoreError("PAGE_DAMAGED", `the space map says ${pageCount} pages where the file has ${filePages}`);
    if (bytes.length !== HEADER_BYTES + bitmapBytes + pendingCount * PENDING_BYTES) throw new StoreError("PAGE_DAMAGED", "the space map's lengths do not add up");
    const pending: PendingPages[] = [];
    for (let i = 0; i < pendingCount; i++) {
      const at = HEADER_BYTES + bitmapBytes + i * PENDING_BYTES;
      const entry = { place: readU32(bytes, at), pages: readU32(bytes, at + 4), birth: readU64(bytes, at + 8), freed: readU64(bytes, at + 16) };
      if (entry.pages === 0 || entry.place < firstPage || entry.place + entry.pages > pageCount) throw new StoreError("PAGE_DAMAGED", "the space map names pages outside of itself");
      pending.push(entry);
    }
    const space = new Space(bytes.slice(HEADER_BYTES, HEADER_BYTES + bitmapBytes), pageCount, pending);
    for (let page = 0; page < firstPage; page++) if (!space.isUsed(page)) throw new StoreError("PAGE_DAMAGED", `the space map gives away page ${page}, which is no page of trees`);
    return space;
  }

  encode(): Uint8Array {
    const bitmapBytes = Math.ceil(this.pageCount / 8);
    const bytes = new Uint8Array(this.encodedBytes);
    writeU64(bytes, 0, this.pageCount);
    writeU32(bytes, 8, this.pending.length);
    bytes.set(this.bitmap.subarray(0, bitmapBytes), HEADER_BYTES);
    this.pending.forEach((entry, i) => {
      const at = HEADER_BYTES + bitmapBytes + i * PENDING_BYTES;
      writeU32(bytes, at, entry.place);
      writeU32(bytes, at + 4, entry.pages);
      writeU64(bytes, at + 8, entry.birth);
      writeU64(bytes, at + 16, entry.freed);
    });
    return bytes;
  }

  get encodedBytes(): number {
    return HEADER_BYTES + Math.ceil(this.pageCount / 8) + this.pending.length * PENDING_BYTES;
  }

  copy(): Space {
    const copy = new Space(this.bitmap.slice(), this.pageCount, this.pending.slice());
    copy.#hint = this.#hint;
    return copy;
  }

  isUsed(page: number): boolean {
    return page < this.pageCount && (((this.bitmap[page >>> 3] as number) >>> (page & 7)) & 1) === 1;
  }

  /** Takes neighbouring pages, from the free ones if there are enough together, else at the end of the file. */
  take(pages: number): number {
    const place = pages === 1 ? this.#findOne() : this.#findRun(pages);
    if (place === undefined) return this.#extend(pages);
    this.#mark(place, pages);
    this.freeCount -= pages;
    return place;
  }

  /** Gives pages back at once: only for those that no slot has ever reached. */
  giveBack(place: number, pages: number): void {
    for (let page = place; page < place + pages; page++) this.bitmap[page >>> 3] = (this.bitmap[page >>> 3] as number) & ~(1 << (page & 7));
    this.freeCount += pages;
    this.#hint = Math.min(this.#hint, place);
  }

  /** Frees the pending pages that no generation in `pinned` can reach. */
  reclaim(pinned: readonly number[]): void {
    const kept: PendingPages[] = [];
    for (const entry of this.pending) {
      if (pinned.some((generation) => entry.birth <= generation && generation < entry.freed)) kept.push(entry);
      else this.giveBack(entry.place, entry.pages);
    }
    this.pending = kept;
  }

  #findOne(): number | undefined {
    if (this.freeCount === 0) return undefined;
    for (let page = this.#hint; page < this.pageCount; page++) {
      if ((page & 7) === 0 && this.bitmap[page >>> 3] === 0xff) {
        page += 7;
        continue;
      }
      if (!this.isUsed(page)) {
        this.#hint = page + 1;
        return page;
      }
    }
    this.#hint = 0;
    return this.#findRun(1);
  }

  #findRun(pages: number): number | undefined {
    if (this.freeCount < pages) return undefined;
    let run = 0;
    for (let page = 0; page < this.pageCount; page++) {
      run = this.isUsed(page) ? 0 : run + 1;
      if (run === pages) return page - pages + 1;
    }
    return undefined;
  }

  #extend(pages: number): number {
    const place = this.pageCount;
    const needed = Math.ceil((place + pages) / 8);
    if (needed > this.bitmap.length) {
      const larger = new Uint8Array(Math.max(needed, this.bitmap.length * 2));
      larger.set(this.bitmap);
      this.bitmap = larger;
    }
    this.pageCount = place + pages;
    this.#mark(place, pages);
    return place;
  }

  #mark(place: number, pages: number): void {
    for (let page = place; page < place + pages; page++) this.bitmap[page >>> 3] = (this.bitmap[page >>> 3] as number) | (1 << (page & 7));
  }
}

function countFree(bitmap: Uint8Array, pageCount: number): number {
  let free = 0;
  for (let page = 0; page < pageCount; page++) if ((((bitmap[page >>> 3] as number) >>> (page & 7)) & 1) === 0) free++;
  return free;
}
