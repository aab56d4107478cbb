/**
 * Sealed units in the file: pages and extents, read with every check and written at a given place.
 *
 * @module
 */
import { IV_BYTES, TAG_BYTES, UNIT_KIND, UNIT_OVERHEAD_BYTES, type UnitIdentity, type UnitSeal } from "@holdfast/core-cipher";
import { readU64, writeU64 } from "./bytes.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { extentPages, PAGE_BYTES, PAGE_PREFIX_BYTES, REF_TAG_BYTES } from "./layout.ts";
import { findMalformation, NodePage } from "./node-page.ts";
import { PageCache } from "./page-cache.ts";
import { readRef, type PageRef } from "./page-ref.ts";
import type { StorageFile } from "./volume/volume.ts";

/** Sixteen zeros: the context of every unit that is not a log record. */
export const NO_CONTEXT: Uint8Array = new Uint8Array(16);
/** From here on an extent's length is compared with the file's before it is read. */
const LONG_EXTENT_BYTES = 256 * 1024;

export class UnitFile {
  readonly file: StorageFile;
  readonly seal: UnitSeal;
  readonly fileId: Uint8Array;
  readonly cache: PageCache;
  readonly #buffer = new Uint8Array(PAGE_BYTES);
  readonly #sealed: Uint8Array = this.#buffer.subarray(PAGE_PREFIX_BYTES);
  readonly #identity: UnitIdentity;

  constructor(file: StorageFile, seal: UnitSeal, fileId: Uint8Array, cacheBytes: number) {
    this.file = file;
    this.seal = seal;
    this.fileId = fileId;
    this.cache = new PageCache(cacheBytes);
    this.#identity = { kind: UNIT_KIND.page, fileId, place: 0, birth: 0, context: NO_CONTEXT };
  }

  /** Pages that the file has at this moment, whether in use or not. */
  get filePages(): number {
    return Math.ceil(this.file.sizeBytes() / PAGE_BYTES);
  }

  /** The child of a branch at `index`: from memory, the cache or the file. */
  child(parent: NodePage, index: number): NodePage {
    const dirty = parent.children?.[index];
    if (dirty !== undefined) return dirty;
    const held = parent.cachedChildren?.[index];
    if (held !== undefined) {
      held.used = true;
      return held;
    }
    const offset = parent.refOffset(index);
    const page = this.cache.find(parent.bytes, offset) ?? this.loadPage(readRef(parent.bytes, offset), parent.treeId, parent.level - 1);
    this.cache.hold(parent, index, page);
    return page;
  }

  /**
   * Reads one page of a tree.
   *
   * @throws {StoreError} `PAGE_DAMAGED` if it is not the page that the reference names.
   */
  loadPage(ref: PageRef, treeId: number, level?: number): NodePage {
    const page = new NodePage(this.#readPage(ref), 0, ref);
    const malformation = findMalformation(page.bytes, level, treeId);
    if (malformation !== undefined) throw damaged(ref, malformation);
    this.cache.add(page);
    return page;
  }

  #readPage(ref: PageRef): Uint8Array {
    const read = this.#readAt(ref, this.#buffer);
    if (read !== PAGE_BYTES) throw damaged(ref, `the file ends ${PAGE_BYTES - read} bytes too early`);
    return this.#open(UNIT_KIND.page, ref, this.#buffer, this.#sealed);
  }

  #readAt(ref: PageRef, target: Uint8Array): number {
    try {
      return this.file.read(ref.place * PAGE_BYTES, target);
    } catch (error) {
      throw asStoreError(error, `reading page ${ref.place}`);
    }
  }

  #open(kind: number, ref: PageRef, stored: Uint8Array, sealed: Uint8Array): Uint8Array {
    if (readU64(stored, 0) !== ref.birth) throw damaged(ref, "it was written at another time than its reference says");
    const tagOffset = sealed.length - TAG_BYTES;
    for (let i = 0; i < REF_TAG_BYTES; i++) if (sealed[tagOffset + i] !== ref.tag[i]) throw damaged(ref, "its tag is not the one in its reference");
    const identity = this.#identity;
    identity.kind = kind;
    identity.place = ref.place;
    identity.birth = ref.birth;
    const plaintext = this.seal.open(identity, sealed);
    if (plaintext === undefined) throw damaged(ref, "tag mismatch");
    return plaintext;
  }

  /** Writes the payload of a page of a tree. */
  writePage(payload: Uint8Array, place: number, birth: number, iv: Uint8Array): PageRef {
    const ref = this.#seal(UNIT_KIND.page, payload, { place, pages: 1, birth, iv }, this.#buffer);
    this.file.write(place * PAGE_BYTES, this.#buffer);
    return ref;
  }

  /** Writes a value or the space map as one unit over `extentPages(plaintext.length)` pages. */
  writeExtent(kind: number, plaintext: Uint8Array, target: { place: number; birth: number; iv: Uint8Array }): PageRef {
    const pages = extentPages(plaintext.length);
    const stored = new Uint8Array(pages * PAGE_BYTES);
    const ref = this.#seal(kind, plaintext, { ...target, pages }, stored);
    this.file.write(target.place * PAGE_BYTES, stored);
    return ref;
  }

  #seal(kind: number, plaintext: Uint8Array, at: { place: number; pages: number; birth: number; iv: Uint8Array }, stored: Uint8Array): PageRef {
    const identity = this.#identity;
    identity.kind = kind;
    identity.place = at.place;
    identity.birth = at.birth;
    writeU64(stored, 0, at.birth);
    this.seal.seal(identity, plaintext, at.iv, stored, PAGE_PREFIX_BYTES);
    const tagOffset = PAGE_PREFIX_BYTES + IV_BYTES + plaintext.length;
    return { place: at.place, pages: at.pages, birth: at.birth, tag: stored.slice(tagOffset, tagOffset + REF_TAG_BYTES) };
  }

  /**
   * Reads an extent.
   *
   * @throws {StoreError} `PAGE_DAMAGED` if it is not the one that the reference names.
   */
  readExtent(kind: number, ref: PageRef, lengthBytes: number): Uint8Array {
    if (extentPages(lengthBytes) !== ref.pages) throw damaged(ref, "length and page count differ");
    // No memory for what the file cannot hold.
    if (lengthBytes > LONG_EXTENT_BYTES && ref.place * PAGE_BYTES + lengthBytes > this.file.sizeBytes()) throw damaged(ref, "the file ends too early");
    const stored = new Uint8Array(PAGE_PREFIX_BYTES + UNIT_OVERHEAD_BYTES + lengthBytes);
    const read = this.#readAt(ref, stored);
    if (read !== stored.length) throw damaged(ref, "the file ends too early");
    return this.#open(kind, ref, stored, stored.subarray(PAGE_PREFIX_BYTES));
  }
}

function damaged(ref: PageRef, detail: string): StoreError {
  return new StoreError("PAGE_DAMAGED", `page ${ref.place}, written by generation ${ref.birth}: ${detail}`);
}
